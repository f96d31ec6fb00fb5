"""The dialogue with a mail server: one envelope recipient, a deadline for every command, and an honest answer."""

import asyncio
import re
import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal

from aiosmtplib import SMTP, SMTPException, SMTPResponseException
from pydantic import SecretStr

from services.notify.domain.dispatch import Answer
from shared.tls import client_context

_DIALOGUE_SECONDS = 90.0
_LEADING_DOT = re.compile(rb"(?m)^\.")
_START_INPUT = 354


@dataclass(frozen=True, slots=True)
class MailAddress:
    """Where the mail server is and how to speak to it; ``none`` sends in clear and is for a server on the same host."""

    host: str
    port: int
    tls: Literal["starttls", "tls", "none"]
    sender: str
    ca: Path | None = None
    username: str | None = None
    password: SecretStr | None = None
    command_seconds: float = 30.0

    @property
    def context(self) -> ssl.SSLContext | None:
        """What the connection is encrypted with, if it is."""
        if self.tls == "none":
            return None
        return client_context(str(self.ca) if self.ca else None)


class Phase(StrEnum):
    """How far a dialogue got."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "message"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one attempt; ``said`` is a code and a phase: the server's own words may name people."""

    answer: Answer
    said: str
    code: int = 0


@dataclass(slots=True)
class MailServer:
    """One connection to a mail server, kept over many messages."""

    address: MailAddress
    _client: SMTP | None = None
    _served: int = 0
    _phase: Phase = field(default=Phase.MAIL)

    async def connect(self) -> str | None:
        """Have a connection, encrypted as the settings demand; returns what went wrong, or None."""
        if self._client is not None and self._client.is_connected:
            return None
        try:
            client = self._new_client()
            await client.connect()
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            return type(error).__name__
        self._client, self._served = client, 0
        return None

    def _new_client(self) -> SMTP:
        address = self.address
        return SMTP(
            hostname=address.host,
            port=address.port,
            use_tls=address.tls == "tls",
            # True, not None: a server that does not offer STARTTLS gets nothing.
            start_tls=address.tls == "starttls",
            tls_context=address.context,
            username=address.username,
            password=address.password.get_secret_value() if address.password else None,
            local_hostname=address.sender.rpartition("@")[2],
            timeout=address.command_seconds,
        )

    async def hand_over(self, recipient: str, body: bytes) -> Delivery:
        """Hand one message to the server for one recipient.

        A server may end a connection that has served for a while: then once more, at once, on a new one.
        """
        served, delivery = self._served, await self._attempt(recipient, body)
        ended = delivery.answer is Answer.NOT_NOW and self._client is None and self._phase is Phase.MAIL
        if ended and served and await self.connect() is None:
            return await self._attempt(recipient, body)
        return delivery

    async def _attempt(self, recipient: str, body: bytes) -> Delivery:
        """Before the last byte is written every failure is harmless; from then on silence may hide an acceptance."""
        assert self._client is not None
        self._phase = Phase.MAIL
        try:
            async with asyncio.timeout(_DIALOGUE_SECONDS):
                code = await self._speak(self._client, recipient, body)
        except SMTPResponseException as error:
            await self._rest_after(error.code)
            return self._refused(error.code)
        except (SMTPException, OSError, TimeoutError) as error:
            self.close()
            silent = self._phase is Phase.BODY
            return Delivery(Answer.SILENCE if silent else Answer.NOT_NOW, f"{type(error).__name__} after {self._phase}")
        self._served += 1
        return Delivery(Answer.ACCEPTED, f"{code} after {self._phase}", code)

    async def _speak(self, client: SMTP, recipient: str, body: bytes) -> int:
        await client.mail(self.address.sender)
        self._phase = Phase.RCPT
        await client.rcpt(recipient)
        self._phase = Phase.DATA
        start = await client.execute_command(b"DATA")
        if start.code != _START_INPUT:
            raise SMTPResponseException(start.code, "")
        protocol = client.protocol
        assert protocol is not None
        self._phase = Phase.BODY
        # Written and awaited without a pause between, so no answer can come before it is expected.
        protocol.write(_LEADING_DOT.sub(b"..", body) + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        answer = await protocol.read_response(timeout=self.address.command_seconds)
        if not 200 <= answer.code < 300:
            raise SMTPResponseException(answer.code, "")
        return answer.code

    def _refused(self, code: int) -> Delivery:
        said = f"{code} after {self._phase}"
        if 500 <= code < 600:
            return Delivery(Answer.REFUSED, said, code)
        if 400 <= code < 500 or self._phase is not Phase.BODY:
            return Delivery(Answer.NOT_NOW, said, code)
        return Delivery(Answer.SILENCE, said, code)

    async def _rest_after(self, code: int) -> None:
        """Begin anew on the same connection if the server keeps it open."""
        if self._client is None or code == 421 or not 400 <= code < 600:
            self.close()
            return
        try:
            await self._client.rset()
        except (SMTPException, OSError, TimeoutError):
            self.close()

    async def leave(self) -> None:
        """Say goodbye; a server that does not answer is left all the same."""
        client, self._client = self._client, None
        if client is None:
            return
        try:
            async with asyncio.timeout(1):
                await client.quit()
        except (SMTPException, OSError, TimeoutError):
            client.close()

    def close(self) -> None:
        """Drop the connection."""
        if self._client is not None:
            self._client.close()
        self._client = None
