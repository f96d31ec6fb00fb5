"""Schedules: the examples of instalments by hand, notices, reliefs, and what holds for every fee."""

from datetime import date, timedelta
from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain import schedule_policy, schedules
from services.billing.domain.division import accrue
from services.billing.domain.instalments import Amount, amount_of, begun, charge_id
from services.billing.domain.reliefs import WHOLE
from services.billing.domain.schedule_policy import TaxRate
from services.billing.domain.schedules import (
    Notice,
    Period,
    Terms,
    holding_on,
    increase,
    period_on,
)
from services.billing.domain.scopes import Scope
from services.billing.settings import read_schedule_policy
from shared.events.housing import ChargeKind
from tests.unit.billing.builders import day

VAT = TaxRate(ChargeKind.MANAGEMENT_FEE, "VAT-S", date(1970, 1, 1), 2000)
QUARTERS = [Period(date(2026, 4, 1), date(2026, 6, 30), number, 4) for number in (1, 2, 3, 4)]
NOTICE_DAYS = 28


def a_fee(
    pence: int, version: int = 1, since: str = "2026-04-01", instalments: int = 4, kind: str = "management-fee"
) -> Terms:
    return Terms(
        "FEE", version, ChargeKind(kind), Scope.BLOCK, "B1", day(since), pence, instalments, 4, "Management fee"
    )


def test_a_fee_of_140_pounds_is_42_a_quarter() -> None:
    """Example 3.3 of the domain: 35.00 net and 7.00 tax."""
    assert [amount_of(a_fee(140_00), quarter, VAT) for quarter in QUARTERS] == [Amount(35_00, 7_00)] * 4


def test_an_awkward_fee_is_rounded_cumulatively() -> None:
    """Example 3.3: 130.50 net and 26.10 tax a year."""
    found = [amount_of(a_fee(130_50), quarter, VAT) for quarter in QUARTERS]
    assert [amount.net_pence for amount in found] == [32_63, 32_62, 32_63, 32_62]
    assert [amount.tax_pence for amount in found] == [6_53, 6_52, 6_53, 6_52]


def test_an_eighth_of_a_premium_is_525_a_year_and_131_25_a_quarter() -> None:
    """Example 3.5: 3,750.00 and 12 % premium tax, which stays inside, over eight equal flats; sold on 17 August."""
    rate = read_schedule_policy().tax_on(ChargeKind.INSURANCE, day("2026-04-01"))
    quarterly, yearly = (a_fee(525_00, instalments=parts, kind="insurance") for parts in (4, 1))
    assert amount_of(quarterly, QUARTERS[0], rate) == Amount(131_25, 0)
    period = period_on(yearly, day("2026-08-17"))
    assert (period.first_on, period.last_on) == (day("2026-04-01"), day("2027-03-31"))
    net, tax = amount_of(yearly, period, rate)
    assert (net, tax, accrue(net, [138, 365])) == (525_00, 0, [198_49, 326_51])


@given(pence=st.integers(0, 10**9), points=st.integers(0, WHOLE), parts=st.sampled_from([1, 2, 4]))
def test_the_instalments_of_a_year_make_the_year_to_the_penny(pence: int, points: int, parts: int) -> None:
    terms = a_fee(pence, instalments=parts)
    found = [amount_of(terms, Period(date.min, date.max, number + 1, parts), VAT, points) for number in range(parts)]
    whole = amount_of(terms, Period(date.min, date.max, 1, 1), VAT, points)
    assert tuple(map(sum, zip(*found, strict=True))) == whole
    assert max(found)[0] - min(found)[0] <= 1
    assert whole.net_pence <= pence


@given(on=st.dates(date(2020, 1, 1), date(2040, 12, 31)), parts=st.sampled_from([1, 2, 4]), start=st.integers(1, 12))
def test_periods_follow_one_another_without_a_gap(on: date, parts: int, start: int) -> None:
    terms = Terms("FEE", 1, ChargeKind.INSURANCE, Scope.UNIT, "U1", date(2020, 1, 1), 1, parts, start, "x")
    period = period_on(terms, on)
    assert period.first_on <= on <= period.last_on
    assert (period.number == 1) == (period.first_on.month == start)
    following = period_on(terms, period.last_on + schedules.DAY)
    assert following.first_on == period.last_on + schedules.DAY
    assert following.number == period.number % parts + 1
    assert period_on(terms, period.first_on) == period_on(terms, period.last_on) == period


@given(
    since=st.sampled_from(["2024-01-01", "2025-04-01", "2026-07-01"]),
    told=st.none() | st.dates(date(2024, 1, 1), date(2028, 1, 1)),
    closed=st.lists(st.dates(date(2023, 1, 1), date(2029, 1, 1)), min_size=2, max_size=12).map(sorted),
)
def test_day_by_day_the_same_periods_begin_as_all_at_once(since: str, told: date | None, closed: list[date]) -> None:
    """What one day raises depends on that day, never on how long the schedule runs."""
    versions = [a_fee(100_00, since=since), a_fee(120_00, 2, "2027-01-01")]
    notices = [Notice("FEE", 2, told)] if told else []
    sliced = [
        list(begun(versions, notices, NOTICE_DAYS, after, until))
        for after, until in zip([date.min, *closed], closed, strict=False)
    ]
    assert list(chain.from_iterable(sliced)) == list(begun(versions, notices, NOTICE_DAYS, date.min, closed[-1]))
    yesterday = closed[-1] - timedelta(days=1)
    assert len(list(begun(versions, notices, NOTICE_DAYS, yesterday, closed[-1]))) <= 1


