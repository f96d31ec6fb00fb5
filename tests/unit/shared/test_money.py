"""Money as people write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import MAX_PENCE, as_pounds, pence_of


@given(st.integers(-MAX_PENCE + 1, MAX_PENCE - 1))
def test_what_is_written_is_read_again(pence: int) -> None:
    assert pence_of(as_pounds(pence)) == pence


@pytest.mark.parametrize(("text", "pence"), [("45", 4500), (" 45.5 ", 4550), ("+1,234.56", 123456), ("-0.05", -5)])
def test_other_ways_to_write_it(text: str, pence: int) -> None:
    assert pence_of(text) == pence


@pytest.mark.parametrize("text", ["", "1.234", "12,34", "1e3", "£", "--1", "1.", "٣", "4 5"])
def test_what_is_no_sum_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no sum of money"):
        pence_of(text)
