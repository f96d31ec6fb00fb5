"""What the letter says when the bank ended a direct debit: domain.md 5 (failed direct debit) and 9, case 22."""

import re

import pytest

from services.notify.domain import identity
from shared.events.mandates import MandateEnded, MandateWithdrawn
from shared.returns import REASONS, NextStep
from tests.support.letters import ISSUED, a_mandate_end, a_withdrawn_mandate
from tests.unit.notify.cases import a_case, pdf_press, stationery, texts, written

ASKED = [
    code
    for code, reason in REASONS.items()
    if reason.next_step is NextStep.ASK_FOR_METHOD and code.startswith(("arudd-", "addacs-"))
]


def words_of(ended: MandateEnded | MandateWithdrawn) -> str:
    return " ".join(texts(a_case(ended))[0].split())


def test_it_tells_what_came_back_that_no_more_is_collected_and_how_else_to_pay() -> None:
    for page in texts(a_case(a_mandate_end())):
        joined = " ".join(page.split())
        for words in (
            "On 17 April 2026 your bank took back £1,095.50.",
            "from your bank account for Flat 2/1, 14 Alder Street, Glasgow G42 8AB, by Direct Debit, on 15 April 2026.",
            "We will not try again, and nothing more will be collected under this instruction.",
            "It is due on the same day as it always was.",
            "ask us for a form, on 0141 496 0123", "quoting F000000000A1", "The Direct Debit Guarantee", "MD1",
        ):  # fmt: skip
            assert words in joined
    assert pdf_press().press(written(a_case(a_mandate_end())), ISSUED).startswith(b"%PDF-")


def test_where_no_money_came_back_with_the_banks_word_it_names_no_sum() -> None:
    """Nor does it say that nothing was: a claim, or a debit refused before, may have been."""
    for page in texts(a_case(a_withdrawn_mandate())):
        joined = " ".join(page.split())
        for words in (
            "Your instruction to pay us by Direct Debit for Flat 2/1, 14 Alder Street, Glasgow G42 8AB has ended.",
            "the instruction to pay us by Direct Debit was cancelled.",
            "Nothing more will be collected under this instruction, not even what we may have told you of already.",
            "What you owe is due on the same day as it always was.", "ask us for a form, on 0141 496 0123",
            "quoting F000000000A1", "The Direct Debit Guarantee", "MD1", "Your Direct Debit has ended",
        ):  # fmt: skip
            assert words in joined
        for absent in ("£", "took back", "taken back", "We will not try again", "Taken back by your bank"):
            assert absent not in joined
    assert pdf_press().press(written(a_case(a_withdrawn_mandate())), ISSUED).startswith(b"%PDF-")


@pytest.mark.parametrize("code", ASKED)
def test_every_code_that_asks_for_another_way_has_words_of_its_own(code: str) -> None:
    for words in (words_of(a_mandate_end(code=code)), words_of(a_withdrawn_mandate(code=code))):
        assert words.count("Your bank tells us that") == 1
        assert "reason:" not in words


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("arudd-1", "the instruction to pay us by Direct Debit was cancelled."), ("arudd-b", "is closed."),
        ("arudd-3", "has moved to another bank."), ("arudd-5", "it has no account with the details we were given."),
        ("arudd-6", "it holds no instruction to pay us by Direct Debit."),
        ("arudd-9", "Your bank gives this reason: presented too late."),
    ],
)  # fmt: skip
def test_the_banks_code_is_told_in_plain_words(code: str, why: str) -> None:
    words = words_of(a_mandate_end(code=code))
    assert why in words
    assert code not in words.lower()


def test_it_threatens_nothing_and_has_the_words_of_the_advance_notice_for_the_guarantee() -> None:
    for ended in (a_mandate_end(), a_withdrawn_mandate()):
        assert not re.search(r"court|liability|legal|fee\b|arrears|overdue", words_of(ended), re.IGNORECASE)
    ours, notice = (
        next(block.points for block in stationery().wordings[name].blocks if "This Guarantee" in " ".join(block.points))
        for name in ("mandate-ended", "collection-notice")
    )
    assert ours == notice


def test_an_instruction_that_was_not_ours_is_not_named() -> None:
    assert "Mandate" not in words_of(a_mandate_end(mandate_id=None))


def test_a_reversal_is_one_letter_of_an_account() -> None:
    assert identity.mandate_end_key("A1", "R1") != identity.mandate_end_key("A2", "R1")
    assert identity.mandate_end_key("A1", "R1") != identity.mandate_end_key("A1", "R2")
    assert identity.mandate_end_key("A1", "X") != identity.mandate_withdrawn_key("A1", "X")
