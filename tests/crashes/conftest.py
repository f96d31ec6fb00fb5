"""The works, each with a database of its own in the state from which it starts, and run once undisturbed."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from shared.db.engine import connect, create_engine, database_of, session_factory
from shared.embedded.databases import ServiceUrls
from shared.embedded.stack import KafkaServer, PostgresServer
from shared.events.topics import ACCOUNT_OPENED, BY_TOPIC, ITEMS_CHANGED
from tests.crashes import chasing, writing
from tests.crashes.case import Case
from tests.crashes.database import Database
from tests.crashes.laboratory import Experiment, Runner, Survey, spread, survey, zygote
from tests.crashes.mailing import lapse
from tests.crashes.outside import Mails, Nothing, Topics
from tests.integration.arrears.conftest import Desk, item, items_changed, opened
from tests.integration.arrears.planning import agree
from tests.integration.notify.conftest import office_of
from tests.support.kafka_tools import KafkaTools
from tests.support.scripted_mail import ScriptedMail
from tests.support.servers import Databases

SOME = 6
"""Points of each work in `make test`."""

_LETTERS = 3
_ENDED = """
insert into msg.ended_day (day, after, ended_by) values ('{day}', '{{}}', 'tests');
insert into msg.upstream_closed (service, day, after, totals)
  select service, '{day}', '{{}}', '{{}}' from unnest(array['owners', 'billing', 'arrears']) as service;
update msg.gate set first_ended = '{day}', last_closed = date '{day}' - 1;
"""

_READ = "select topic, partition_no, next_offset from msg.position where next_offset > 0"

Prepare = Callable[[ServiceUrls], Awaitable[None]]
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
        topics = Topics.opened(tools, "billing")
        outside = await self.stack.enter_async_context(topics) if work != "reading" else Nothing()
        urls = await self.databases("billing")
        case = Case(work, urls.app_url, tools.bootstrap, tools.prefix)
        runner = await self.stack.enter_async_context(Runner.connected(self.port))
        for earlier in before:
            await runner.run(case.of(earlier))
            if earlier == "reading":
                await _fill(tools, urls)
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

    async def day(self, work: str, service: str, day: date, prepare: Prepare) -> Experiment:
        """Return the day of a service that only hears: it has ended, and all before it in the line have closed it."""
        tools = KafkaTools(self.kafka.bootstrap, f"{self.prefix}{work}.")
        self.stack.push_async_callback(tools.close)
        outside = await self.stack.enter_async_context(Topics.opened(tools, service))
        urls = await self.databases(service)
        await prepare(urls)
        runner = await self.stack.enter_async_context(Runner.connected(self.port))
        database = await self._kept(service, urls.app_url, day)
        case = Case(work, urls.app_url, tools.bootstrap, tools.prefix)
        return await Experiment(runner, database, case, outside).undisturbed()

    async def arrears(self, urls: ServiceUrls) -> None:
        """Let three owners owe what a reminder is written for, up to the day before it is; two more paid a plan."""
        engine = create_engine(urls.app_url, application_name="crashes-arrears", pool_size=3)
        desk = Desk(session_factory(engine))
        for account in ("A1", "A2", "A3"):
            await desk.hear(ACCOUNT_OPENED, opened(account))
            await desk.hear(ITEMS_CHANGED, items_changed(item(), account=account))
        planned = ("A4", "A5")
        for account in planned:
            await desk.hear(ACCOUNT_OPENED, opened(account))
            await desk.hear(ITEMS_CHANGED, items_changed(item(), account=account))
        await desk.work_to(chasing.DAY - timedelta(days=1))
        for account in planned:
            await agree(desk, ref=f"F{account:0>11}")
            await desk.hear(ITEMS_CHANGED, items_changed(account=account))
        await engine.dispose()

    async def letters(self, urls: ServiceUrls) -> None:
        """Let letters be wanted that nobody has written."""
        with tempfile.TemporaryDirectory() as directory:
            async with office_of(urls, Path(directory)) as office:
                await office.close_of(_LETTERS)

    async def _kept(self, service: str, url: str, ended: date | None = None) -> Database:
        as_superuser = f"{self.postgres.admin_url.rpartition('/')[0]}/{database_of(url)}"
        database = await self.stack.enter_async_context(Database.opened(service, as_superuser))
        if ended is not None:
            await database.connection.execute(_ENDED.format(day=ended))
        await database.keep()
        return database


async def _fill(tools: KafkaTools, urls: ServiceUrls) -> None:
    """Let Kafka's logs reach as far as they were read: a day does not close over one that was made anew."""
    connection = await connect(urls.app_url, application_name="crashes")
    read = [tuple(row) for row in await connection.fetch(_READ)]
    await connection.close()
    await tools.provide(*(BY_TOPIC[topic] for topic in {topic for topic, _, _ in read}))
    for topic, partition, end in read:
        await asyncio.gather(*(tools.send(topic, b"", partition=partition) for _ in range(end)))


@pytest_asyncio.fixture(scope="module")
async def shop(
    module_databases: Databases, postgres: PostgresServer, kafka_server: KafkaServer, module_topic_prefix: str
) -> AsyncIterator[Workshop]:
    async with zygote() as port, AsyncExitStack() as stack:
        yield Workshop(stack, module_databases, postgres, kafka_server, module_topic_prefix, port)


@pytest_asyncio.fixture(scope="module")
async def experiments(shop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Experiments:
    return {
        "reading": await shop.billing("reading"),
        "relaying": await shop.billing("relaying", "reading"),
        "closing": await shop.billing("closing", "reading", "relaying"),
        "mailing": await shop.notify("mailing", tmp_path_factory.mktemp("print")),
        "announcing": await shop.notify("announcing", tmp_path_factory.mktemp("print"), "mailing"),
    }


@pytest_asyncio.fixture(scope="module")
async def other_days(shop: Workshop) -> Experiments:
    return {
        "chasing": await shop.day("chasing", "arrears", chasing.DAY, shop.arrears),
        "writing": await shop.day("writing", "notify", writing.DAY, shop.letters),
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
