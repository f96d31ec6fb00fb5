"""Prescription: five years from when a debt was due, or from the newest word that set them back in time."""

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.billing.domain import prescription
from services.billing.domain.position import Open
from services.billing.domain.prescription import Band, Debt, Interruption, InterruptionGround
from tests.unit.billing.builders import a_statement, an_item, charge_line, day, payment_line, position

DAYS = st.dates(date(2000, 1, 1), date(2040, 12, 31))
ONE_DAY = timedelta(days=1)


def an_interruption(on: str | date, *charge_ids: str, **facts: str | date | None) -> Interruption:
    """A court action over C1, unless charges are named, recorded on its day."""
    since = day(on) if isinstance(on, str) else on
    given: dict[str, object] = {"interruption_id": f"I-{since}", "book": since, "withdrawn_in": None}
    return Interruption(
        interrupted_on=since, ground=InterruptionGround.COURT_ACTION, charge_ids=frozenset(charge_ids or {"C1"}),
        **(given | facts),  # type: ignore[arg-type]
    )  # fmt: skip


def a_debt(due_on: str | date, *interruptions: Interruption, charge_id: str = "C1") -> Debt:
    return prescription.debt_of(Open(an_item(100_00, charge_id, str(due_on)), 100_00), interruptions)


@pytest.mark.parametrize(
    ("due_on", "prescribes_on"),
    [
        ("2021-04-29", "2026-04-29"),
        ("2024-02-29", "2029-02-28"),  # a year without that day: early rather than late
        ("2020-02-28", "2025-02-28"),
        ("9998-01-01", "9999-12-31"),
    ],
)
def test_a_debt_prescribes_five_years_after_it_fell_due(due_on: str, prescribes_on: str) -> None:
    assert a_debt(due_on).prescribes_on == day(prescribes_on)


def test_case_65_a_charge_at_4_years_11_months_is_listed_and_a_court_action_sets_it_back() -> None:
    today = day("2026-04-01")
    assert prescription.band_of(a_debt("2021-05-01").prescribes_on, today) is Band.MONTHS_3
    sued = a_debt("2021-05-01", an_interruption("2026-03-20"))
    assert (sued.prescribes_on, sued.counts_from) == (day("2031-03-20"), day("2026-03-20"))
    assert prescription.band_of(sued.prescribes_on, today) is Band.LATER


def test_money_that_the_books_allocate_sets_no_clock_back() -> None:
    """A part payment is no acknowledgement of what the order of the books settles with it."""
    lines = [charge_line(100_00, on="2021-03-01"), payment_line(60_00, on="2026-03-31")]
    [left] = position(lines, [a_statement("2021-04-01", "2021-05-01")], day("2026-04-01")).items
    assert left.open_pence == 40_00
    assert prescription.debt_of(left, ()).prescribes_on == day("2026-05-01")


def test_only_the_charges_that_a_claim_names_are_set_back() -> None:
    assert a_debt("2021-05-01", an_interruption("2026-03-20", "C2")).prescribes_on == day("2026-05-01")


def test_a_claim_before_a_debt_fell_due_does_not_shorten_its_time() -> None:
    assert a_debt("2021-05-01", an_interruption("2021-04-30")).prescribes_on == day("2026-05-01")


def test_what_is_extinguished_is_not_revived() -> None:
    last, late = an_interruption("2026-04-30"), an_interruption("2026-05-01")
    assert a_debt("2021-05-01", last).prescribes_on == day("2031-04-30")
    assert a_debt("2021-05-01", late).prescribes_on == day("2026-05-01")


def test_a_withdrawn_interruption_counts_no_more_nor_what_it_kept_alive() -> None:
    first = an_interruption("2024-05-01", withdrawn_in=day("2026-01-01"))
    second = an_interruption("2028-05-01")
    known = [first, second]
    before = prescription.counted(known, None, day("2025-12-31"))
    assert a_debt("2021-05-01", *before).prescribes_on == day("2029-05-01")
    assert a_debt("2021-05-01", *prescription.counted(known, None, None)).prescribes_on == day("2026-05-01")


def test_a_day_of_the_past_knows_nothing_of_later_claims() -> None:
    claim = an_interruption("2026-03-20", book=day("2026-03-25"))
    assert prescription.counted([claim], day("2026-03-19"), None) == ()
    assert prescription.counted([claim], None, day("2026-03-24")) == ()
    assert prescription.counted([claim], day("2026-03-20"), day("2026-03-25")) == (claim,)


@given(due=DAYS, claims=st.lists(DAYS, max_size=6), seed=st.randoms())
def test_the_order_in_which_claims_are_learnt_changes_nothing(due: date, claims: list[date], seed: object) -> None:
    known = [an_interruption(on) for on in claims]
    shuffled = list(known)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    assert a_debt(due, *known).prescribes_on == a_debt(due, *shuffled).prescribes_on


