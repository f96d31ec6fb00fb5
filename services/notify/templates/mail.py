"""An e-mail made of a letter: text, HTML and PDF, with headers that pass our own check; the same bytes every time."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from services.notify.domain import safety
from services.notify.domain.letter import Letter


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
    """Return the whole message as it goes over the wire; ``file_name`` is ours; raises ``UnsafeHeaderError``.

    The library writes the headers, the only place for somebody's words to do harm. The parts below them are always the
    same three and coded by themselves: the library would take as long for them as the PDF took to make.
    """
    outer, inner = (hashlib.sha256(f"{envelope.message_id}|{part}".encode()).hexdigest()[:40] for part in (0, 1))
    message = EmailMessage(policy.SMTP)
    for name, value in _headers(letter, envelope).items():
        message[name] = value
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = f'multipart/mixed; boundary="{outer}"'
    message.set_payload("")
    head = message.as_bytes()
    _check(head, {name.lower() for name in message.keys()})  # noqa: SIM118 - a message is no dict
    versions = _multipart(inner, _text_part(text), _coded_part("text/html; charset=utf-8", _lines(html)))
    attachment = _coded_part("application/pdf", pdf, f'Content-Disposition: attachment;\r\n filename="{file_name}"\r\n')
    nested = f'Content-Type: multipart/alternative;\r\n boundary="{inner}"\r\n\r\n'.encode() + versions
    return head + _multipart(outer, nested, attachment)


def _multipart(boundary: str, *parts: bytes) -> bytes:
    """Return the parts between their boundary lines (RFC 2046 5.1); a part begins with its own headers."""
    line = f"--{boundary}".encode()
    return b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"


def _text_part(text: str) -> bytes:
    head = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return head + binascii.b2a_qp(_lines(text))


def _lines(text: str) -> bytes:
    """Return a text as it stands in mail: every line ends with CRLF (RFC 2046 4.1.1)."""
    return text.replace("\n", "\r\n").encode()


def _coded_part(media_type: str, content: bytes, disposition: str = "") -> bytes:
    head = f"Content-Type: {media_type}\r\nContent-Transfer-Encoding: base64\r\n{disposition}\r\n"
    return head.encode() + base64.encodebytes(content).replace(b"\n", b"\r\n")


def _check(head: bytes, expected: set[str]) -> None:
    """Read the headers back as a mail server would: exactly those we wrote, each once (the library may be wrong)."""
    lines = head.removesuffix(b"\r\n\r\n").decode("ascii").split("\r\n")
    names = [line.partition(":")[0].lower() for line in lines if not line.startswith((" ", "\t"))]
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
