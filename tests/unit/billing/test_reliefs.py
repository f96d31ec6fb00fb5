"""Reliefs: which days a unit is let off what, whose proof has lapsed, and what the end of one costs whom."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.attribution import Account
from services.billing.domain.instalments import Amount, Days, amount_of, part_of, stretches
from services.billing.domain.relief_ends import losers, loss, refuse_untold
from services.billing.domain.reliefs import WHOLE, Relief, lapsed, outlived, points_on, refuse_end, with_renewals
from services.billing.domain.schedules import Period
from services.billing.settings import read_schedule_policy
from tests.unit.billing.builders import day
from tests.unit.billing.test_schedules import VAT, a_fee

QUARTER = Period(date(2026, 4, 1), date(2026, 6, 30), 1, 4)


def a_relief(points: int, since: str = "2026-04-01", to: str | None = None, name: str = "RL-1") -> Relief:
    return Relief(name, "FEE", "U1", points, day(since), day(to) if to else None)


def ended(relief: Relief, last_on: str, book: str | None = None) -> Relief:
    return replace(relief, ended_on=day(last_on), ended_in=day(book) if book else None)


def rows(*reliefs: Relief) -> list[tuple[str, str, int]]:
    found = stretches(with_renewals(reliefs), QUARTER)
    return [(f"{days.first_on:%m-%d}", f"{days.last_on:%m-%d}", points) for days, points in found]


def test_five_percent_off_for_direct_debit() -> None:
    [(days, points)] = stretches([a_relief(500)], QUARTER)
    assert days == Days(QUARTER.first_on, QUARTER.last_on)
    assert amount_of(a_fee(140_00), QUARTER, VAT, points) == Amount(33_25, 6_65)


@pytest.mark.parametrize(
    ("reliefs", "let_off"),
    [
        ([a_relief(WHOLE, to="2026-06-30")], [("04-01", "06-30", WHOLE)]),
        # Proof that has expired keeps the flat out until its owner was told.
        ([a_relief(WHOLE, to="2026-05-15")], [("04-01", "06-30", WHOLE)]),
        ([ended(a_relief(WHOLE, to="2026-05-15"), "2026-06-15")], [("04-01", "06-15", WHOLE), ("06-16", "06-30", 0)]),
        ([ended(a_relief(WHOLE, to="2027-03-31"), "2026-05-15")], [("04-01", "05-15", WHOLE), ("05-16", "06-30", 0)]),
        # Ended late: days that have passed are charged to nobody, those to come are.
        ([ended(a_relief(WHOLE), "2026-05-15", "2026-06-01")], [("04-01", "06-01", WHOLE), ("06-02", "06-30", 0)]),
        (
            [ended(a_relief(500, to="2026-05-31"), "2026-05-15", "2026-06-01")],
            [("04-01", "05-31", 500), ("06-01", "06-30", 0)],
        ),
        ([a_relief(WHOLE, since="2026-04-02")], [("04-01", "04-01", 0), ("04-02", "06-30", WHOLE)]),
        # The newer proof takes over; ended, the older one does not come back.
        (
            [
                a_relief(WHOLE, to="2026-04-30"),
                ended(a_relief(WHOLE, "2026-05-10", "2027-05-09", "RL-2"), "2026-06-15"),
            ],
            [("04-01", "06-15", WHOLE), ("06-16", "06-30", 0)],
        ),
        # A discount ends with its proof, beside others.
        ([a_relief(500, to="2026-05-31")], [("04-01", "05-31", 500), ("06-01", "06-30", 0)]),
        (
            [a_relief(500, to="2026-05-31"), a_relief(1000, "2026-06-01", name="RL-2")],
            [("04-01", "05-31", 500), ("06-01", "06-30", 1000)],
        ),
        ([a_relief(6000), a_relief(6000, name="RL-2")], [("04-01", "06-30", WHOLE)]),
        ([a_relief(500, to="9999-12-31")], [("04-01", "06-30", 500)]),
        ([], [("04-01", "06-30", 0)]),
    ],
)
def test_a_unit_is_let_off_day_by_day(reliefs: list[Relief], let_off: list[tuple[str, str, int]]) -> None:
    """Case 60 of domain.md 9: proof that has expired lets nobody back in by itself."""
    assert rows(*reliefs) == let_off


SPANS = st.tuples(
    st.integers(-20, 100), st.none() | st.integers(0, 120), st.none() | st.integers(0, 120),
    st.sampled_from([500, 6000, WHOLE]),
)  # fmt: skip


@given(st.lists(SPANS, max_size=5))
def test_the_rows_of_a_period_are_its_days_each_let_off_what_its_reliefs_come_to(
    spans: list[tuple[int, int | None, int | None, int]],
) -> None:
    reliefs = with_renewals([
        Relief(str(number), "F", "U", points, start, *(start + timedelta(n) if n is not None else None for n in ends))
        for number, (at, *ends, points) in enumerate(spans)
        for start in [QUARTER.first_on + timedelta(days=at)]
    ])  # fmt: skip
    found = stretches(reliefs, QUARTER)
    each = [(first, points) for days, points in found for first in _days(days)]
    assert [one for one, _ in each] == _days(Days(QUARTER.first_on, QUARTER.last_on))
    assert all(points == points_on(reliefs, one) for one, points in each)
    assert all(before[1] != after[1] for before, after in pairwise(found))


def _days(days: Days) -> list[date]:
    return [days.first_on + timedelta(days=n) for n in range((days.last_on - days.first_on).days + 1)]


def test_two_parts_of_a_quarter_make_the_instalment() -> None:
    """£131.25 for 91 days: the last 46 are £66.35."""
    quarter = Amount(131_25, 0)
    (out, _), (charged, _) = stretches([ended(a_relief(WHOLE), "2026-05-15")], QUARTER)
    assert part_of(quarter, QUARTER, charged) == Amount(66_35, 0)
    assert part_of(quarter, QUARTER, out).net_pence + 66_35 == 131_25


def test_proof_that_has_lapsed_and_was_not_renewed_is_listed() -> None:
    old, renewed = a_relief(WHOLE, to="2026-03-31", since="2025-04-01"), a_relief(WHOLE, to="2027-03-31", name="RL-2")
    assert _lapsed([old], "2026-04-01") == ["RL-1"]
    assert _lapsed([old, a_relief(500, name="RL-3")], "2026-04-01") == ["RL-1"]
    assert _lapsed([old, renewed], "2026-04-01") == []
    assert _lapsed([old], "2026-03-31") == []
    assert _lapsed([ended(old, "2026-09-30")], "2026-04-01") == []


@pytest.mark.parametrize(
    ("name", "ended_on", "proven_to"),
    [("RL-0", "2026-05-15", "2027-02-28"), ("RL-3", "2026-05-15", "2027-03-31"), ("RL-3", "2026-05-15", "2027-02-28")],
)
def test_what_people_ended_renews_nothing_that_goes_on(name: str, ended_on: str, proven_to: str) -> None:
    """The seller's proof may be the longer one, or end with the buyer's: the buyer's relief outlasts its own proof."""
    sellers = ended(a_relief(WHOLE, to="2027-03-31", name=name), ended_on)
    [_, buyers] = with_renewals([sellers, a_relief(WHOLE, "2026-05-16", proven_to, "RL-2")])
    assert buyers.last_on is None
    assert _lapsed([sellers, buyers], "2027-04-01") == ["RL-2"]
    assert refuse_end(buyers, day("2027-04-30")) is None


