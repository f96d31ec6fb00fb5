"""A statement that was looked at first says until when it knows, and bills its quarter all the same."""

from datetime import date

import pytest

from shared.events.billing import StatementIssued
from tests.support.letters import ISSUED, a_statement
from tests.unit.notify.cases import a_case, texts


def reviewed(statement: StatementIssued) -> StatementIssued:
    """Struck on its day, issued nine days later."""
    late = {"known_at": ISSUED, "issued_on": date(2026, 4, 10), "due_on": date(2026, 5, 8)}
    return statement.model_copy(update=late)


def test_a_reviewed_statement_names_the_day_it_knows_and_its_own_quarter() -> None:
    for text in texts(a_case(reviewed(a_statement()))):
        words = " ".join(text.split())
        assert "it shows what we knew on 1 April 2026" in words
        assert "your payments up to 31 March 2026" in words
        assert "8 May 2026" in words


@pytest.mark.parametrize("part", ["We checked it", "what we knew on"])
def test_an_automatic_one_says_nothing_of_that(part: str) -> None:
    text, html = texts(a_case(a_statement()))
    assert part not in text + html
    assert "your payments up to 31 March 2026" in " ".join(text.split())
