"""A final account's letter says which day was the owner's last, wherever its event tells the exit."""

from datetime import date

from tests.support.letters import ISSUED, a_final_account
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
