"""Arrears at its own door, without Kafka: batches in, days worked, what it keeps and says out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter

from services.arrears import api
from services.arrears.handlers import router
from services.arrears.usecases import notices
from services.arrears.usecases.day import work_day
from services.arrears.usecases.plan_proposals import PLAN
from shared.bus import gate, outbox
from shared.bus.batch import Applier
from shared.bus.day import DaySlice
from shared.bus.gate import GateState
from shared.bus.letters import Taken
from shared.bus.proposal_api import add_proposals
from shared.bus.proposals import Proposals
from shared.bus.transaction import Doors
from shared.bus.work import Cause, Work
from shared.cli.main import run
from shared.db.engine import create_engine, driver, question, session_factory
from shared.events import topics
from shared.events.arrears import StageReached
from shared.events.base import EventData, source_of
from shared.events.billing import AccountOpened, ItemsChanged, OpenItem
from shared.events.envelope import encode
from shared.events.topics import STAGE_REACHED, Channel, key_of
from shared.local_issuer import LocalIssuer
from shared.web import WebServer, create_app
from tests.support.desk import ServiceDesk
from tests.support.servers import Databases
from tests.support.staff import staff_door, verifier_of

ISSUED = date(2026, 4, 1)
QUOTED = "FY5FN0W0QBWR"
"""A reference that the command line takes: its check digit is right."""
Closebook = Callable[..., Awaitable[tuple[str, str]]]


def item(pence: int = 9550, charge: str = "C1", issued: date = ISSUED) -> OpenItem:
    due_on = issued + timedelta(days=28)
    return OpenItem(charge_id=charge, statement_no="S1", issued_on=issued, due_on=due_on, open_pence=pence)


def items_changed(*items: OpenItem, account: str = "A1", balance: int | None = None) -> ItemsChanged:
    owed = sum(one.open_pence for one in items)
    balance_pence = owed if balance is None else balance
    return ItemsChanged(account_id=account, items=items, credit_pence=0, balance_pence=balance_pence)


def opened(account: str = "A1", *, internal: bool = False) -> AccountOpened:
    ref = f"F{account:0>11}"
    return AccountOpened(account_id=account, account_ref=ref, unit_id="U1", ownership_id="O1", internal=internal)


@dataclass
class Desk(ServiceDesk):
    """Arrears' desk; it works days as the gate does, and the book goes on with them."""

    service = "arrears"
    sessions: Any
    book: date = ISSUED
    offset: int = 0
    versions: dict[tuple[str, str], int] = field(default_factory=dict)
    applier: Applier = field(default_factory=lambda: Applier("arrears", router))
    slices: int = 0

    async def hear(self, channel: Channel, *batch: EventData) -> list[str]:
        return await self.apply([self._taken(channel, data) for data in batch], self.book)

    def _taken(self, channel: Channel, data: EventData) -> Taken:
        self.offset += 1
        key = key_of(channel, data)
        version = self.versions[channel.topic, key] = self.versions.get((channel.topic, key), 0) + 1
        value = encode(
            channel, data, id=f"e{self.offset}", source=source_of(channel.owner), time=datetime.now(UTC),
            book=self.book, aggver=version,
        )  # fmt: skip
        return self.record(channel, data, value)

    async def work_day(self) -> None:
        """Work the current book's day, slice by slice, and go on to the next."""
        async with self.sessions.begin() as session:
            await gate.shut(await driver(session), self.book)
        while True:
            async with question(self.sessions) as connection:
                state = await gate.read(connection)
            if state.stage != "working":
                break
            self.slices += 1
            piece = DaySlice(state, self.sessions, lambda following: self._slice(state, following))  # noqa: B023 - used at once
            await work_day(piece)
        async with self.sessions.begin() as session:
            await gate.reopen(await driver(session), self.book)
        self.book += timedelta(days=1)

    async def work_to(self, day: date) -> None:
        """Work every day up to and including ``day``."""
        while self.book <= day:
            await self.work_day()

    async def _slice(self, state: GateState, following: str | None) -> AsyncIterator[Work]:
        async with self.sessions.begin() as session:
            await gate.advance(await driver(session), state, following)
            work = Work(session, service="arrears", book=self.book, cause=Cause("calendar", f"day:{self.book}"))
            yield work
            await outbox.flush(work)

    @property
    def doors(self) -> Doors:
        return Doors("arrears", self.sessions, lambda: None)

    async def stages(self) -> list[StageReached]:
        return await self.said(STAGE_REACHED)


@pytest_asyncio.fixture
async def desk(databases: Databases) -> AsyncIterator[Desk]:
    urls = await databases("arrears")
    engine = create_engine(urls.app_url, application_name="test-arrears", pool_size=3)
    yield Desk(session_factory(engine))
    await engine.dispose()


@pytest_asyncio.fixture
async def client(desk: Desk, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    async with staff_door(issuer, "arrears", api.routes(desk.doors)) as made:
        await desk.hear(topics.ACCOUNT_OPENED, opened())
        await desk.hear(topics.ITEMS_CHANGED, items_changed(item()))
        yield made


@pytest.fixture
async def closebook(
    desk: Desk, issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Closebook]:
    """Gives a command to arrears as a lead officer; returns what it answers and what it tells beside."""
    opened = AccountOpened(account_id="A1", account_ref=QUOTED, unit_id="U1", ownership_id="O1", internal=False)
    await desk.hear(topics.ACCOUNT_OPENED, opened)
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item()))
    await desk.work_to(ISSUED)
    monkeypatch.setenv("CLOSEBOOK_TOKEN", issuer.token("officer-7", ["lead-officer"]))
    monkeypatch.setenv("CLOSEBOOK_TOKEN_LEAD_OFFICER", issuer.token("officer-8", ["lead-officer"]))
    async with commanding(desk, issuer, monkeypatch, capsys) as give:
        yield give


@asynccontextmanager
async def commanding(
    desk: Desk, issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Closebook]:
    """Open the door of arrears to the command line, whose tokens are in the environment."""
    second_person = APIRouter(prefix="/bus")
    add_proposals(second_person, Proposals(desk.doors, [PLAN, notices.NOTICE]))
    app = create_app("arrears", [api.routes(desk.doors), second_person], verifier_of(issuer))
    listening = WebServer(app, host="127.0.0.1", port=0)
    listening.bind()
    serving = asyncio.create_task(listening.run())
    await listening.started()
    monkeypatch.setenv("CLOSEBOOK_ARREARS_URL", listening.url)
    monkeypatch.setenv("COLUMNS", "300")

    async def give(*words: str, code: int = 0) -> tuple[str, str]:
        assert await asyncio.to_thread(run, words) == code
        told = capsys.readouterr()
        return told.out, told.err

    yield give
    listening.stop()
    await serving
