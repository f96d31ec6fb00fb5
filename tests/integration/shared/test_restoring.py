"""Backups that end before they are done: what was exchanged is said, and which file cannot be written or read."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from shared.cli import backup
from shared.cli.databases import Databases
from shared.cli.environment import Environment
from shared.cli.main import run
from tests.integration.shared.conftest import Server

Closebook = Callable[..., Awaitable[str]]


@pytest.fixture
async def closebook(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Closebook]:
    """Gives a command over two databases of its own; returns what it tells."""
    named = {
        "CLOSEBOOK_POSTGRES": server.admin,
        "CLOSEBOOK_OWNERS_DATABASE": "owners_halfway",
        "CLOSEBOOK_BILLING_DATABASE": "billing",
    }
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    databases = Databases(Environment(named, Path("nowhere/stack.env")))
    await databases.make("owners", "owners_halfway")

    async def give(*words: str, code: int = 0) -> str:
        assert await asyncio.to_thread(run, words) == code
        told = capsys.readouterr()
        return " ".join(f"{told.out}{told.err}".split())

    yield give
    async with databases.connected() as connection:
        left = await connection.fetch("select datname from pg_database where datname like 'owners\\_halfway%'")
    for row in left:
        await databases.drop(row["datname"])


@pytest.fixture
async def damaged(closebook: Closebook, tmp_path: Path) -> Path:
    """A backup of billing, in whose manifest owners stands first with the same file and billing has a spoilt one."""
    folder = tmp_path / "backup"
    await closebook("backup", "billing", "--to", str(folder))
    manifest = json.loads((folder / backup.MANIFEST).read_text())
    good = manifest["services"]["billing"]
    spoilt = folder / "spoilt.dump"
    spoilt.write_bytes(b"PGDMP and no more")
    sha256 = hashlib.sha256(spoilt.read_bytes()).hexdigest()
    manifest["services"] = {"owners": good, "billing": {**good, "file": spoilt.name, "sha256": sha256}}
    (folder / backup.MANIFEST).write_text(json.dumps(manifest))
    return folder


async def test_a_restore_that_ends_halfway_says_what_was_exchanged_and_how_to_go_on(
    closebook: Closebook, damaged: Path
) -> None:
    told = await closebook("restore", str(damaged), "owners", "billing", "--replace", code=1)
    assert "pg_restore failed" in told
    assert "owners is restored, the one before is kept as owners_halfway_before_" in told
    assert f"go on with the rest only: closebook restore {damaged} billing --replace" in told
    assert "Nothing was" not in told


async def test_a_restore_that_ends_at_the_first_service_changed_nothing(closebook: Closebook, damaged: Path) -> None:
    told = await closebook("restore", str(damaged), "billing", "--replace", code=1)
    assert "pg_restore failed" in told
    assert "is restored" not in told
    assert "give the command again" in told


async def test_a_backup_whose_manifest_cannot_be_written_is_told(
    closebook: Closebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "MANIFEST", "nowhere/manifest.json")
    told = await closebook("backup", "billing", "--to", str(tmp_path / "full"), code=64)
    assert "manifest.json cannot be written: No such file or directory" in told


async def test_a_backup_that_cannot_be_read_is_told(closebook: Closebook, damaged: Path) -> None:
    (damaged / "spoilt.dump").unlink()
    (damaged / "spoilt.dump").symlink_to("/proc/self/mem")  # it opens, and answers with an error
    told = await closebook("restore", str(damaged), "billing", code=64)
    assert "spoilt.dump cannot be read: Input/output error" in told
