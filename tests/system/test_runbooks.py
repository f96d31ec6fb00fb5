"""Every command of every runbook, typed into a shell beside a plant kept as by `up`; then the books still agree."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from shared.cli import control
from shared.cli.keeper import Keeper
from tests.support.kafka_tools import KafkaTools
from tests.support.runbooks import PAGES, commands
from tests.system.office import Office
from tests.system.runbook_plant import AFTERWARDS, SITUATIONS, Shell

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # a hundred commands, each a process
_LAST = "kafka-lost"
IN_ORDER = [page for last in (False, True) for page in PAGES if (page.stem == _LAST) is last]


def stem(page: Path) -> str:
    return page.stem


@pytest_asyncio.fixture(scope="module")
async def shell(office: Office) -> AsyncIterator[Shell]:
    kafka = KafkaTools(office.stack.servers.kafka.bootstrap, office.stack.topic_prefix)
    keeper = Keeper(office.stack, tell=lambda _: None)
    keeping = asyncio.ensure_future(keeper.keep())
    async with control.answering(keeper, office.stack.directory):
        opened = Shell(office, kafka)
        await opened.begin()
        yield opened
    keeping.cancel()
    await kafka.close()


@pytest.mark.parametrize("page", IN_ORDER, ids=stem)
async def test_every_command_of_a_page_can_be_typed(shell: Shell, page: Path) -> None:
    for number, block in enumerate(commands(page)):
        await shell.heal()
        await shell.refresh()
        if (page.stem, number) in SITUATIONS:
            await SITUATIONS[page.stem, number](shell)
        for command in block:
            code, words = await shell.type(command)
            assert code == command.code, words
            assert not re.search(r"Traceback|command not found", words), words
    await shell.heal()
    if page.stem in AFTERWARDS:
        await AFTERWARDS[page.stem](shell)


async def test_the_books_agree_after_all_that_was_typed(shell: Shell) -> None:
    await shell.office.close(str(shell.today))
    proof = await shell.office.ask("verify")
    assert proof["ok"], [check for check in proof["checks"] if not check["ok"]]