def test_an_increase_without_a_notice_never_holds() -> None:
    """Case 54 of domain.md 9: the old fee is billed, and the lack is named."""
    old, new = a_fee(140_00), a_fee(160_00, 2, "2027-04-01")
    assert holding_on([old, new], [], NOTICE_DAYS, day("2027-03-31")) == (old, None)
    assert holding_on([old, new], [], NOTICE_DAYS, day("2029-04-01")) == (old, new)


@pytest.mark.parametrize(
    ("told", "on", "holds"),
    [
        ("2027-03-04", "2027-04-01", 2),
        ("2027-03-05", "2027-04-01", 1),
        ("2027-03-05", "2027-07-01", 2),
        ("2027-01-01", "2027-03-31", 1),
    ],
)
def test_an_increase_holds_four_weeks_after_owners_were_told(told: str, on: str, holds: int) -> None:
    versions = [a_fee(140_00), a_fee(160_00, 2, "2027-04-01")]
    found, _ = holding_on(versions, [Notice("FEE", 2, day(told))], NOTICE_DAYS, day(on))
    assert found is not None
    assert found.version == holds


def test_what_is_not_dearer_needs_no_notice_and_a_rise_back_does() -> None:
    versions = [a_fee(140_00), a_fee(120_00, 2, "2027-04-01"), a_fee(140_00, 3, "2028-04-01")]
    holds = [holding_on(versions, [], NOTICE_DAYS, day(on))[0] for on in ("2027-04-01", "2028-04-01")]
    assert [one.version for one in holds if one is not None] == [2, 2]
    assert holding_on(versions, [], NOTICE_DAYS, day("2026-03-31")) == (None, None)


VERSIONS = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 300)), min_size=1, max_size=4)
TOLD = st.tuples(st.integers(1, 4), st.dates(date(2026, 1, 1), date(2029, 12, 31)))


@given(VERSIONS, st.lists(TOLD, max_size=4), TOLD)
def test_an_increase_is_charged_from_the_day_that_owners_are_told_and_not_before(
    prices: list[tuple[int, int]], told: list[tuple[int, date]], last: tuple[int, date]
) -> None:
    quarters = [date(2026 + number // 4, number % 4 * 3 + 1, 1) for number in range(12)]
    versions = [a_fee(pence, n, str(quarters[at])) for n, (at, pence) in enumerate(prices, start=1)]
    notices = [Notice("FEE", version, on) for version, on in told]
    version, on = min(last[0], len(versions)), last[1]
    found = increase(versions, notices, NOTICE_DAYS, version, on)
    given_ = [*notices, Notice("FEE", version, on)]
    day_ = date(2031, 1, 1)
    charged = {period.first_on: terms for terms, period in begun(versions, given_, NOTICE_DAYS, date.min, day_)}
    rises = [
        (charged[before], first)
        for before, first in pairwise(sorted(charged))
        if charged[first] == versions[version - 1] and charged[before].annual_net_pence < prices[version - 1][1]
    ]
    to_come = [(old, first) for old, first in rises if first > on]
    assert to_come == ([(found.old, found.first_on)] if found is not None else [])
    assert found is None or found.new == versions[version - 1]


def test_owners_told_by_hand_before_are_told_the_day_that_holds() -> None:
    versions = [a_fee(140_00), a_fee(160_00, 2, "2027-04-01")]
    found = increase(versions, [Notice("FEE", 2, day("2027-03-01"))], NOTICE_DAYS, 2, day("2027-03-20"))
    assert found is not None
    assert found.first_on == day("2027-04-01")
    assert increase(versions, [Notice("FEE", 2, day("2027-03-01"))], NOTICE_DAYS, 2, day("2027-04-01")) is None


def test_a_charges_name_is_an_id_whatever_the_unit_is_called() -> None:
    assert charge_id("FEE", QUARTERS[0], "U1") == "FEE:2026-04-01:U1"
    assert charge_id("ROOF-POOL", QUARTERS[0], None) == "ROOF-POOL:2026-04-01"
    names = {charge_id("F" * 24, QUARTERS[0], f"{'U' * 60}{number}") for number in range(50)}
    assert (len(names), max(map(len, names)) <= 64) == (50, True)


def test_the_shipped_policy_has_every_tax_from_the_first_day_on() -> None:
    policy = read_schedule_policy()
    assert policy.notice_days == NOTICE_DAYS
    assert policy.tax_on(ChargeKind.MANAGEMENT_FEE, date(2026, 1, 1)).basis_points == 2000
    later = TaxRate(ChargeKind.MANAGEMENT_FEE, "VAT-S", date(2027, 1, 1), 1500)
    changed = schedule_policy.SchedulePolicy(28, 50_00, (*policy.taxes, later))
    days = (later.effective_from - timedelta(days=1), later.effective_from)
    assert [changed.tax_on(ChargeKind.MANAGEMENT_FEE, on).basis_points for on in days] == [2000, 1500]
