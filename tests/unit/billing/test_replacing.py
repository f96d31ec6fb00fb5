"""Schedules that take over from one that ended: a dearer one needs its notice, however it is made."""

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.billing.domain.instalments import begun
from services.billing.domain.replacing import with_replaced
from services.billing.domain.schedules import Notice, Terms, holding_on, increase
from services.billing.domain.scopes import Scope
from shared.events.housing import ChargeKind
from tests.unit.billing.builders import day

NOTICE_DAYS = 28
OLD, END, NEW = ("OLD", "2026-04-01", 140_00), ("OLD", "2026-10-01", 0), ("NEW", "2026-10-01", 160_00)
Row = tuple[str, str, int]


def terms_of(
    *rows: Row, kind: str = "management-fee", scope: Scope = Scope.BLOCK, scope_id: str = "B1", instalments: int = 4
) -> dict[str, list[Terms]]:
    found: dict[str, list[Terms]] = {}
    for name, since, pence in rows:
        own = found.setdefault(name, [])
        number = len(own) + 1
        own.append(Terms(name, number, ChargeKind(kind), scope, scope_id, day(since), pence, instalments, 4, "Fee"))
    return found


def known(*parts: dict[str, list[Terms]], told: Sequence[Notice] = ()) -> dict[str, list[Terms]]:
    terms = {name: versions for part in parts for name, versions in part.items()}
    return with_replaced(terms, {name: [one for one in told if one.schedule_id == name] for name in terms}, NOTICE_DAYS)


def billed(versions: Sequence[Terms], on: str, *told: Notice) -> int | None:
    holds, _ = holding_on(versions, told, NOTICE_DAYS, day(on))
    return holds.annual_net_pence if holds is not None else None


def test_a_dearer_schedule_in_the_place_of_one_that_ended_charges_nothing_before_its_notice() -> None:
    """Domain.md 2.2: no fee change takes effect before a notice; the lack is named (9.54)."""
    new = known(terms_of(OLD, END, NEW))["NEW"]
    assert (billed(new, "2026-10-01"), billed(new, "2028-10-01")) == (None, None)
    assert holding_on(new, [], NOTICE_DAYS, day("2026-10-01"))[1] == new[0]
    assert [billed(new, on, Notice("NEW", 1, day("2026-09-20"))) for on in ("2026-10-01", "2026-10-18")] == [
        None,
        160_00,
    ]


def test_owners_are_told_the_old_schedules_price() -> None:
    new = known(terms_of(OLD, END, NEW))["NEW"]
    found = increase(new, [], NOTICE_DAYS, 1, day("2026-09-20"))
    assert found is not None
    assert (found.old.annual_net_pence, found.new.annual_net_pence, found.first_on) == (
        140_00,
        160_00,
        day("2027-01-01"),
    )


@pytest.mark.parametrize(
    ("rows", "replaced"),
    [
        ([OLD, END, NEW], 140_00),
        ([OLD, END, ("NEW", "2027-04-01", 160_00)], 140_00),  # also after a time without a fee
        ([NEW, OLD, END], 140_00),  # in whatever order they were agreed
        ([("OLD", "2025-04-01", 999_00), OLD, END, NEW], 140_00),
        ([OLD, ("OLD", "2026-07-01", 200_00), END, NEW], 140_00),  # an increase without its notice never held
        ([OLD, END, ("TWO", "2026-04-01", 30_00), ("TWO", "2026-10-01", 0), NEW], 170_00),  # two made one
        ([("TWO", "2025-04-01", 999_00), ("TWO", "2026-04-01", 0), OLD, END, NEW], 140_00),  # the last one counts
        # Taken up again without a notice it charged nothing: what counts is what it last charged.
        ([OLD, ("OLD", "2026-07-01", 0), ("OLD", "2026-08-01", 150_00), END, NEW], 140_00),
        ([OLD, ("OLD", "2026-07-01", 0), ("OLD", "2026-08-01", 150_00), NEW], 140_00),  # nor need that be ended
        ([OLD, NEW], None),  # both go on: another service
        ([OLD, ("OLD", "2027-01-01", 0), NEW], None),  # ends later
        ([("OLD", "2026-04-01", 0), NEW], None),
        ([NEW], None),
    ],
)
def test_what_a_schedule_takes_over_from(rows: list[Row], replaced: int | None) -> None:
    assert {one.replaces_pence for one in known(terms_of(*rows))["NEW"]} == {replaced}


def test_one_that_was_taken_up_again_with_its_notice_goes_on_beside_the_new_one() -> None:
    rows = [OLD, ("OLD", "2026-07-01", 0), ("OLD", "2026-08-01", 150_00), NEW]
    for told_on, replaced in (("2026-09-03", None), ("2026-09-04", 140_00)):
        new = known(terms_of(*rows), told=[Notice("OLD", 3, day(told_on))])["NEW"]
        assert {one.replaces_pence for one in new} == {replaced}


@pytest.mark.timeout(10)
def test_schedules_of_many_blocks_do_not_look_at_one_another() -> None:
    """Each day's work and each settlement figure asks for all schedules: the largest factor has 10,000 blocks."""
    parts = [terms_of((f"S{number}", "2026-04-01", 140_00), scope_id=f"B{number}") for number in range(10_000)]
    assert len(known(*parts)) == 10_000


def test_another_kind_or_place_is_not_replaced() -> None:
    old = terms_of(OLD, END)
    for other in (
        terms_of(NEW, kind="insurance"), terms_of(NEW, scope_id="B2"), terms_of(NEW, scope=Scope.DEVELOPMENT)
    ):  # fmt: skip
        assert known(old, other)["NEW"][0].replaces_pence is None
    assert known(old, terms_of(NEW, instalments=1))["NEW"][0].replaces_pence == 140_00


def test_a_second_version_does_not_get_round_the_first_ones_notice() -> None:
    new = known(terms_of(OLD, END, NEW, ("NEW", "2027-01-01", 161_00)))["NEW"]
    assert billed(new, "2027-01-01") is None
    cheap = known(terms_of(OLD, END, NEW, ("NEW", "2027-01-01", 120_00)))["NEW"]
    assert billed(cheap, "2027-01-01") == 120_00


@example(prices=[1, 0, 1], chain=[2])
@given(
    prices=st.lists(st.integers(0, 200), min_size=1, max_size=4),
    chain=st.lists(st.integers(1, 200), min_size=1, max_size=4),
)
def test_untold_no_chain_of_schedules_ever_charges_more_than_the_first_did(prices: list[int], chain: list[int]) -> None:
    """However prices are dressed up as versions and as schedules that follow one another."""
    rows: list[Row] = [("S0", f"{2026 + n}-04-01", pence) for n, pence in enumerate(prices)]
    at = 2026 + len(prices)
    rows.append(("S0", f"{at}-04-01", 0))
    for number, pence in enumerate(chain, start=1):
        rows += [(f"S{number}", f"{at}-04-01", pence), (f"S{number}", f"{at + 1}-04-01", 0)]
        at += 1
    every = [
        (period.first_on, terms.annual_net_pence)
        for versions in known(terms_of(*rows)).values()
        for terms, period in begun(versions, [], NOTICE_DAYS, date.min, day(f"{at}-04-01"))
        if terms.annual_net_pence
    ]
    charged = [pence for _, pence in sorted(every)]
    assert charged == sorted(charged, reverse=True)