def test_one_that_lasts_longer_renews_from_whenever_it_began() -> None:
    earlier, later = a_relief(WHOLE, to="2027-03-31"), a_relief(WHOLE, "2026-05-01", "2026-12-31", "RL-2")
    assert _lapsed([earlier, later], "2027-01-01") == []
    assert _lapsed([earlier, later], "2027-04-01") == ["RL-1"]
    assert _lapsed([ended(earlier, "2026-11-30"), later], "2027-01-01") == ["RL-2"]


def test_a_relief_from_the_first_day_there_is_renews_another() -> None:
    [old, _] = with_renewals([a_relief(WHOLE, to="2026-12-31"), a_relief(WHOLE, "0001-01-01", "2027-03-31", "RL-2")])
    assert old.last_on == day("2026-12-31")


def _lapsed(own: Sequence[Relief], on: str) -> list[str]:
    return [one.relief_id for one in lapsed(with_renewals(own), day(on))]


@pytest.mark.parametrize(
    ("relief", "last_on", "words"),
    [
        (a_relief(500), "2026-03-31", "before RL-1 begins"),
        (a_relief(500, to="2026-06-30"), "2026-06-30", "ends by itself"),
        (replace(a_relief(WHOLE, to="2026-06-30"), renewed_from=day("2026-06-01")), "2026-06-30", "ends by itself"),
        (ended(a_relief(500), "2026-05-01"), "2026-06-30", "ends on 2026-05-01 already"),
        (a_relief(500), "2026-04-01", None),
        (a_relief(500, to="2026-06-30"), "2026-06-29", None),
        (a_relief(WHOLE, to="2026-06-30"), "2026-09-30", None),
    ],
)
def test_a_relief_ends_once_and_while_it_holds(relief: Relief, last_on: str, words: str | None) -> None:
    refusal = refuse_end(relief, day(last_on))
    assert refusal is None if words is None else words in (refusal or "")


