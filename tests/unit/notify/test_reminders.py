"""What a reminder says stays true and usable however long it waited, and whatever became of the one before it."""

import pytest

from services.notify.domain.letter import Letter, Text
from tests.support.letters import a_stage
from tests.support.pdf_text import words_of
from tests.unit.notify.cases import a_case, pdf_press, texts, written


def paragraphs(letter: Letter) -> str:
    return " ".join(block.text for block in letter.blocks if isinstance(block, Text))


@pytest.mark.parametrize("number", [1, 2])
def test_who_gets_it_after_its_day_has_as_long_as_anybody(number: int) -> None:
    """It may leave weeks after it was written: reminders keep apart, and mail may stand still."""
    case = a_case(a_stage(number))
    letter = written(case)
    assert letter.headline is not None
    for told in (letter.headline.note, paragraphs(letter)):
        assert "20 May 2026" in told
        assert "within 14 days of getting this letter" in told
    for form in (*texts(case), words_of(pdf_press().press(letter, case.dated_on))):
        assert " ".join(form.split()).count("within 14 days of getting this letter") >= 2


def test_a_second_reminder_says_nothing_of_the_first_which_may_never_have_left() -> None:
    letter = written(a_case(a_stage(2)))
    said = f"{letter.title} {letter.subject} {paragraphs(letter)}".lower()
    assert not [word for word in ("wrote to you", "last letter", "reminded", "second reminder") if word in said]
