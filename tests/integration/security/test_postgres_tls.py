"""PostgreSQL over TLS: where a service is told to insist on it, nothing is said in clear and to nobody else."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from shared.db.engine import connect
from tests.support.certificates import ELSEWHERE, make_authority

_SSL_REQUEST = bytes.fromhex("0000000804d2162f")


@asynccontextmanager
async def stand_in(answer: bytes, server: Path) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that answers the wish for TLS with ``answer`` and keeps what it is told afterwards."""
    heard: list[bytes] = []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(server)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(8))
        writer.write(answer)
        try:
            if answer == b"S":
                await writer.start_tls(context)
            heard.append(await reader.read(256))
        except OSError:
            pass  # the client went away: what it said until then counts
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1], heard


def _url(port: int, mode: str, authority: Path) -> str:
    return f"postgresql://billing_app:secret@127.0.0.1:{port}/billing?sslmode={mode}&sslrootcert={authority}"


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
async def test_a_server_without_tls_is_told_nothing(tmp_path: Path, mode: str) -> None:
    authority, server = make_authority(tmp_path)
    async with stand_in(b"N", server) as (port, heard):
        with pytest.raises(OSError, match="rejected SSL upgrade"):
            await connect(_url(port, mode, authority), application_name="tests")
    assert [piece for piece in heard if piece] == [_SSL_REQUEST]


async def test_a_server_that_another_authority_vouches_for_is_told_nothing(tmp_path: Path) -> None:
    authority, _ = make_authority(tmp_path)
    _, stranger = make_authority(tmp_path, "stranger")
    async with stand_in(b"S", stranger) as (port, heard):
        with pytest.raises(ssl.SSLCertVerificationError):
            await connect(_url(port, "verify-full", authority), application_name="tests")
    assert [piece for piece in heard if piece] == [_SSL_REQUEST]


async def test_a_server_with_a_certificate_of_another_name_is_told_nothing(tmp_path: Path) -> None:
    authority, server = make_authority(tmp_path, names=ELSEWHERE)
    async with stand_in(b"S", server) as (port, heard):
        with pytest.raises(ssl.SSLCertVerificationError, match=r"certificate is not valid for '127\.0\.0\.1'"):
            await connect(_url(port, "verify-full", authority), application_name="tests")
    assert [piece for piece in heard if piece] == [_SSL_REQUEST]


async def test_the_right_server_is_spoken_to_inside_tls(tmp_path: Path) -> None:
    authority, server = make_authority(tmp_path)
    async with stand_in(b"S", server) as (port, heard):
        with pytest.raises(asyncpg.ConnectionDoesNotExistError):  # it is no PostgreSQL: it hangs up
            await connect(_url(port, "verify-full", authority), application_name="tests")
    assert b"billing_app" in heard[1]