@pytest.mark.parametrize(
    ("relief", "since", "listed"),
    [
        (a_relief(500), "2026-05-16", True),
        (a_relief(500), "2026-04-01", False),
        (a_relief(500, to="2026-06-30"), "2026-05-16", True),
        (a_relief(500, to="2026-05-31"), "2026-05-16", False),
        (a_relief(WHOLE, to="2026-05-31"), "2026-05-16", True),
        (ended(a_relief(500), "2026-05-15"), "2026-05-16", False),
        (ended(a_relief(500), "2026-06-15"), "2026-06-16", False),
        (ended(a_relief(500), "2026-05-15", "2026-06-01"), "2026-05-16", False),
        (ended(a_relief(500), "2026-06-16"), "2026-06-16", True),
        (a_relief(500), None, False),
    ],
)
def test_a_relief_outlives_the_owner_it_was_given_to(relief: Relief, since: str | None, listed: bool) -> None:
    owners = {"U1": day(since)} if since else {}
    assert outlived([relief], owners, day("2026-06-01")) == ([relief] if listed else [])


OPT_OUT = a_relief(WHOLE, to="2026-08-31")


@pytest.mark.parametrize(
    ("own", "last_on", "book", "charged_from", "pence"),
    [
        ([OPT_OUT], "2026-10-15", "2026-09-01", "2026-10-16", (0, 168_00)),
        ([OPT_OUT], "2026-05-15", "2026-06-01", "2026-06-02", (0, 168_00)),
        ([a_relief(500)], "2026-10-15", "2026-09-01", "2026-10-16", (159_60, 168_00)),
        # Others still hold, or hold until a later day.
        ([OPT_OUT, a_relief(WHOLE, name="RL-2")], "2026-08-15", "2026-06-01", None, None),
        (
            [a_relief(WHOLE, name="RL-2"), ended(a_relief(WHOLE), "2026-12-31")],
            "2026-08-30", "2026-06-01", "2027-01-01", (0, 168_00),
        ),
        # It has not begun: whoever is charged is not charged more.
        ([a_relief(WHOLE, "2026-10-01", "2027-09-30")], "2026-10-01", "2026-09-01", None, None),
        # It has not begun either, but took over from one that has.
        (
            [a_relief(WHOLE, "2026-10-01", "2027-09-30"), a_relief(WHOLE, to="2026-09-30", name="RL-0")],
            "2026-10-01", "2026-09-01", "2026-10-02", (0, 168_00),
        ),
        # Without it nothing renews the other, which outlasts its proof.
        (
            [a_relief(WHOLE, to="2027-03-31"), a_relief(WHOLE, "2026-05-01", "2026-12-31", "RL-2")],
            "2026-11-30", "2026-09-01", None, None,
        ),
    ],
)  # fmt: skip
def test_the_end_of_a_relief_costs_from_the_day_on_which_the_unit_pays_more(
    own: list[Relief], last_on: str, book: str, charged_from: str | None, pence: tuple[int, int] | None
) -> None:
    known, policy = with_renewals(own), read_schedule_policy()
    found = loss([a_fee(140_00)], [], policy, known, ended(known[0], last_on, book), [], day(book))
    said = None if found is None else (f"{found.charged_from}", (sum(found.old), sum(found.new)))
    assert said == (None if charged_from is None else (charged_from, pence))


