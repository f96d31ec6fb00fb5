"""The supervisor starts processes in order, notices a death, gives each service its own secrets, leaves nothing."""

import asyncio
import json
import sys
from pathlib import Path

import psutil
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from shared.cli import environment
from shared.cli.local_access import token_variables
from shared.cli.supervisor import Stack
from shared.embedded.databases import provision
from shared.embedded.errors import ServerError
from shared.embedded.mail import EmbeddedMail
from shared.embedded.stack import KafkaServer, PostgresServer, Servers

_STAND_IN = Path(__file__).parents[2] / "support" / "stand_in.py"


def _program(service: str, verb: str) -> list[str]:
    return [sys.executable, str(_STAND_IN), service, verb]


@pytest.fixture
async def servers(kafka_server: KafkaServer, postgres: PostgresServer, tmp_path: Path) -> Servers:
    return Servers(kafka_server, postgres, await EmbeddedMail(tmp_path / "mail").start())


def _stack(directory: Path, servers: Servers, prefix: str, overrides: dict[str, str] | None = None) -> Stack:
    return Stack(directory, servers=servers, topic_prefix=prefix, program=_program, overrides=overrides)


async def test_a_stack_runs_writes_its_addresses_and_leaves_nothing(
    tmp_path: Path, servers: Servers, topic_prefix: str
) -> None:
    stack = await _stack(tmp_path, servers, topic_prefix).start()
    children = [psutil.Process(process.child.pid) for process in stack.processes.values()]

    known = environment.resolve(tmp_path, {})
    assert known.kafka == servers.kafka.bootstrap
    assert known.url("billing") == stack.processes["billing", 1].api_url
    assert stack.stack_file.stat().st_mode & 0o077 == 0

    await stack.stop()

    assert not stack.stack_file.exists()
    assert not any(child.is_running() for child in children)


async def test_a_process_that_dies_is_named_with_its_log(tmp_path: Path, servers: Servers, topic_prefix: str) -> None:
    stack = await _stack(tmp_path, servers, topic_prefix).start()
    try:
        stack.kill_service("arrears")

        sentence = await asyncio.wait_for(stack.watch(), 5)

        assert sentence.startswith("The service arrears has ended by itself")
        assert str(stack.log_of("arrears")) in sentence

        before = stack.processes["arrears", 1].api_url
        again = await stack.start_service("arrears")
        assert again.api_url == before
    finally:
        await stack.stop()


async def test_a_service_that_cannot_start_is_one_sentence_and_nothing_stays(
    tmp_path: Path, servers: Servers, topic_prefix: str
) -> None:
    stack = _stack(tmp_path, servers, topic_prefix, overrides={"STAND_IN_FAILS": "notify"})

    with pytest.raises(ServerError, match=r"notify ended \(exit code 3\): no such table\. Its log: "):
        await stack.start()

    assert not [process for process in stack.processes.values() if process.child.running]


async def test_a_second_stack_on_the_same_folder_is_refused(
    tmp_path: Path, servers: Servers, topic_prefix: str
) -> None:
    first = await _stack(tmp_path, servers, topic_prefix).start()
    try:
        with pytest.raises(ServerError, match="in use by another running stack"):
            await _stack(tmp_path, servers, topic_prefix).start()
        assert first.stack_file.exists()
    finally:
        await first.stop()


async def test_each_service_is_told_its_own_database_only(
    tmp_path: Path, servers: Servers, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_DATABASE_URL", "postgresql://someone-elses")
    stack = await _stack(tmp_path, servers, topic_prefix).start()
    await stack.stop()

    told = json.loads(stack.log_of("owners").read_text().splitlines()[0])["variables"]
    assert [name for name in told if name.endswith("DATABASE_URL")] == ["OWNERS_DATABASE_URL"]
    assert not [name for name in told if "TOKEN" in name]


async def test_tokens_are_signed_by_the_key_set_the_services_check(
    tmp_path: Path, servers: Servers, topic_prefix: str
) -> None:
    urls = await provision(servers.postgres.admin_url)
    stack = Stack(tmp_path, servers=servers, urls=urls, topic_prefix=topic_prefix, program=_program)
    await stack.start()
    await stack.stop()

    keys = KeySet.import_key_set(json.loads(stack.issuer.jwks.read_text()))
    token = jwt.decode(token_variables(stack.issuer)["CLOSEBOOK_TOKEN_FINANCE"], keys, algorithms=["ES256"])
    assert token.claims["roles"] == ["finance"]
