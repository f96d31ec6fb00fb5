"""Who holds a unit's days, and which accounts a line implies."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain import attribution, refs
from services.billing.domain.facts import Unit
from shared.events.housing import Tenure
from shared.events.owners import NoPeriod, OwnershipLineChanged, OwnershipPeriod, WithoutPeriod
from tests.unit.billing.builders import a_unit, account, day, units_of


def a_line(*periods: OwnershipPeriod, without: tuple[WithoutPeriod, ...] = ()) -> OwnershipLineChanged:
    return OwnershipLineChanged(unit_id="U1", version=1, line=periods, without_period=without)


def a_period(ownership_id: str | None, from_on: str, to_on: str | None = None, **facts: Any) -> OwnershipPeriod:
    return OwnershipPeriod(ownership_id=ownership_id, from_=day(from_on), to=day(to_on) if to_on else None, **facts)


SOLD = a_unit(
    "U1", ("O1", "2025-03-01", "2026-02-17"), ("O2", "2026-02-17"),
    managed_from=day("2025-01-01"), managed_to=day("2026-12-31"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2024-12-31", "managed:U1"),
        ("2025-01-01", "owner:U1"),
        ("2025-02-28", "owner:U1"),
        ("2025-03-01", account(ownership_id="O1")),
        ("2026-02-16", account(ownership_id="O1")),
        ("2026-02-17", account(ownership_id="O2")),
        ("2026-12-31", account(ownership_id="O2")),
        ("2027-01-01", "managed:U1"),
    ],
)
def test_holder_of_a_day(on: str, expected: str) -> None:
    assert attribution.holder_on(units_of(SOLD), "U1", day(on)) == expected


def test_buyer_owes_from_and_including_the_date_of_entry() -> None:
    units = units_of(a_unit("U1", ("O1", "2025-01-01", "2026-02-17"), ("O2", "2026-02-17")))
    assert attribution.holder_on(units, "U1", day("2026-02-17")) == account(ownership_id="O2")


def test_unit_that_is_not_registered_is_waited_for() -> None:
    assert attribution.holder_on({}, "U1", day("2026-01-01")) == "unit:U1"


def test_registered_unit_without_a_line_waits_for_its_owner() -> None:
    unit = Unit("U1", day("2025-01-01"))
    assert attribution.holder_on(units_of(unit), "U1", day("2026-01-01")) == "owner:U1"


def test_association_holds_its_unit_until_the_first_entry() -> None:
    unit = attribution.unit_with_line("U1", day("2025-01-01"), None, Tenure.ASSOCIATION, None)
    assert attribution.holder_on(units_of(unit), "U1", day("2026-01-01")) == account(ownership_id=None)


def test_period_of_the_association_belongs_to_the_internal_account() -> None:
    line = a_line(a_period("O1", "2025-01-01", "2025-06-01"), a_period("O2", "2025-06-01", internal=True))
    unit = attribution.unit_with_line("U1", day("2025-01-01"), None, Tenure.OWNED, line)
    assert attribution.holder_on(units_of(unit), "U1", day("2025-07-01")) == account(ownership_id=None)


def test_entry_before_management_counts() -> None:
    line = a_line(a_period("O1", "2019-05-05"))
    unit = attribution.unit_with_line("U1", day("2025-01-01"), None, Tenure.ASSOCIATION, line)
    assert attribution.holder_on(units_of(unit), "U1", day("2025-01-01")) == account()


def test_stretches_cover_a_period_in_order_of_days_with_days_that_wait() -> None:
    ends, holders = attribution.stretches(units_of(SOLD), "U1", day("2024-12-31"), day("2027-01-02"))
    assert holders == ["managed:U1", "owner:U1", account(), account(ownership_id="O2"), "managed:U1"]
    assert ends == [1, 60, 413, 731, 733]


def test_days_after_the_unit_left_are_a_stretch_of_their_own() -> None:
    units = units_of(a_unit("U1", ("O1", "2025-01-01"), managed_to=day("2026-02-14")))
    assert attribution.stretches(units, "U1", day("2026-01-01"), day("2026-03-31")) == (
        [45, 90],
        [account(), "managed:U1"],
    )


@pytest.mark.parametrize(("entry", "ends"), [("2026-01-01", [90]), ("2026-03-31", [89, 90]), ("2026-04-01", [90])])
def test_entry_on_the_first_and_on_the_last_day_of_a_period(entry: str, ends: list[int]) -> None:
    units = units_of(a_unit("U1", ("O1", "2020-01-01", entry), ("O2", entry)))
    assert attribution.stretches(units, "U1", day("2026-01-01"), day("2026-03-31"))[0] == ends


days = st.dates(date(2025, 1, 1), date(2026, 12, 31))


@given(st.lists(days, max_size=5, unique=True), days, days | st.none(), days, st.integers(0, 300))
def test_stretches_say_of_every_day_what_holder_on_says(
    entries: list[date], managed_from: date, managed_to: date | None, first: date, length: int
) -> None:
    entries.sort()
    rows = [
        (f"O{number}", entry.isoformat(), entries[number + 1].isoformat() if number + 1 < len(entries) else None)
        for number, entry in enumerate(entries)
    ]
    stays = a_unit("U1", *rows).stays if rows else ()
    units = units_of(Unit("U1", managed_from, managed_to, stays))
    ends, holders = attribution.stretches(units, "U1", first, first + timedelta(days=length))
    by_day = [holder for holder, start, end in zip(holders, [0, *ends], ends, strict=False) for _ in range(end - start)]
    plain = [attribution.holder_on(units, "U1", first + timedelta(days=number)) for number in range(length + 1)]
    assert by_day == plain
    last = first + timedelta(days=length)
    for holder in {*plain, account(ownership_id="nobody")}:
        own = [first + timedelta(days=number) for number, one in enumerate(plain) if one == holder]
        assert attribution.days_held(units, "U1", holder, first, last) == len(own)
        owned = attribution.owned_days(units, "U1", holder, first, last)
        if not own or len(own) == len(plain) or (own[-1] - own[0]).days + 1 > len(own):
            assert owned is None
        else:
            assert owned == (first, last, own[0], own[-1])


def test_line_implies_an_account_for_each_chain_and_one_internal_account() -> None:
    line = a_line(
        a_period(None, "2025-01-01", "2025-06-01", internal=True),
        a_period("O2", "2025-06-01", "2026-01-01"),
        a_period("O3", "2026-01-01", internal=True),
        without=(
            WithoutPeriod(ownership_id="O1", reason=NoPeriod.VOID),
            WithoutPeriod(ownership_id="O3", reason=NoPeriod.INTERNAL),
            WithoutPeriod(ownership_id="O4", reason=NoPeriod.SAME_DAY),
        ),
    )
    found = attribution.accounts_of("U1", Tenure.ASSOCIATION, line)
    assert [(one.ownership_id, one.internal, one.from_on, one.to_on, one.void) for one in found] == [
        (None, True, None, None, False),
        ("O1", False, None, None, True),
        ("O2", False, day("2025-06-01"), day("2026-01-01"), False),
        ("O3", False, None, None, False),
        ("O4", False, None, None, False),
    ]
    assert all(one.account_id == refs.account_id("U1", one.ownership_id) for one in found)


def test_unit_of_the_association_has_its_internal_account_before_any_line() -> None:
    (only,) = attribution.accounts_of("U1", Tenure.ASSOCIATION, None)
    assert only.account_id == account(ownership_id=None)


def test_owned_unit_without_a_line_has_no_account() -> None:
    assert attribution.accounts_of("U1", Tenure.OWNED, None) == ()


def test_a_period_without_an_ownership_is_the_internal_accounts_also_where_accounts_are_opened() -> None:
    """Days fall to an account and accounts are opened by one rule: nothing is ever posted to an account that is not."""
    line = a_line(a_period(None, "2025-01-01"))
    opened = [implied.account_id for implied in attribution.accounts_of("U1", Tenure.OWNED, line)]
    assert opened == [stay.account_id for stay in attribution.stays_of(line)]
