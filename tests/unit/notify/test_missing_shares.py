"""The notice of a missing share: the cost, what is missing, the owner's part, and nothing about anybody else."""

import re

from tests.support.letters import ISSUED, a_share_notice
from tests.unit.notify.cases import a_case, pdf_press, texts, written


def test_it_says_the_whole_cost_what_is_missing_the_owners_part_and_what_happens_next() -> None:
    """Rule 5 of the Tenement Management Scheme; domain.md 3.12 and 5."""
    case = a_case(a_share_notice())
    for page in texts(case):
        joined = " ".join(page.split())
        for words in (
            "Roof: replace slipped slates", "The whole cost is £1,600.00", "£200.00 is missing",
            "The part of Flat 2/1, 14 Alder Street, Glasgow G42 8AB is 1/7, and yours of that is £28.57",
            "rule 5 of the Tenement Management Scheme",
            "stays liable for all of it", "given back to you and the others",
        ):  # fmt: skip
            assert words in joined
    assert pdf_press().press(written(case), ISSUED).startswith(b"%PDF-")


def test_its_words_hold_for_a_part_on_a_statement_already_and_for_one_to_come() -> None:
    """Charges from before the letter, and who comes to carry one later, may have had the statement."""
    for page in texts(a_case(a_share_notice())):
        joined = " ".join(page.split())
        assert "No bill: it is charged on a statement of yours" in joined
        assert "The £28.57 is on a statement that you have had, or will be on one to come" in joined
        assert not re.search(r"next statement|need not pay", joined, re.IGNORECASE)


def test_it_does_not_say_who_or_why() -> None:
    letter = repr(written(a_case(a_share_notice())))
    assert "may not tell you which owner it is" in letter
    assert not re.search(r"bankrupt|sequestrat|insolven|die|dead|untrace|debt", letter, re.IGNORECASE)
    assert "R5:" not in letter
