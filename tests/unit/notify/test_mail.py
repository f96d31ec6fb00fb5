"""A composed message is read by any mail program as what was put in: text, page and PDF, whatever is in them."""

import email
import email.policy
from email.message import EmailMessage

from hypothesis import given
from hypothesis import strategies as st

from services.notify.templates.mail import Envelope, compose
from tests.support.letters import ISSUED, a_statement
from tests.unit.notify.cases import a_case, written

LETTER = written(a_case(a_statement()))
ENVELOPE = Envelope("0b2c", "Rowanbank", "f@rowanbank.example", "f@rowanbank.example", "Eve", "eve@b.org", ISSUED)

lines = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200)
pages = st.lists(lines, max_size=12).map(lambda found: "".join(f"{line}\n" for line in found))


def composed(text: str = "text\n", html: str = "<p>page</p>", pdf: bytes = b"%PDF-") -> bytes:
    return compose(LETTER, ENVELOPE, text=text, html=html, pdf=pdf, file_name="statement.pdf")


def read(raw: bytes) -> list[EmailMessage]:
    message = email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.SMTP)
    assert not [part.defects for part in message.walk() if part.defects]
    return [part for part in message.walk() if isinstance(part, EmailMessage)]


def test_its_parts_are_alternatives_and_an_attachment() -> None:
    assert [part.get_content_type() for part in read(composed())] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf"
    ]  # fmt: skip


@given(pages, pages, st.binary(max_size=400))
def test_every_part_is_read_back_as_it_was_written(text: str, html: str, pdf: bytes) -> None:
    _, _, plain, page, attachment = read(composed(text, html, pdf))
    assert plain.get_content() == text.replace("\n", "\r\n")
    assert page.get_content() == html.replace("\n", "\r\n")
    assert attachment.get_content() == pdf
    assert attachment.get_filename() == "statement.pdf"


@given(pages)
def test_no_line_is_longer_than_mail_allows(text: str) -> None:
    raw = composed(text, text)
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert b"\n" not in raw.replace(b"\r\n", b"")
    raw.decode("ascii")