@pytest.mark.parametrize(
    ("raised", "charged_from"),
    [
        ([], "2026-10-16"),
        ([("2026-10-01", "2026-12-31")], "2027-01-01"),
        ([("2026-10-01", "2026-10-31"), ("2026-11-01", "2026-12-31")], "2027-01-01"),
        ([("2026-07-01", "2026-10-15")], "2026-10-16"),
    ],
)
def test_what_is_raised_keeps_its_discount(raised: list[tuple[str, str]], charged_from: str) -> None:
    """Also when an opt-out beside it left only a part of the period to raise, or that part is still to be raised."""
    own, policy = [a_relief(500), ended(OPT_OUT, "2026-10-12")], read_schedule_policy()
    days = [Days(day(first), day(last)) for first, last in raised]
    found = loss([a_fee(140_00)], [], policy, own, ended(own[0], "2026-10-15"), days, day("2026-10-02"))
    assert found is not None
    assert (f"{found.charged_from}", sum(found.old), sum(found.new)) == (charged_from, 159_60, 168_00)


def test_a_discount_that_ends_within_what_is_raised_by_itself_costs_nothing_before() -> None:
    own, raised = [a_relief(500, to="2026-09-30")], [Days(day("2026-07-01"), day("2026-09-30"))]
    found = loss(
        [a_fee(140_00)], [], read_schedule_policy(), own, ended(own[0], "2026-09-29"), raised, day("2026-09-01")
    )
    assert found is None


def test_a_schedule_that_charges_nothing_any_more_costs_nothing() -> None:
    versions = [a_fee(140_00), a_fee(0, 2, "2026-10-01")]
    found = loss(versions, [], read_schedule_policy(), [OPT_OUT], ended(OPT_OUT, "2026-10-15"), [], day("2026-09-01"))
    assert found is None


def an_account(since: str | None = "2025-06-01", to: str | None = None, *, internal: bool = False) -> Account:
    first, end = (day(text) if text else None for text in (since, to))
    return Account("A", "REF", "U1", None if internal else "O", internal, first, end)


@pytest.mark.parametrize(
    ("account", "ended_on", "loses"),
    [
        (an_account(), "2026-10-15", True),
        (an_account(to="2026-10-16"), "2026-10-15", False),
        (an_account(to="2026-10-17"), "2026-10-15", True),
        (an_account("2026-10-16"), "2026-10-15", False),
        (an_account(None), "2026-10-15", False),
        (an_account(internal=True), "2026-10-15", False),
    ],
)
def test_who_has_a_relief_on_its_last_day_and_stays_loses_it(account: Account, ended_on: str, loses: bool) -> None:
    last_on = day(ended_on)
    assert losers([account], last_on, last_on + timedelta(days=1)) == ([account] if loses else [])


def test_who_sold_before_the_book_loses_nothing_whatever_last_day_is_said() -> None:
    assert losers([an_account(to="2026-05-16"), an_account("2026-05-16")], day("2026-05-10"), day("2026-09-02")) == []


def test_the_owner_is_told_four_weeks_before() -> None:
    assert refuse_untold(day("2026-09-29"), 28, day("2026-09-01")) is None
    refusal = refuse_untold(day("2026-09-28"), 28, day("2026-09-01")) or ""
    assert "2026-09-29 is the first day" in refusal
    assert "2026-09-28 or later" in refusal
