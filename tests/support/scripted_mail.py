"""A mail server that misbehaves as told: away, deferring, or silent after the last dot."""

import asyncio
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

_LARGEST = 16 * 1024 * 1024


@dataclass
class ScriptedMail:
    """SMTP on loopback inside the test; what reached its final dot is kept, in order of arrival.

    ``drop_after_dot``: so many more messages are taken, and the connection cut instead of an answer.
    """

    host: str = "127.0.0.1"
    port: int = 0
    drop_after_dot: int = 0
    taken: list[bytes] = field(default_factory=list)
    refused: int = 0
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self) -> "ScriptedMail":
        """Listen; after ``stop`` on the port of before."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port, limit=_LARGEST)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """Go away: nobody listens any more and every connection is cut."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    def messages(self) -> list[EmailMessage]:
        """Return every message taken, oldest first."""
        return [message_from_bytes(body, policy=policy.default) for body in self.taken]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._speak(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 scripted ESMTP\r\n")
        while line := await reader.readline():
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                self.taken.append(await reader.readuntil(b"\r\n.\r\n"))
                if self.drop_after_dot:
                    self.drop_after_dot -= 1
                    writer.transport.abort()
                    return
                writer.write(b"250 taken\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                return
            else:
                writer.write(b"250 scripted\r\n")
            await writer.drain()
