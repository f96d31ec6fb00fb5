"""A mail server that does as each recipient's script says: greylists, refuses, drops the line, dawdles."""

import asyncio
import ssl
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

DROP, DAWDLE = "drop", "dawdle"


@dataclass
class PostOffice:
    """``script[recipient]`` lists what happens to attempts, in order; then everything is accepted.

    An entry is a phase and an answer: ``("RCPT", "450 later")``, ``("DATA", "554 no")``, ``("DATA", DROP)``.
    ``told`` is whatever a client gave away before the message: passwords and recipients.
    """

    script: defaultdict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    seen: list[tuple[str, bytes]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None
    _open: list[SMTP] = field(default_factory=list)
    _offered: ssl.SSLContext | None = None

    async def open(self, tls: Literal["starttls", "tls", "none"] = "none", certificate: Path | None = None) -> None:
        """Listen, in clear, with an offer of STARTTLS, or for TLS from the first byte; ``certificate`` has the key."""
        context = None
        if certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
        self._offered = context if tls == "starttls" else None
        implicit = context if tls == "tls" else None
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._new, host="127.0.0.1", port=self.port, ssl=implicit)
        self.port = self._server.sockets[0].getsockname()[1]

    def _new(self) -> SMTP:
        made = SMTP(
            self, hostname="localhost", tls_context=self._offered, authenticator=self._let_in, auth_require_tls=False
        )
        self._open.append(made)
        return made

    def _let_in(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: Any) -> AuthResult:
        self.told.append(given.password.decode())
        return AuthResult(success=True)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server = None
        self.hang_up()

    def hang_up(self) -> None:
        """End every open connection without a word."""
        for connection in self._open:
            transport: Any = connection.transport
            if transport is not None:
                transport.abort()
        self._open.clear()

    def _next(self, recipient: str, phase: str) -> str | None:
        steps = self.script[recipient]
        if steps and steps[0][0] == phase:
            return steps.pop(0)[1]
        return None

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.told.append(address)
        answer = self._next(address, "RCPT")
        if answer == DAWDLE:
            await asyncio.sleep(30)
        if answer is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        (recipient,) = envelope.rcpt_tos
        body = envelope.content
        assert isinstance(body, bytes)
        answer = self._next(recipient, "DATA")
        self.seen.append((recipient, body))
        if answer is None or answer == DROP:
            self.taken.append((recipient, body))
        if answer == DROP:
            server.transport.abort()
        if answer == DAWDLE:
            await asyncio.sleep(30)
        return "250 taken" if answer in {None, DROP, DAWDLE} else str(answer)

    def to(self, recipient: str) -> list[bytes]:
        """Return what was taken for one recipient, however often."""
        return [body for name, body in self.taken if name == recipient]
