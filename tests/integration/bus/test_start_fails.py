"""A process that cannot start says so in one line and ends with the code that lets a supervisor try again."""

import asyncio
import json
import sys
from typing import Any

import pytest

from tests.support.servers import Databases

_NOWHERE = "127.0.0.1:1"
_IMPATIENT = "import runpy; from shared.bus import process; process._PATIENCE_S = 0.5; "
_RUN = _IMPATIENT + "runpy.run_module('services.owners', run_name='__main__')"


async def _ended(verb: str, url: str) -> tuple[int | None, list[dict[str, Any]], str]:
    """Run a service's process to its end: exit code, lines, and what it said besides."""
    settings = {"OWNERS_DATABASE_URL": url, "CLOSEBOOK_KAFKA": _NOWHERE, "OWNERS_API_PORT": "0"}
    settings["CLOSEBOOK_ENVIRONMENT"] = "local"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _RUN, verb, env=settings | {"OWNERS_PRIVATE_PORT": "0"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, besides = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode, [json.loads(line) for line in said.splitlines()], besides.decode()


@pytest.mark.parametrize(("verb", "away"), [("serve", "kafka"), ("serve", "postgresql"), ("migrate", "postgresql")])
async def test_a_server_that_is_away_at_the_start_is_one_line_and_75(
    databases: Databases, verb: str, away: str
) -> None:
    urls = await databases("owners")
    code, lines, besides = await _ended(verb, urls.app_url if away == "kafka" else f"postgresql://nobody@{_NOWHERE}/no")

    assert (code, besides) == (75, "")
    (failed,) = [line for line in lines if line["event.name"] == "start_failed"]
    assert failed["error.type"] == ("KafkaConnectionError" if away == "kafka" else "ConnectionRefusedError")
    assert (lines[-1]["event.name"], lines[-1]["app.code"]) == ("exit", 75)
    assert not [line for line in lines if line["severity_text"] in {"ERROR", "CRITICAL"}]


async def test_a_start_that_fails_by_our_fault_is_one_line_and_70(databases: Databases) -> None:
    urls = await databases("owners")
    code, lines, besides = await _ended("migrate", urls.app_url.replace("postgresql://", "mysql://"))

    assert (code, besides) == (70, "")
    (failed,) = [line for line in lines if line["event.name"] == "unexpected_error"]
    assert failed["error.type"] == "ValueError"
