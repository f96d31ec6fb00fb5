"""Interest as a figure: simple, by days, exact until each line is rounded once; disputed sums bear none."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.interest import interest_on, rate_of
from services.billing.domain.position import Open
from tests.unit.billing.builders import an_item, day

EIGHT = Fraction(8)
PENCE = st.integers(1, 10**12)
RATES = st.fractions(Fraction(1, 10_000), 100, max_denominator=10_000)


def owed(pence: int, due_on: str = "2026-01-01", disputed_pence: int = 0) -> Open:
    return Open(an_item(pence, due_on=due_on), pence, disputed_pence)


def test_3_11_eight_percent_of_612_40_for_73_days() -> None:
    [line] = interest_on([owed(612_40)], EIGHT, day("2026-03-15"))
    assert (line.days, line.exact_pence, line.interest_pence) == (73, Fraction("979.84"), 9_80)


def test_the_due_day_bears_no_interest_and_the_last_day_does() -> None:
    assert interest_on([owed(365_00)], EIGHT, day("2026-01-01")) == []
    [line] = interest_on([owed(365_00)], EIGHT, day("2026-01-02"))
    assert (line.days, line.interest_pence) == (1, 8)


def test_a_leap_year_has_365_days_too() -> None:
    [line] = interest_on([owed(365_00, "2028-01-01")], EIGHT, day("2029-01-01"))
    assert (line.days, line.interest_pence) == (366, 29_28)


def test_half_a_penny_is_rounded_up() -> None:
    [line] = interest_on([owed(365 * 50)], Fraction(1), day("2026-01-02"))
    assert (line.exact_pence, line.interest_pence) == (Fraction(1, 2), 1)


def test_what_is_disputed_bears_no_interest() -> None:
    [line] = interest_on(
        [owed(712_40, disputed_pence=100_00), owed(50_00, disputed_pence=50_00)], EIGHT, day("2026-03-15")
    )
    assert (line.principal_pence, line.disputed_pence, line.interest_pence) == (612_40, 100_00, 9_80)


@pytest.mark.parametrize(
    ("text", "rate"), [("8", EIGHT), ("8.25", Fraction(33, 4)), ("0.0001", Fraction(1, 10_000)), ("100", Fraction(100))]
)
def test_a_rate_is_decimal_text_without_loss(text: str, rate: Fraction) -> None:
    assert rate_of(text) == rate


@pytest.mark.parametrize(
    "text", ["0", "0.0", "100.0001", "101", "-8", "8%", "8,5", "1e1", "8/3", "", " 8", "٨", "8.00001"]
)
def test_what_is_no_rate_is_refused_with_the_bounds(text: str) -> None:
    with pytest.raises(ValueError, match="above 0 and at most 100"):
        rate_of(text)


@given(pence=PENCE, rate=RATES, days=st.integers(1, 5000))
def test_a_line_is_never_further_than_half_a_penny_from_its_exact_value(pence: int, rate: Fraction, days: int) -> None:
    [line] = interest_on([owed(pence)], rate, date(2026, 1, 1) + timedelta(days=days))
    assert line.exact_pence * 36_500 == pence * rate * days
    assert -Fraction(1, 2) < line.interest_pence - line.exact_pence <= Fraction(1, 2)
