"""Callers who are slow on purpose, before the real server: staff are answered meanwhile, and they are let go."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter

from shared import web, web_connections, web_frame
from shared.auth import Caller, requires
from shared.health import Health, private_app
from shared.local_issuer import LocalIssuer
from shared.web import create_app
from tests.support.staff import verifier_of
from tests.support.web import exchange, serving
from tests.unit.shared.test_web import router

STRANGERS = 205
HALF_A_HEAD = b"GET /things/t1 HTTP/1.1\r\nHost: h\r\nX-"
BEGUN = b"POST /things HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n%b\r\n{"
"""A request whose body is a thousand bytes, of which one is sent; ``%b`` is room for a header."""

large = APIRouter()


@large.get("/large")
async def much(_: Annotated[Caller, requires("auditor")]) -> str:
    return "x" * 20_000_000


@pytest.fixture
def app(issuer: LocalIssuer) -> Any:
    return create_app("test", [router, large], verifier_of(issuer), open_per_address=3)


def bearer(issuer: LocalIssuer, role: str = "auditor") -> bytes:
    return b"Authorization: Bearer " + issuer.tokens()[role].encode() + b"\r\n"


def ask(issuer: LocalIssuer) -> bytes:
    return b"GET /things/t1 HTTP/1.1\r\nHost: h\r\n" + bearer(issuer) + b"\r\n"


@contextlib.asynccontextmanager
async def hanging_on(
    port: int, many: int, said: bytes, here: str = "127.0.0.1"
) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Open so many connections, say the same on each, and then nothing more."""
    pairs: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    try:
        for _ in range(many):
            pairs.append(await asyncio.open_connection("127.0.0.1", port, local_addr=(here, 0)))
            pairs[-1][1].write(said)
        await asyncio.sleep(0.3)
        yield [reader for reader, _ in pairs]
    finally:
        for _, writer in pairs:
            writer.close()


async def let_go(reader: asyncio.StreamReader, seconds: float = 5) -> bytes:
    """Return what came before the server closed the connection; raises ``TimeoutError`` when it does not."""
    said = b""
    with contextlib.suppress(ConnectionResetError):
        async with asyncio.timeout(seconds):
            while part := await reader.read(65536):
                said += part
    return said


@pytest.mark.parametrize("said", [BEGUN % b"", BEGUN % b"Authorization: Bearer x.y.z\r\n", HALF_A_HEAD, b""])
async def test_staff_are_answered_while_strangers_hang_on(app: Any, issuer: LocalIssuer, said: bytes) -> None:
    async with serving(app) as port, hanging_on(port, STRANGERS, said):
        for _ in range(3):
            assert (await exchange(port, ask(issuer))).startswith(b"HTTP/1.1 200")


async def test_who_opens_too_many_connections_pushes_out_their_own(app: Any, issuer: LocalIssuer) -> None:
    async with serving(app) as port, hanging_on(port, 1, b"", "127.0.0.3") as [staff]:
        async with hanging_on(port, STRANGERS, HALF_A_HEAD, "127.0.0.2") as strangers:
            assert await let_go(strangers[0]) == b""
            assert not staff.at_eof()
        assert (await exchange(port, ask(issuer))).startswith(b"HTTP/1.1 200")


async def test_a_stranger_is_refused_before_the_body_is_read(app: Any) -> None:
    async with serving(app) as port:
        for said in (BEGUN % b"", BEGUN % b"Authorization: Bearer x.y.z\r\n"):
            assert (await exchange(port, said)).startswith(b"HTTP/1.1 401")
        nonsense = b"POST /things HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{"
        assert (await exchange(port, nonsense)).startswith(b"HTTP/1.1 401")
        assert (await exchange(port, b"GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n")).startswith(b"HTTP/1.1 401")


