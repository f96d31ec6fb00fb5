"""A mail server on a bare machine: everything handed to it ends in a Maildir, nothing leaves."""

import asyncio
import email.policy
import mailbox
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class Delivery:
    """Puts each message into a Maildir as it came, its SMTP envelope in three headers before it; nothing is parsed."""

    def __init__(self, maildir: Path) -> None:
        self._box = mailbox.Maildir(maildir)

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        """Keep one message."""
        head = f"X-Peer: {session.peer}\nX-MailFrom: {envelope.mail_from}\nX-RcptTo: {', '.join(envelope.rcpt_tos)}\n"
        content = envelope.original_content or b""
        self._box.add(head.encode() + content.replace(b"\r\n", b"\n"))
        return "250 OK"


@dataclass(slots=True)
class EmbeddedMail:
    """An SMTP server on loopback inside this process's event loop, delivering into ``maildir``."""

    maildir: Path
    port: int = 0
    host: str = "127.0.0.1"
    _server: asyncio.Server | None = None

    async def start(self) -> "EmbeddedMail":
        """Listen on a free port (or on the one given)."""
        self.maildir.parent.mkdir(parents=True, exist_ok=True)
        handler = Delivery(self.maildir)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(handler, hostname="localhost", enable_SMTPUTF8=True), host=self.host, port=self.port
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """Take no further mail."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def messages(self) -> list[EmailMessage]:
        """Return every message delivered so far, oldest first."""
        return read_maildir(self.maildir)


def read_maildir(maildir: Path) -> list[EmailMessage]:
    """Return the messages of a Maildir in order of arrival."""
    if not maildir.exists():
        return []
    box = mailbox.Maildir(maildir, create=False)
    found = []
    for key in sorted(box.keys()):
        message = email.message_from_bytes(box.get_bytes(key), policy=email.policy.default)
        if isinstance(message, EmailMessage):
            found.append(message)
    return found
