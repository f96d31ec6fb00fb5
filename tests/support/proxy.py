"""A TCP proxy of the test kit: what a network may do to a connection, done on purpose between two real programs."""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

_RESET = struct.pack("ii", 1, 0)
_CHUNK = 64 * 1024


@dataclass
class Proxy:
    """Listens on loopback and passes bytes on to ``target_port``, slower, altered or not at all as told.

    ``delay_s`` is waited before each piece, ``silent`` swallows everything without a word (a black hole).
    ``towards_server`` and ``towards_client`` see each piece and may alter it; None cuts the connection instead.
    """

    target_port: int
    port: int = 0
    delay_s: float = 0.0
    silent: bool = False
    towards_server: Callable[[bytes], bytes | None] | None = None
    towards_client: Callable[[bytes], bytes | None] | None = None
    host: str = "127.0.0.1"
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self) -> "Proxy":
        """Listen; after ``stop`` on the port of before."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """Refuse new connections and cut those there are."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()

    def heal(self) -> None:
        """Pass everything on again at once; connections that lost bytes are cut, as their ends would find out."""
        self.delay_s, self.towards_server, self.towards_client = 0.0, None, None
        if self.silent:
            self.silent = False
            self.cut()

    def cut(self) -> None:
        """Reset every connection (RST), in both directions."""
        for writer in list(self._writers):
            _reset(writer)

    def half_close(self) -> None:
        """Say on every connection that no more comes (FIN), and still take what the other side sends."""
        for writer in list(self._writers):
            with suppress(OSError):
                writer.write_eof()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            _reset(writer)
            return
        self._writers |= {writer, back}
        try:
            await asyncio.gather(self._pass(reader, back, onward=True), self._pass(there, writer, onward=False))
        finally:
            self._writers -= {writer, back}
            for each in (writer, back):
                _reset(each)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, onward: bool) -> None:
        with suppress(OSError, RuntimeError):
            while piece := await reader.read(_CHUNK):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                alter = self.towards_server if onward else self.towards_client
                passed = alter(piece) if alter else piece
                if passed is None:
                    self.cut()
                    return
                if not self.silent:
                    writer.write(passed)
                    await writer.drain()
            writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