async def test_a_body_that_does_not_come_is_answered_408_and_the_connection_closed(
    app: Any, issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_frame, "BODY_SECONDS", 0.5)
    async with serving(app) as port, hanging_on(port, 1, BEGUN % bearer(issuer, "finance")) as [slow]:
        head, _, body = (await let_go(slow)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in head.lower()
    assert b'"error":"request-timeout"' in body


async def test_bytes_that_trickle_do_not_prolong_a_body(
    app: Any, issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_frame, "BODY_SECONDS", 0.5)
    async with serving(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(BEGUN % bearer(issuer, "finance"))
        trickle = asyncio.create_task(trickling(writer, b" "))
        assert (await let_go(reader)).startswith(b"HTTP/1.1 408")
        trickle.cancel()
        writer.close()


@pytest.mark.parametrize("said", [HALF_A_HEAD, b"", BEGUN % b""])
async def test_a_caller_who_sends_no_whole_request_is_let_go(
    app: Any, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    """Also one who lets a byte trickle now and then, before the head is whole or after the answer to half a body."""
    monkeypatch.setattr(web_connections, "HEAD_SECONDS", 1.0)
    async with serving(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        trickle = asyncio.create_task(trickling(writer, b"a")) if said else None
        answered = await let_go(reader)
        assert answered == b"" or answered.startswith(b"HTTP/1.1 401")
        if trickle is not None:
            trickle.cancel()
        writer.close()


async def trickling(writer: asyncio.StreamWriter, byte: bytes) -> None:
    while not writer.is_closing():
        writer.write(byte)
        await asyncio.sleep(0.1)


async def test_a_caller_who_does_not_read_the_answer_is_let_go(
    app: Any, issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_connections, "READ_SECONDS", 1.0)
    said = b"GET /large HTTP/1.1\r\nHost: h\r\n" + bearer(issuer) + b"\r\n"
    async with serving(app) as port, hanging_on(port, 1, said) as [idle]:
        await asyncio.sleep(3.5)
        assert len(await let_go(idle)) < 20_000_000


async def test_a_caller_who_reads_slowly_gets_the_whole_answer(
    app: Any, issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_connections, "READ_SECONDS", 2.0)
    monkeypatch.setattr(web_connections, "HEAD_SECONDS", 1.0)
    async with serving(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=65536)
        writer.write(b"GET /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + bearer(issuer) + b"\r\n")
        read = 0
        while part := await reader.read(2_000_000):
            read += len(part)
            await asyncio.sleep(0.015)
        writer.close()
    assert read > 20_000_000


async def test_what_a_slow_caller_has_not_taken_waits_where_it_is_seen(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the kernel megabytes would, and over a thin line half a minute would go by without any sign of reading."""
    found: list[int] = []
    made = web_connections.Connection.connection_made

    def look(one: web_connections.Connection, transport: Any) -> None:
        made(one, transport)
        found.append(transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, 25))

    monkeypatch.setattr(web_connections.Connection, "connection_made", look)
    async with serving(app) as port:
        await exchange(port, b"GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n")
    assert found == [65_536]


async def test_one_address_has_a_share_of_the_open_requests(app: Any, issuer: LocalIssuer) -> None:
    """A member of staff whose requests hang on fills their own share, and nobody else's; loopback counts like any."""
    async with serving(app) as port:
        async with hanging_on(port, 3, BEGUN % bearer(issuer, "finance"), "127.0.0.2"):
            refused = await exchange(port, ask(issuer), here="127.0.0.2")
            assert refused.startswith(b"HTTP/1.1 429")
            assert b"retry-after: 1" in refused.lower()
            forged = ask(issuer).replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n")
            assert (await exchange(port, forged, here="127.0.0.2")).startswith(b"HTTP/1.1 429")
            assert (await exchange(port, ask(issuer))).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.2)
        assert (await exchange(port, ask(issuer), here="127.0.0.2")).startswith(b"HTTP/1.1 200")


async def test_probes_are_answered_while_strangers_hang_on_the_private_port() -> None:
    probe = b"GET /livez HTTP/1.1\r\nHost: h\r\n\r\n"
    async with serving(private_app(Health("billing"))) as port, hanging_on(port, STRANGERS, HALF_A_HEAD):
        assert (await exchange(port, probe)).startswith(b"HTTP/1.1 200")


async def test_every_place_of_the_server_taken_is_503_and_passes(
    app: Any, issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests that are being answered are not thrown out for new ones."""
    monkeypatch.setattr(web, "MOST_CONNECTIONS", 3)
    async with serving(app) as port:
        async with hanging_on(port, 2, BEGUN % bearer(issuer, "finance")):
            assert (await exchange(port, ask(issuer))).startswith(b"HTTP/1.1 503")
        await asyncio.sleep(0.2)
        assert (await exchange(port, ask(issuer))).startswith(b"HTTP/1.1 200")
