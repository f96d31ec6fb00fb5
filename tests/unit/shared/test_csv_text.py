"""No cell of an exported table is a formula, and none loses what it says."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.csv_text import csv_line


def read(line: str) -> list[str]:
    [row] = csv.reader(io.StringIO(line, newline=""))
    return row


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_word_that_a_spreadsheet_would_work_out_gets_an_apostrophe(first: str) -> None:
    assert read(csv_line([f"{first}1+1"])) == [f"'{first}1+1"]


def test_numbers_stay_numbers_and_nothing_stays_nothing() -> None:
    assert csv_line([-5, None, "C-1"]) == "-5,,C-1\r\n"


@given(st.lists(st.text(alphabet=st.sampled_from("=+-@\t\r\n\"',;ab"), min_size=1), min_size=1, max_size=4))
def test_every_cell_comes_back_as_it_was_but_for_the_apostrophe(words: list[str]) -> None:
    for cell, word in zip(read(csv_line(words)), words, strict=True):
        assert cell in {word, f"'{word}"}
        assert not cell.startswith(tuple("=+-@\t\r\n"))
