"""The billing service at its own door, without Kafka: records in; its ledger, its answers and what it says out."""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.billing.domain import refs
from services.billing.handlers import router
from services.billing.usecases import day as days
from services.billing.usecases import matches, questions, verify
from shared.bus import gate, outbox
from shared.bus.batch import Applier
from shared.bus.commands import Given, give, named
from shared.bus.day import DaySlice
from shared.bus.letters import Taken
from shared.bus.transaction import Doors
from shared.bus.work import Cause, Work
from shared.db import create_engine, session_factory
from shared.db.engine import question, snapshot
from shared.embedded.databases import ServiceUrls
from shared.events.base import EventData
from shared.events.envelope import encode
from shared.events.topics import key_of
from tests.integration.billing.facts import CHANNELS
from tests.support.desk import ServiceDesk
from tests.support.servers import Databases

START = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)


@dataclass
class Desk(ServiceDesk):
    """Billing's desk; the book goes on with each day that is closed."""

    service = "billing"
    urls: ServiceUrls
    sessions: Any
    book: date = date(2026, 1, 1)
    offset: int = 0
    source: str = "housing/test"
    applier: Applier = field(default_factory=lambda: Applier("billing", router))
    versions: defaultdict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    async def hear(self, *batch: EventData, event_id: str = "") -> list[str]:
        """Apply one batch and return each record's disposition."""
        return await self.apply([self.taken(data, event_id) for data in batch], self.book)

    async def hear_each(self, *events: EventData) -> None:
        """Apply events one by one."""
        for event in events:
            await self.hear(event)

    def taken(self, data: EventData, event_id: str = "") -> Taken:
        self.offset += 1
        channel = CHANNELS[type(data)]
        key = key_of(channel, data)
        ours: dict[str, Any] = {}
        if channel.owner == "owners":
            self.versions[channel.topic, key] += 1
            ours = {"book": self.book, "aggver": self.versions[channel.topic, key]}
        told_at = START + timedelta(minutes=self.offset)
        source = "closebook/owners" if ours else self.source
        value = encode(channel, data, id=event_id or f"e{self.offset}", source=source, time=told_at, **ours)
        return self.record(channel, data, value)

    async def close(self, *days_: date | str) -> None:
        """Work days in order, slice by slice, each slice in a transaction of its own."""
        for text in days_:
            day = text if isinstance(text, date) else date.fromisoformat(text)
            progress: str | None = ""
            while progress is not None:
                progress = await self.slice(day, progress)
            self.book = day + timedelta(days=1)

    async def slice(self, day: date, progress: str, fails: bool = False) -> str | None:
        """Work one slice; ``fails``: its transaction is lost at the end, as in a crash."""
        following: list[str | None] = []

        async def opened(next_progress: str | None) -> AsyncIterator[Work]:
            following.append(next_progress)
            async with self.sessions.begin() as session:
                work = Work(session, service="billing", book=day, cause=Cause("calendar", f"day:{day}"))
                yield work
                await outbox.flush(work)
                if fails:
                    raise ConnectionError
            work.committed()

        async with question(self.sessions) as connection:
            state = await gate.read(connection)
        closed = self.book - timedelta(days=1)
        state = replace(state, working=day, stage="working", progress=progress, last_closed=closed)
        await days.work_day(DaySlice(state, self.sessions, opened))
        return following[0]

    async def balances(self) -> dict[str, int]:
        """Return what stands on each account that was ever posted to, and in suspense."""
        rows = await self.rows(
            "select coalesce(account_ref, ledger) as name, sum(amount_pence)::bigint as pence from billing.entries"
            " left join billing.accounts using (account_id) where ledger in ('receivable', 'suspense-charges',"
            " 'suspense-receipts') group by 1 having sum(amount_pence) <> 0"
        )
        return {row["name"]: row["pence"] for row in rows}

    async def ask(self, question: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        async with snapshot(self.sessions) as connection:
            return await question(connection, *arguments)

    async def command(self, kind: str, payment_id: str, *shares: tuple[str, int | None], key: str = "") -> Any:
        """Say whose a payment is, as the API does, in the book that is being written; returns the answer."""
        await self.note_closed()
        content = matches.content_of(payment_id, shares)
        given = Given(kind, f"payment:{payment_id}", "ada", "a letter", content, **named(key or None))
        return await give(self.doors, given, lambda work: matches.say_whose(work, content))

    async def note_closed(self) -> None:
        """Let the gate say what was closed, so that people's words and questions are of the book that is written."""
        await self.rows(
            "update msg.gate set first_ended = coalesce(first_ended, $1), last_closed = $1",
            self.book - timedelta(days=1),
        )

    @property
    def doors(self) -> Doors:
        return Doors("billing", self.sessions, lambda: None)

    async def account(
        self, unit_id: str, ownership_id: str | None, as_of: date | None = None, known_at: date | None = None
    ) -> Any:
        return await self.ask(questions.account, refs.account_ref(unit_id, ownership_id), as_of, known_at)

    async def wrong(self) -> list[str]:
        """Return what ``verify`` finds wrong."""
        answer = await self.ask(verify.verify)
        return [f"{check['name']}: {check['detail']}" for check in answer["checks"] if not check["ok"]]


Desks = Callable[[], Awaitable[Desk]]


@asynccontextmanager
async def a_desk(databases: Databases) -> AsyncIterator[Desk]:
    urls = await databases("billing")
    engine = create_engine(urls.app_url, application_name="billing-tests")
    yield Desk(urls, session_factory(engine))
    await engine.dispose()


@pytest.fixture
async def desks(databases: Databases) -> AsyncIterator[Desks]:
    """Makes any number of desks, each with a database of its own."""
    async with AsyncExitStack() as stack:
        yield lambda: stack.enter_async_context(a_desk(databases))


@pytest.fixture
async def desk(desks: Desks) -> Desk:
    return await desks()
