"""A credit on a letter says why it was given and of which statement, and nobody's words become markup."""

from typing import Any

import pytest

from services.notify.domain.statements import note_of
from shared.events.billing import LineKind
from tests.support.letters import ISSUED, a_charge_line, a_statement
from tests.support.pdf_text import words_of
from tests.unit.notify.cases import a_case, pdf_press, texts, written


def test_all_three_pages_say_why_and_of_which_statement() -> None:
    statement = a_statement(
        a_charge_line(
            -500, kind=LineKind.CREDIT, credit_id="K1", reason="Twice <b>billed", billed_on_statement="F0-2025Q4"
        )
    )
    text, html = texts(a_case(statement))
    assert "\n  Credit: Twice <b>billed, of F0-2025Q4\n" in text
    assert "Credit: Twice &lt;b&gt;billed, of F0-2025Q4<br" in html
    pdf = words_of(pdf_press().press(written(a_case(statement)), ISSUED))
    assert "Credit: Twice <b>billed, of F0-2025Q4" in pdf


@pytest.mark.parametrize(
    ("facts", "note"),
    [({}, ""), ({"reason": "Why"}, "Credit: Why"), ({"billed_on_statement": "S"}, "Credit, of S")],
)
def test_a_note_says_what_is_known(facts: dict[str, Any], note: str) -> None:
    assert note_of(a_charge_line(**facts)) == note
