"""Notify at its own doors, without Kafka: events in, days worked, messages handed to a scripted mail server."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.notify.app import press
from services.notify.db.spacing import FREE
from services.notify.handlers import router
from services.notify.settings import Settings
from services.notify.usecases.announcing import say_ends
from services.notify.usecases.background import Bell
from services.notify.usecases.mail_server import MailAddress, MailServer
from services.notify.usecases.printing import Printer
from services.notify.usecases.rendering import Press, work_day
from services.notify.usecases.sending import Rules, Sender
from shared.bus import outbox
from shared.bus.batch import Applier
from shared.bus.day import DaySlice
from shared.bus.gate import GateState
from shared.bus.letters import Taken
from shared.bus.work import Cause, Work
from shared.db import create_engine, session_factory
from shared.embedded.databases import ServiceUrls
from shared.events import topics
from shared.events.base import EventData, source_of
from shared.events.envelope import encode
from tests.integration.notify.post_office import PostOffice
from tests.support.bus import eventually
from tests.support.desk import ServiceDesk
from tests.support.letters import a_line, a_party, a_period, a_unit, an_account
from tests.support.servers import Databases

DAY = date(2026, 4, 1)
TOLD_AT = datetime(2026, 4, 1, tzinfo=UTC)
CHANNELS = {
    channel.model: channel for channel in topics.heard_by("notify") if not channel.single
}  # each of these topics has data of its own kind


@dataclass
class Office(ServiceDesk):
    """The whole of notify but Kafka: ``hear``, ``work``, ``send``, ``print``, ``say``."""

    service = "notify"
    urls: ServiceUrls
    sessions: Any
    settings: Settings
    press: Press
    mail: PostOffice
    offset: int = 0
    versions: Counter[tuple[str, str]] = field(default_factory=Counter)
    applier: Applier = field(default_factory=lambda: Applier("notify", router))

    async def hear(self, *batch: EventData, book: date = DAY, event_id: str = "") -> list[str]:
        """Apply one batch and return each record's disposition."""
        return await self.apply([self._taken(data, book, event_id) for data in batch], book)

    def _taken(self, data: EventData, book: date, event_id: str) -> Taken:
        self.offset += 1
        channel = CHANNELS[type(data)]
        name = event_id or f"e{self.offset}"
        key = topics.key_of(channel, data)
        self.versions[channel.topic, key] += 1
        value = encode(
            channel, data, id=name, source=source_of(channel.owner), time=TOLD_AT, book=book,
            aggver=self.versions[channel.topic, key],
        )  # fmt: skip
        return self.record(channel, data, value)

    async def work(self, day: date = DAY, *, slices: int = 1000) -> list[str | None]:
        """Work a day slice by slice, at most ``slices``; returns the progress noted by each."""
        noted: list[str | None] = [""]
        while noted[-1] is not None and len(noted) <= slices:
            await work_day(self._slice(day, noted), self.press, lambda: None)
        return noted[1:]

    def _slice(self, day: date, noted: list[str | None]) -> DaySlice:
        async def opener(following: str | None) -> AsyncIterator[Work]:
            async with self.sessions.begin() as session:
                work = Work(session, service="notify", book=day, cause=Cause("calendar", f"day:{day}"))
                yield work
                await outbox.flush(work)
            noted.append(following)

        state = GateState(day, "working", noted[-1] or "", day - timedelta(days=1), None)
        return DaySlice(state, self.sessions, opener)

    async def billing_closed(self, day: date) -> None:
        """Billing has closed a day, as its event would have told."""
        await self.rows(
            "insert into msg.upstream_closed (service, day, after, totals) values ('billing', $1, '{}', '{}')", day
        )

    async def closed(self, day: date) -> None:
        """Notify itself has closed a day: the next one's book is open."""
        await self.rows("update msg.gate set last_closed = $1", day)

    @property
    def rules(self) -> Rules:
        settings = self.settings
        lease = timedelta(seconds=settings.lease_seconds)
        return Rules(settings.sending, settings.patience, lease, settings.allowed_domains, 0.0)

    def sender(self, **address: Any) -> Sender:
        """Return a sender to the scripted server, in clear unless ``tls``, ``ca`` and a password say otherwise."""
        told: dict[str, Any] = {"tls": "none", "command_seconds": 1.0} | address
        server = MailServer(MailAddress("127.0.0.1", self.mail.port, sender="factor@rowanbank.example", **told))
        return Sender(self.sessions, server, self.rules, Bell())

    async def send(self) -> None:
        """Run a sender until nothing is due."""
        await run_until(self.sender(), self.is_idle)

    async def print(self, folder: Path) -> None:
        """Run a printer until nothing is due."""
        await run_until(Printer(self.sessions, folder, self.rules, Bell()), self.is_idle)

    async def is_idle(self) -> bool:
        """Tell whether nothing is due and nobody holds a message under a lease that has run out."""
        (row,) = await self.rows(
            "select count(*) as moving from notify.messages as message where "
            f"(state in ('queued', 'deferred', 'unknown') and due_at <= now() and {FREE}) "
            "or state = 'sending' or (state = 'claimed' and lease_until < now())"
            " or (state = 'claimed' and claim <> 'dead')"
        )
        return bool(row["moving"] == 0)

    async def say(self) -> list[EventData]:
        """Say the ends of messages; returns what was said."""
        async with self.sessions.begin() as session:
            work = Work(session, service="notify", book=DAY, cause=Cause("test", "say"))
            await say_ends(work)
            staged = [item.data for item in work.staged if item.data is not None]
            await outbox.flush(work)
        return staged

    async def states(self) -> dict[str, int]:
        rows = await self.rows("select state, count(*) as n from notify.messages group by state")
        return {row["state"]: row["n"] for row in rows}

    async def hurry(self) -> None:
        """Let everything that waits for its time be due now."""
        await self.rows("update notify.messages set due_at = now() where due_at > now()")

    async def expire_leases(self) -> None:
        """A sender died long ago."""
        await self.rows("update notify.messages set lease_until = now() - interval '1 second' where claim is not null")

    async def close_of(self, owners: int = 1) -> None:
        """Tell of a close: unit, line, owner and account of each of ``owners``."""
        for n in range(1, owners + 1):
            await self.hear(
                a_unit(f"U{n}", f"Flat {n}", "14 Alder Street"),
                a_line(a_period(f"O{n}", f"P{n}"), unit_id=f"U{n}"),
                a_party(f"P{n}", f"Owner Number {n}", f"owner{n}@example.org"),
            )
            await self.hear(an_account(f"A{n}", f"F0000000000{n}", f"U{n}", f"O{n}"))


