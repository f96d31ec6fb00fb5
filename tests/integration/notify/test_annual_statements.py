"""The annual statement on its way: one letter for an account and a year, its PDF in the mail or in the print folder."""

import email
import email.policy
from datetime import date, timedelta
from pathlib import Path

from shared.events.billing import AnnualFund, AnnualStatementIssued
from tests.integration.notify.conftest import DAY, Office
from tests.support.letters import an_annual_statement, by_post
from tests.support.pdf_text import words_of


def first(**more: object) -> AnnualStatementIssued:
    return an_annual_statement(account_ref="F00000000001", **more)


async def letters(office: Office) -> list[tuple[str, date]]:
    rows = await office.rows(
        "select account_id, dated_on from notify.messages where template = 'annual-statement' order by 1, 2"
    )
    return [(row["account_id"], row["dated_on"]) for row in rows]


async def test_a_year_said_again_makes_no_second_letter(office: Office) -> None:
    await office.close_of()
    assert await office.hear(first(), event_id="n1") == ["D"]
    assert await office.hear(first(), event_id="n2") == ["U"]
    assert await office.hear(first(issued_on=date(2026, 1, 6)), event_id="n3") == ["X"]
    assert await office.hear(first(year=2024), event_id="n4") == ["D"]
    await office.work()
    await office.work(DAY + timedelta(days=1))
    assert await letters(office) == [("A1", date(2026, 1, 5))] * 2


async def test_the_mail_carries_the_pdf_with_the_year_in_it(office: Office) -> None:
    await office.close_of()
    await office.hear(first(float_held_pence=150_00, reserve_fund=AnnualFund(fund_id="B1", left_pence=987_65)))
    await office.work()
    await office.send()
    [row] = await office.rows(
        "select body from notify.messages join notify.contents using (message_id) where template = 'annual-statement'"
        " and state = 'handed-over'"
    )
    message = email.message_from_bytes(row["body"], policy=email.policy.default)
    [pdf] = [part for part in message.walk() if part.get_content_type() == "application/pdf"]
    assert pdf.get_filename() == "F00000000001-annual-statement-2026-01-05.pdf"
    words = words_of(pdf.get_content())
    assert "Your annual statement for 2025" in words
    assert "Roof: replace slipped slates (done on 20 Jan 2025) £1,000.00 3/10 £50.00 £300.00" in words
    assert "We hold £150.00 of yours as a float." in words
    assert "The reserve fund that your home pays into held £987.65 on 31 December 2025" in words


async def test_who_wants_post_gets_it_on_paper(office: Office, tmp_path: Path) -> None:
    await office.close_of()
    await office.hear(by_post("P1"))
    await office.hear(first())
    await office.work()
    await office.print(tmp_path)
    assert "Flat 1" in words_of(printed(tmp_path))


def printed(folder: Path) -> bytes:
    [paper] = folder.glob("*/F00000000001-annual-statement-2026-01-05-*.pdf")
    return paper.read_bytes()
