"""The staff API on a real port, and callers that write their bytes themselves."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.types import ASGIApp

from shared.web import WebServer


@contextlib.asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[int]:
    """Serve ``app`` on a free port of this machine and give its number."""
    server = WebServer(app, host="127.0.0.1", port=0)
    port = server.bind()
    task = asyncio.create_task(server.run())
    await server.started()
    try:
        yield port
    finally:
        server.stop()
        await asyncio.wait_for(task, 10)


async def exchange(port: int, said: bytes, *, here: str = "127.0.0.1") -> bytes:
    """Say something from the address ``here`` and return the answer's head and what came with it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(here, 0))
    try:
        writer.write(said)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        return head + await asyncio.wait_for(reader.readexactly(length), 10)
    finally:
        writer.close()
