"""The bank's reasons in plain words, and what follows from them."""

import pytest

from shared.returns import REASONS, NextStep, reason_of, tells_of_death


@pytest.mark.parametrize("words", ["arudd-2", "ARUDD 2", "Arudd_2", " arudd/2 "])
def test_a_code_is_read_as_banks_write_it(words: str) -> None:
    assert reason_of(words).meaning == "payer deceased"


@pytest.mark.parametrize(
    ("words", "step"),
    [
        ("arudd-0", NextStep.COLLECT_AGAIN),
        ("arudd-1", NextStep.ASK_FOR_METHOD),
        ("ARUDD-B", NextStep.ASK_FOR_METHOD),
        ("arudd-7", NextStep.CHECK_OURS),
        ("ddica-2", NextStep.ANSWER_CLAIM),
        ("indemnity-claim", NextStep.ANSWER_CLAIM),
        ("cheque-returned", NextStep.ASK_FOR_METHOD),
        ("the dog ate it", NextStep.READ),
    ],
)
def test_each_reason_has_its_next_step(words: str, step: NextStep) -> None:
    assert reason_of(words).next_step == step


def test_death_alone_stops_letters() -> None:
    assert {code for code in REASONS if tells_of_death(code)} == {"arudd-2", "addacs-2"}


def test_every_code_of_the_three_reports_is_known() -> None:
    assert {code for code in REASONS if code.startswith("arudd-")} == {f"arudd-{letter}" for letter in "0123456789ab"}
    assert {code for code in REASONS if code.startswith("ddica-")} == {f"ddica-{number}" for number in range(1, 9)}
    assert all(code == reason.code for code, reason in REASONS.items())