@given(due=DAYS, claims=st.lists(DAYS, max_size=6))
def test_a_debt_prescribes_five_years_after_the_last_claim_in_time(due: date, claims: list[date]) -> None:
    debt = a_debt(due, *(an_interruption(on) for on in claims))
    assert debt.counts_from in {due, *claims}
    assert debt.prescribes_on >= a_debt(due).prescribes_on
    # No claim that would still have been in time was passed over, and none after the end was heard.
    assert [on for on in claims if debt.counts_from < on < debt.prescribes_on] == []


@given(due=DAYS, later=st.integers(0, 3000), claims=st.lists(DAYS, max_size=6))
def test_what_fell_due_earlier_never_outlives_what_fell_due_later(due: date, later: int, claims: list[date]) -> None:
    """So a write-off, which takes the oldest pieces of a charge first, takes what has prescribed."""
    known = [an_interruption(on) for on in claims]
    assert a_debt(due, *known).prescribes_on <= a_debt(due + timedelta(days=later), *known).prescribes_on


@pytest.mark.parametrize(
    ("today", "band"),
    [
        ("2025-04-30", Band.LATER), ("2025-05-01", Band.MONTHS_12), ("2025-10-31", Band.MONTHS_12),
        ("2025-11-01", Band.MONTHS_6), ("2026-01-31", Band.MONTHS_6), ("2026-02-01", Band.MONTHS_3),
        ("2026-04-30", Band.MONTHS_3), ("2026-05-01", Band.PAST),
    ],
)  # fmt: skip
def test_bands_are_counted_in_months_to_the_day_on_which_a_debt_prescribes(today: str, band: Band) -> None:
    assert prescription.band_of(day("2026-05-01"), day(today)) is band


@given(closed=DAYS, days=st.integers(1, 400), start=DAYS)
@example(closed=date(2029, 2, 27), days=1, start=date(2024, 2, 29))
def test_whatever_passes_into_a_band_began_within_a_window(closed: date, days: int, start: date) -> None:
    """The nightly look asks for these beginnings alone, so it must miss none."""
    today = closed + timedelta(days=days)
    debt = a_debt(start)
    passed = prescription.band_of(debt.prescribes_on, closed) is not prescription.band_of(debt.prescribes_on, today)
    within = any(after < start <= until for after, until in prescription.windows(closed, today))
    assert passed == within


def test_a_debt_is_new_in_a_band_once() -> None:
    debt = a_debt("2021-05-01")
    assert prescription.entered((), day("2026-01-31"), [debt], day("2026-02-01")) == [(Band.MONTHS_3, debt)]
    assert prescription.entered([debt], day("2026-01-31"), [debt], day("2026-02-01")) == [(Band.MONTHS_3, debt)]
    assert prescription.entered([debt], day("2026-02-01"), [debt], day("2026-02-02")) == []
    assert prescription.entered((), day("2024-01-31"), [debt], day("2024-02-01")) == []


def test_a_debt_that_a_claim_sets_back_is_not_told_as_new() -> None:
    before, now = a_debt("2016-06-01"), a_debt("2016-06-01", an_interruption("2021-05-20"))
    assert prescription.entered([before], day("2021-05-30"), [now], day("2025-06-30")) == []


def test_a_charge_is_claimed_while_anything_of_it_that_is_due_has_not_prescribed() -> None:
    old, new = a_debt("2015-05-01"), a_debt("2021-05-01")
    assert prescription.refuse_interruption("C1", [old, new], day("2021-05-01")) is None
    assert prescription.refuse_interruption("C1", [old, new], day("2021-04-30")) == (
        "C1 prescribed on 2020-05-01, and a word of 2021-04-30 does not revive it"
    )
    assert "2026-05-01" in (prescription.refuse_interruption("C1", [old, new], day("2026-05-01")) or "")
    assert prescription.refuse_interruption("C2", [old, new], day("2021-05-01")) == (
        "nothing of C2 that was due by 2021-05-01 is open"
    )


def test_no_more_is_given_up_as_prescribed_than_has_prescribed() -> None:
    debts = [a_debt("2015-05-01"), a_debt("2021-05-01"), a_debt("2022-05-01"), a_debt("2012-01-01", charge_id="C2")]
    today = day("2026-04-30")
    assert prescription.refuse_as_prescribed("C1", 100_00, debts, today) is None
    assert prescription.refuse_as_prescribed("C1", 100_01, debts, today) == (
        "£100.00 of C1 has prescribed by 2026-04-30, the rest does from 2026-05-01 on"
    )
    assert prescription.refuse_as_prescribed("C1", 200_00, debts, day("2026-05-01")) is None
