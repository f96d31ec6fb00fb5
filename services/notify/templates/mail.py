"""An e-mail made of a letter: text, HTML and PDF, with headers that pass our own check; the same bytes every time."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from services.notify.domain import safety
from services.notify.domain.letter import Letter

_STRUCTURE = {"mime-version", "content-type"}
# What the library adds by itself.


class UnsafeHeaderError(Exception):
    """A header holds what must not leave the house; names the header, never its value."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who writes to whom, and under which name: everything about a message that is not the letter."""

    message_id: str
    sender_name: str
    sender_mailbox: str
    reply_to: str
    recipient_name: str
    recipient_mailbox: str
    dated_on: date

    @property
    def message_id_header(self) -> str:
        """The Message-ID: the same on every attempt, so that a second copy can be recognised."""
        return f"<{self.message_id}@{self.sender_mailbox.rpartition('@')[2]}>"


def compose(letter: Letter, envelope: Envelope, *, text: str, html: str, pdf: bytes, file_name: str) -> bytes:
    """Return the whole message as it goes over the wire; raises ``UnsafeHeaderError``."""
    message = EmailMessage(policy.SMTP)
    for name, value in _headers(letter, envelope).items():
        message[name] = value
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="base64")
    message.add_attachment(pdf, maintype="application", subtype="pdf", filename=file_name)
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(hashlib.sha256(f"{envelope.message_id}|{number}".encode()).hexdigest()[:40])
    composed = message.as_bytes()
    _check(composed, {name.lower() for name in message.keys()} | _STRUCTURE)  # noqa: SIM118 - a message is no dict
    return composed


def _check(composed: bytes, expected: set[str]) -> None:
    """Read the headers back as a mail server would: exactly those we wrote, each once (the library may be wrong)."""
    head = composed.partition(b"\r\n\r\n")[0].decode("ascii")
    names = [line.partition(":")[0].lower() for line in head.split("\r\n") if not line.startswith((" ", "\t"))]
    if sorted(names) != sorted(expected):
        raise UnsafeHeaderError("the header block")


def _headers(letter: Letter, envelope: Envelope) -> dict[str, object]:
    values = {
        "From": _mailbox(envelope.sender_name, envelope.sender_mailbox),
        "To": _mailbox(envelope.recipient_name, envelope.recipient_mailbox),
        "Reply-To": _mailbox("", envelope.reply_to),
        "Subject": letter.subject,
        "Date": format_datetime(datetime.combine(envelope.dated_on, time(8), UTC)),
        "Message-ID": envelope.message_id_header,
        "Auto-Submitted": "auto-generated",
    }
    for name, value in values.items():
        if not safety.is_safe_header(str(value)):
            raise UnsafeHeaderError(name)
    return dict(values)


def _mailbox(name: str, mailbox: str) -> Address:
    local, _, domain = mailbox.rpartition("@")
    return Address(safety.header_text(name), local, domain)
