"""What letters say, and that nobody's words become markup or reach anybody else."""

import re
import string
from datetime import date
from email import message_from_bytes, policy
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.domain.writing import Matter, Welcome
from services.notify.templates.mail import Envelope, compose
from shared.events.billing import LineKind
from shared.events.housing import ChargeKind
from tests.support.letters import (
    ISSUED,
    a_charge_line,
    a_fee_notice,
    a_final_account,
    a_mandate_end,
    a_notice,
    a_payment_line,
    a_relief_ended,
    a_share_notice,
    a_stage,
    a_statement,
)
from tests.support.pdf_text import words_of
from tests.unit.notify.cases import a_case, a_recipient, pages, pdf_press, texts, written

NASTY = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{7*7}}", "{% include 'x' %}", "$name ${phone}",
    "javascript:alert(1)", "#read(\"/etc/passwd\")", "*bold* _it_ @ref \\ `raw`", "</td></table>", "[[statement]]",
]  # fmt: skip
MATTERS: list[Matter] = [
    a_statement(), a_stage(1), a_stage(2), Welcome(date(2026, 2, 17)), a_fee_notice(), a_mandate_end(),
    a_share_notice(), a_relief_ended(), a_final_account(), a_notice(),
]  # fmt: skip


class Links(HTMLParser):
    """Collects tags and every address a page could load or lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "action", "background"}]


@pytest.mark.parametrize("nasty", NASTY)
def test_what_people_write_is_shown_literally(nasty: str) -> None:
    statement = a_statement(a_charge_line(description=nasty, kind=LineKind.CREDIT, reason=nasty))
    text, html = texts(a_case(statement, recipient=a_recipient(name=nasty)))
    page = Links()
    page.feed(html)
    assert text.count(nasty) == 3
    assert "script" not in page.tags
    assert "img" not in page.tags


@pytest.mark.parametrize("nasty", NASTY)
def test_a_pdf_is_made_whatever_people_write(nasty: str) -> None:
    case = a_case(a_statement(a_charge_line(description=nasty)), recipient=a_recipient(name=nasty))
    assert pdf_press().press(written(case), ISSUED).startswith(b"%PDF-")


@pytest.mark.parametrize("matter", MATTERS, ids=lambda matter: type(matter).__name__)
def test_pages_load_nothing_and_lead_only_to_our_own_host(matter: Matter) -> None:
    page = Links()
    page.feed(texts(a_case(matter))[1])
    assert set(page.addresses) == {"https://www.rowanbank.example"}


@pytest.mark.parametrize("matter", MATTERS, ids=lambda matter: type(matter).__name__)
def test_every_letter_says_who_writes_to_whom_about_what(matter: Matter) -> None:
    case = a_case(matter)
    for page in texts(case):
        joined = " ".join(page.split())
        for words in (
            "PF000123", "0141 496 0123", "0141 496 0999", "factoring@rowanbank.example", "12 Rowan Street",
            "F000000000A1", "Flat 2/1, 14 Alder Street, Glasgow G42 8AB", "Aileen MacDonald",
            "large print", "First-tier Tribunal", "Account number", written(case).template_version,
        ):  # fmt: skip
            assert words in joined


def test_a_statement_shows_how_its_balance_came_about() -> None:
    statement = a_statement(a_charge_line(), a_payment_line(), a_charge_line(2000, "C2", kind=LineKind.FEE))
    text, _ = texts(a_case(statement))
    for words in ("January to March 2026", "Brought forward: £95.50",
                  "Roof: replace slipped slates: £148.15",
                  "whole cost £1,000.00, your share 4/27, VAT included £24.69", "Fees",
                  "Payment received, thank you: -£95.50", "Balance to pay by 29 April 2026: £168.15"):  # fmt: skip
        assert words in text


@pytest.mark.parametrize(
    ("brought_forward", "headline", "asks_to_pay"),
    [(9550, "To pay: £148.15", True), (-5265, "Nothing to pay: £0.00", False), (-10000, "In credit: £47.35", False)],
)
def test_only_a_balance_to_pay_asks_for_money(brought_forward: int, headline: str, asks_to_pay: bool) -> None:
    text, _ = texts(a_case(a_statement(brought_forward=brought_forward)))
    assert headline in text
    assert ("How to pay" in text) is asks_to_pay


def test_case_19_a_statement_in_credit_offers_the_money_back() -> None:
    """domain.md 9.19: it stays credit, and a refund is offered; only the association refunds, to where it came from."""
    text, _ = texts(a_case(a_statement(brought_forward=-10000)))
    assert "The credit counts towards your next statement, unless you ask us for it back." in text


def test_a_reminder_says_what_is_overdue_since_when_and_by_when_to_pay() -> None:
    text, _ = texts(a_case(a_stage(1), descriptions={"C1": "Roof: replace slipped slates"}))
    for words in ("Roof: replace slipped slates: £148.15", "was due on 29 Apr 2026, 7 days overdue",
                  "Overdue on 6 May 2026: £148.15", "Please pay £148.15 by 20 May 2026"):  # fmt: skip
        assert words in text


def test_the_second_reminder_names_free_advice_and_offers_a_plan() -> None:
    text, _ = texts(a_case(a_stage(2)))
    for words in ("Citizens Advice Scotland", "StepChange", "National Debtline", "Let us agree a plan"):
        assert words in text


def test_the_first_reminder_threatens_nothing() -> None:
    text, _ = texts(a_case(a_stage(1)))
    assert not re.search(r"court|liability|legal|fee\b", text, re.IGNORECASE)


def test_an_increase_says_old_and_new_the_day_and_why() -> None:
    text, html = texts(a_case(a_fee_notice()))
    for page in (text, html):
        joined = " ".join(page.split())
        for words in ("Your management fee goes up", "£168.00 a year", "From 1 July 2026 it will be £192.00 a year",
                      "four sums a year, £32.00 of it tax", "Wages rose by 4 %"):  # fmt: skip
            assert words in joined
        assert "neighbours" not in joined
    assert pdf_press().press(written(a_case(a_fee_notice())), ISSUED).startswith(b"%PDF-")


def test_an_increase_of_a_pool_names_the_share() -> None:
    pool = a_fee_notice(
        kind=ChargeKind.INSURANCE, share="3/27", old_pence=4_200_00, new_pence=4_500_00, new_tax_pence=0
    )
    text, _ = texts(a_case(pool))
    for words in ("buildings insurance", "share with your neighbours", "Your share is 3/27", "four sums a year. Your"):
        assert words in " ".join(text.split())


def test_the_same_letter_is_the_same_bytes() -> None:
    letter = written(a_case(a_statement()))
    assert pdf_press().press(letter, ISSUED) == pdf_press().press(letter, ISSUED)


canaries = st.text(string.ascii_uppercase, min_size=12, max_size=20).map(lambda word: f"CANARY{word}")


@settings(max_examples=15)
@given(st.lists(canaries, min_size=8, max_size=8, unique=True), st.sampled_from([1, 2]), st.booleans())
def test_a_message_to_one_owner_never_holds_anything_of_another(words: list[str], stage: int, dunning: bool) -> None:
    messages = [_message(words[start : start + 4], stage, dunning) for start in (0, 4)]
    for message, others in zip(messages, (words[4:], words[:4]), strict=True):
        assert not [word for word in others if word in message]
    assert all(word in messages[0] for word in words[:3])


def _message(words: list[str], stage: int, dunning: bool) -> str:
    """Return everything in one owner's message: headers, text, HTML, and what the PDF was given."""
    name, place, description, ref = words
    matter: Matter = a_stage(stage, ref=ref[:12]) if dunning else a_statement(a_charge_line(description=description))
    recipient = a_recipient(name=name, mailbox=f"{name.lower()}@example.org")
    case = a_case(matter, recipient=recipient, descriptions={"C1": description}, unit_lines=(place,))
    letter = written(case)
    envelope = Envelope("0b2c", "Rowanbank", "f@rowanbank.example", "f@rowanbank.example", name, "a@b.org", ISSUED)
    raw = compose(
        letter, envelope, text=pages().text(letter), html=pages().html(letter), pdf=b"%PDF-", file_name="x.pdf"
    )
    message = message_from_bytes(raw, policy=policy.default)
    parts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    return "\n".join([str(message["To"]), str(message["Subject"]), *parts, repr(letter)])


def test_a_statement_of_a_dozen_lines_is_one_sheet_of_paper() -> None:
    """A second sheet for three lines of small print costs paper and postage with every letter."""
    lines = [a_charge_line(1_000 + nth, f"C{nth}") for nth in range(11)]
    statement = a_statement(*lines, a_payment_line(-9_000))
    assert "Page 1 of 1" in words_of(pdf_press().press(written(a_case(statement)), ISSUED))
