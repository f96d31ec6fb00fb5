"""What `closebook prescription` and `closebook interest` read and write for people."""

import pytest
import typer

from shared.cli.interest import _mixed
from shared.cli.prescription import parse_months


def test_months_are_written_with_their_unit() -> None:
    assert (parse_months("12m"), parse_months("0m")) == (12, 0)


@pytest.mark.parametrize("text", ["12", "m", "1y", "-3m", "123m", ""])
def test_what_is_no_number_of_months_is_told(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="write it as 12m"):
        parse_months(text)


@pytest.mark.parametrize(("fraction", "shown"), [("24496/25", "979 21/25"), ("800", "800"), ("1/2", "0 1/2")])
def test_exact_pence_are_shown_whole_and_rest(fraction: str, shown: str) -> None:
    assert _mixed(fraction) == shown
