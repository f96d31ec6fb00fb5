"""A statement names the float that is held, as money of the owner's that no figure of the balance counts."""

from tests.support.letters import ISSUED, a_statement
from tests.support.pdf_text import words_of
from tests.unit.notify.cases import a_case, pdf_press, texts, written

SAID = "On 1 April 2026 we hold £150.00 of yours as a float. It is your money and no part of the balance above"


def test_all_three_pages_say_what_is_held() -> None:
    case = a_case(a_statement(float_held=150_00))
    pdf = words_of(pdf_press().press(written(case), ISSUED))
    for page in (*texts(case), pdf):
        words = " ".join(page.split())
        assert SAID in words
        assert "Balance to pay by 29 April 2026" in words
        assert "£148.15" in words


def test_without_a_float_no_word_is_lost_about_one() -> None:
    for page in texts(a_case(a_statement())):
        assert "as a float" not in " ".join(page.split())
