"""Instalments of units that are managed for a part of the period: which days are charged, and their pence."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.billing.domain.division import accrue
from services.billing.domain.instalments import Amount, Days, charge_id, completing_id, is_part, part_of, uncharged
from services.billing.domain.refs import other_name
from services.billing.domain.schedules import Period
from tests.unit.billing.builders import day

QUARTER = Period(date(2026, 4, 1), date(2026, 6, 30), 1, 4)
FEE = Amount(35_00, 7_00)


def days(first: str, last: str) -> Days:
    return Days(day(first), day(last))


def missing(managed_from: str, managed_to: str | None, *charged: Days) -> list[Days]:
    return list(uncharged(QUARTER, day(managed_from), day(managed_to) if managed_to else None, charged))


@pytest.mark.parametrize(
    ("managed", "part", "amount"),
    [
        (("2020-01-01", None), days("2026-04-01", "2026-06-30"), FEE),
        (("2020-01-01", "2026-05-15"), days("2026-04-01", "2026-05-15"), Amount(17_31, 3_46)),
        (("2026-06-30", None), days("2026-06-30", "2026-06-30"), Amount(38, 8)),
        (("2026-05-16", "9999-12-31"), days("2026-05-16", "2026-06-30"), Amount(17_69, 3_54)),
    ],
)
def test_a_unit_is_charged_for_the_days_it_is_managed(
    managed: tuple[str, str | None], part: Days, amount: Amount
) -> None:
    """Case 8 of domain.md 9."""
    assert missing(*managed) == [part]
    assert part_of(FEE, QUARTER, part) == amount


def test_a_unit_that_is_not_managed_in_a_period_is_charged_nothing() -> None:
    assert missing("2026-07-01", None) == missing("2020-01-01", "2026-03-31") == []


def test_days_that_are_charged_are_not_charged_again() -> None:
    half, may = days("2026-04-01", "2026-05-15"), days("2026-05-01", "2026-05-31")
    assert missing("2020-01-01", None, half) == [days("2026-05-16", "2026-06-30")]
    assert missing("2026-05-20", None, half) == [days("2026-05-20", "2026-06-30")]
    assert missing("2020-01-01", None, may) == [days("2026-04-01", "2026-04-30"), days("2026-06-01", "2026-06-30")]
    assert missing("2020-01-01", "2026-04-30", may) == [days("2026-04-01", "2026-04-30")]
    assert missing("2020-01-01", "2026-05-15", half) == missing("2026-05-02", "2026-05-15", half) == []


SPANS = st.tuples(st.integers(-3, 92), st.integers(-3, 92)).map(sorted)
"""First and last managed day, counted from the quarter's first; some lie outside it, and the quarter has 92 days."""
LONG = Period(date(2026, 7, 1), date(2026, 9, 30), 2, 4)


def learnt(amount: Amount, spans: list[list[int]]) -> dict[Days, Amount]:
    """What is charged when one registration after the other is learnt, each in a book of its own."""
    charged: dict[Days, Amount] = {}
    for first, last in spans:
        managed = [LONG.first_on + timedelta(days=number) for number in (first, last)]
        for row in uncharged(LONG, managed[0], managed[1], list(charged)):
            charged[row] = part_of(amount, LONG, row)
    return charged


def owed(amount: int, row: Days, first: int, last: int) -> int:
    """What a charge for a row of days leaves to the unit's owner, managed from one day to another (contract.md 6)."""
    at, of = (row.first_on - LONG.first_on).days, (row.last_on - row.first_on).days + 1
    begin, end = (min(max(number - at, 0), of) for number in (first, last + 1))
    return accrue(amount, [begin, end, of])[1]


@given(st.integers(1, 10**6), st.lists(SPANS, min_size=1, max_size=5))
def test_registrations_that_add_days_end_in_the_pennies_of_knowing_the_last_at_once(
    pence: int, spans: list[list[int]]
) -> None:
    """Each span holds the one before, and the whole quarter makes the instalment to the penny."""
    amount = Amount(pence, pence // 5)
    grown = [[min(s[0] for s in spans[: n + 1]), max(s[1] for s in spans[: n + 1])] for n in range(len(spans))]
    in_steps, at_once = learnt(amount, grown), learnt(amount, grown[-1:])
    assert sum(part.net_pence for part in in_steps.values()) == sum(part.net_pence for part in at_once.values())
    assert sum(part.tax_pence for part in in_steps.values()) == sum(part.tax_pence for part in at_once.values())
    whole = learnt(amount, [*grown, [0, 91]])
    assert tuple(map(sum, zip(*whole.values(), strict=True))) == amount


@given(st.integers(1, 10**6), SPANS, st.lists(SPANS, max_size=4))
@example(35_01, [46, 91], [])
def test_whatever_was_known_of_management_after_the_whole_was_charged_its_owner_owes_the_same(
    pence: int, last: list[int], between: list[list[int]]
) -> None:
    """The days outside management wait and take part in the rounding, as contract.md 6 says of a charge."""
    charged = learnt(Amount(pence, 0), [[0, 91], *between, last])
    assert list(charged) == [Days(LONG.first_on, LONG.last_on)]
    direct = learnt(Amount(pence, 0), [last])
    assert owed(pence, Days(LONG.first_on, LONG.last_on), *last) == sum(part.net_pence for part in direct.values())


@given(st.integers(1, 10**6), st.lists(SPANS, min_size=1, max_size=6))
def test_no_order_of_registrations_charges_a_day_twice_or_never(pence: int, spans: list[list[int]]) -> None:
    """A row that a later registration cuts is rounded in itself: a penny for each end that lies within it, no more."""
    amount = Amount(pence, 0)
    charged, last = learnt(amount, spans), spans[-1]
    covered = sorted(charged)
    assert all(one.last_on < other.first_on for one, other in pairwise(covered))
    found = sum(owed(part.net_pence, row, *last) for row, part in charged.items())
    direct = sum(part.net_pence for part in learnt(amount, [last]).values())
    assert abs(found - direct) <= 2


def test_what_completes_an_instalment_has_a_name_of_its_days_and_is_known_again() -> None:
    rest = days("2026-05-16", "2026-06-30")
    name = completing_id("FEE", rest, "U1")
    assert name == "FEE:2026-05-16/2026-06-30:U1"
    assert is_part(name, rest, "FEE", QUARTER, "U1")
    assert is_part(charge_id("FEE", QUARTER, "U1"), days("2026-04-01", "2026-05-15"), "FEE", QUARTER, "U1")
    assert is_part(other_name(name), rest, "FEE", QUARTER, "U1")
    strangers = [("FEE:2026-05-16:U1", rest), (name, days("2026-05-17", "2026-06-30")), ("FLOAT:F1", rest)]
    assert not any(is_part(other, those, "FEE", QUARTER, "U1") for other, those in strangers)
    assert not is_part(completing_id("FEE", rest, "U2"), rest, "FEE", QUARTER, "U1")


def test_names_of_long_schedules_and_units_are_ids_and_differ() -> None:
    rows = [Days(date(2026, 4, 1), date(2026, 4, number)) for number in range(1, 31)]
    names = {completing_id("F" * 24, row, "U" * 64) for row in rows}
    assert (len(names), max(map(len, names)) <= 64) == (30, True)
