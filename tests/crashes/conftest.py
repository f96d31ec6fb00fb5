"""The works, each with a database of its own in the state from which it starts, and run once undisturbed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from shared.db.engine import database_of
from shared.embedded.stack import KafkaServer, PostgresServer
from tests.crashes.case import Case
from tests.crashes.database import Database
from tests.crashes.laboratory import Experiment, Runner, Survey, spread, survey, zygote
from tests.crashes.mailing import lapse
from tests.crashes.outside import Mails, Nothing, Topics
from tests.integration.notify.conftest import office_of
from tests.support.kafka_tools import KafkaTools
from tests.support.scripted_mail import ScriptedMail
from tests.support.servers import Databases

SOME = 6
"""Points of each work in `make test`."""

_LETTERS = 3

Experiments = dict[str, Experiment]
Surveys = dict[str, "asyncio.Task[Survey]"]


@dataclass
class Workshop:
    """Sets experiments up; everything is cleared away with ``stack``."""

    stack: AsyncExitStack
    databases: Databases
    postgres: PostgresServer
    kafka: KafkaServer
    prefix: str
    port: int

    async def billing(self, work: str, *before: str) -> Experiment:
        """Return a work of billing that starts where the works ``before`` it end."""
        tools = KafkaTools(self.kafka.bootstrap, f"{self.prefix}{work}.")
        self.stack.push_async_callback(tools.close)
        outside = await self.stack.enter_async_context(Topics.opened(tools)) if work != "reading" else Nothing()
        urls = await self.databases("billing")
        case = Case(work, urls.app_url, tools.bootstrap, tools.prefix)
        runner = await self.stack.enter_async_context(Runner.connected(self.port))
        for earlier in before:
            await runner.run(case.of(earlier))
        return await Experiment(runner, await self._kept("billing", urls.app_url), case, outside).undisturbed()

    async def notify(self, work: str, directory: Path, *before: str) -> Experiment:
        """Return a work of notify that starts with a few letters in the queue, or where the works ``before`` it end."""
        server = await ScriptedMail().start()
        self.stack.push_async_callback(server.stop)
        urls = await self.databases("notify")
        async with office_of(urls, directory) as office:
            await office.close_of(_LETTERS)
            await office.work()
        case = Case(work, urls.app_url, smtp_port=server.port)
        runner = await self.stack.enter_async_context(Runner.connected(self.port))
        for earlier in before:
            await runner.run(case.of(earlier))
        database = await self._kept("notify", urls.app_url)
        return await Experiment(runner, database, case, Mails(server), lapse).undisturbed()

    async def _kept(self, service: str, url: str) -> Database:
        as_superuser = f"{self.postgres.admin_url.rpartition('/')[0]}/{database_of(url)}"
        database = await self.stack.enter_async_context(Database.opened(service, as_superuser))
        await database.keep()
        return database


@pytest_asyncio.fixture(scope="module")
async def experiments(
    module_databases: Databases,
    postgres: PostgresServer,
    kafka_server: KafkaServer,
    module_topic_prefix: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Experiments]:
    async with zygote() as port, AsyncExitStack() as stack:
        shop = Workshop(stack, module_databases, postgres, kafka_server, module_topic_prefix, port)
        yield {
            "reading": await shop.billing("reading"),
            "relaying": await shop.billing("relaying", "reading"),
            "closing": await shop.billing("closing", "reading", "relaying"),
            "mailing": await shop.notify("mailing", tmp_path_factory.mktemp("print")),
            "announcing": await shop.notify("announcing", tmp_path_factory.mktemp("print"), "mailing"),
        }


@pytest_asyncio.fixture(scope="module")
async def samples(experiments: Experiments) -> Surveys:
    """Each work killed at a few points, all works side by side: they wait more than they compute."""
    return {
        work: asyncio.create_task(survey(experiment, spread(experiment, SOME)))
        for work, experiment in experiments.items()
    }


@pytest_asyncio.fixture(scope="module")
async def surveys(experiments: Experiments) -> Surveys:
    """Each work killed at every point, all works side by side."""
    return {
        work: asyncio.create_task(survey(experiment, experiment.points)) for work, experiment in experiments.items()
    }