async def run_until(worker: Any, check: Callable[[], Awaitable[bool]]) -> None:
    """Run a background worker until ``check`` holds, then stop it as a service would."""
    stopping = asyncio.Event()
    task = asyncio.ensure_future(worker.run(stopping))
    try:
        await eventually(check, seconds=60)
    finally:
        stopping.set()
        worker.bell.ring()
        await asyncio.wait_for(task, 20)


def some_settings(urls: ServiceUrls, folder: Path, **more: Any) -> Settings:
    return Settings(
        database_url=urls.app_url, kafka="127.0.0.1:1", smtp_host="127.0.0.1", smtp_port=1, smtp_tls="none",
        sender="Rowanbank <factor@rowanbank.example>", print_dir=folder, **more,
    )  # fmt: skip


@asynccontextmanager
async def office_of(urls: ServiceUrls, folder: Path, **more: Any) -> AsyncIterator[Office]:
    engine = create_engine(urls.app_url, application_name="notify-tests")
    mail = PostOffice()
    await mail.open()
    settings = some_settings(urls, folder, **more)
    made = Office(urls, session_factory(engine), settings, press(settings), mail)
    yield made
    await mail.close()
    made.press.threads.shutdown()
    await engine.dispose()


@pytest.fixture
async def office(databases: Databases, tmp_path: Path) -> AsyncIterator[Office]:
    async with office_of(await databases("notify"), tmp_path) as made:
        yield made


@pytest.fixture
async def table_owner(office: Office) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may do what the service's own role may not."""
    connection = await asyncpg.connect(office.urls.owner_url)
    yield connection
    await connection.close()
