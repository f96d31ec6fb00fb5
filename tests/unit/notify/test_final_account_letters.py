"""A final account's letter says which day was the owner's last, and which days of a cost over days are theirs."""

from datetime import date
from typing import Any

from services.notify.domain.statements import note_of
from shared.events.billing import LineKind
from tests.support.letters import ISSUED, a_charge_line, a_final_account, a_statement
from tests.support.pdf_text import words_of
from tests.unit.notify.cases import a_case, pdf_press, texts, written


def test_all_three_pages_name_the_last_day_and_the_first_that_is_not_the_owners() -> None:
    case = a_case(a_final_account(exit_on=date(2028, 3, 1)))
    for page in (*texts(case), words_of(pdf_press().press(written(case), ISSUED))):
        words = " ".join(page.split())
        assert "charged to you up to and including 29 February 2028." in words
        assert "From 1 March 2028 on they are not yours." in words


def test_one_that_tells_no_exit_names_no_day() -> None:
    """As billing said them before it told the day."""
    for page in texts(a_case(a_final_account(exit_on=None))):
        assert "Your final account" in page
        assert "up to and including" not in page


DAYS: dict[str, Any] = {
    "period_from": date(2028, 1, 1), "period_to": date(2028, 3, 31), "owned_from": date(2028, 2, 29),
    "owned_to": date(2028, 3, 31),
}  # fmt: skip


def test_a_line_whose_days_are_not_all_the_owners_says_which_are_on_all_three_pages_of_both_documents() -> None:
    line = a_charge_line(**DAYS)
    for case in (a_case(a_final_account(line)), a_case(a_statement(line))):
        for page in (*texts(case), words_of(pdf_press().press(written(case), ISSUED))):
            assert "Your days: 29 Feb 2028 to 31 Mar 2028, 32 of 91" in " ".join(page.split())


def test_a_credit_says_why_and_then_its_days() -> None:
    line = a_charge_line(-500, kind=LineKind.CREDIT, reason="Twice billed", **DAYS | {"owned_from": DAYS["owned_to"]})
    assert note_of(line) == "Credit: Twice billed. Your days: 31 Mar 2028 to 31 Mar 2028, 1 of 91"


def test_a_line_that_tells_only_the_period_says_nothing_of_days() -> None:
    assert note_of(a_charge_line(period_from=DAYS["period_from"], period_to=DAYS["period_to"])) == ""
