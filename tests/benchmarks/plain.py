"""The plain way: a FastStream handler with one ORM transaction a message, which inserts the same rows."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from pydantic import BaseModel
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import registry

from services.billing.db import tables
from shared.db import msg
from shared.events.housing import ChargeRaised
from shared.events.topics import CHARGE_RAISED
from shared.events.uid import event_uid
from tests.benchmarks import facts
from tests.benchmarks.rows import Rows
from tests.benchmarks.stage import Office

_TABLES: dict[str, Table] = {
    "msg.inbox": msg.inbox,
    "billing.charges": tables.charges,
    "billing.charge_parts": tables.charge_parts,
    "billing.entries": tables.entries,
    "msg.event_log": msg.event_log,
    "msg.outbox_pending": msg.outbox_pending,
}


class _ChargeEvent(BaseModel):
    id: str
    source: str
    data: ChargeRaised


def _mapped(table: Table) -> type:
    made = type(table.name, (), {})
    registry().map_imperatively(made, table)
    return made


_MAPPED = {name: _mapped(table) for name, table in _TABLES.items()}


@dataclass(slots=True)
class Plain:
    """Takes in the first charges of a round; what they write is known from the real path."""

    office: Office

    async def round(self, rows: Rows, events: int) -> float:
        """Return messages a second from the first commit to the last."""
        wanted = _by_event(rows, events)
        await self._send(rows, events)
        engine = create_async_engine(
            self.office.urls.app_url.replace("postgresql://", "postgresql+asyncpg://"), hide_parameters=True
        )
        try:
            return await _take_in(self.office, engine, wanted)
        finally:
            await engine.dispose()

    async def _send(self, rows: Rows, events: int) -> None:
        name = rows.columns["billing.charges"].index("charge_id")
        numbers = [int(own[0][name].removeprefix("CH-")) for own in rows.by_charge["billing.charges"][:events]]
        await self.office.kafka.send_many(CHARGE_RAISED.topic, [facts.charges(number, 1)[0] for number in numbers])


def _by_event(rows: Rows, events: int) -> dict[UUID, list[Any]]:
    """Return what each event's handler adds: classes and their values."""
    uid = rows.columns["msg.inbox"].index("event_uid")
    wanted: dict[UUID, list[Any]] = {}
    for number in range(events):
        added: list[Any] = []
        for table, mapped in _MAPPED.items():
            added += [
                (mapped, dict(zip(rows.columns[table], row, strict=True))) for row in rows.by_charge[table][number]
            ]
        wanted[rows.by_charge["msg.inbox"][number][0][uid]] = added
    return wanted


async def _take_in(office: Office, engine: AsyncEngine, wanted: dict[UUID, list[Any]]) -> float:
    times: list[float] = []
    finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    topic = office.kafka.prefix + CHARGE_RAISED.topic
    broker = KafkaBroker(office.kafka.bootstrap, logger=None)

    @broker.subscriber(topic, group_id=f"{topic}-plain", auto_offset_reset="earliest", ack_policy=AckPolicy.ACK)
    async def handle(message: dict[str, Any]) -> None:
        event = _ChargeEvent.model_validate(message, strict=False)
        try:
            await _add(engine, wanted[event_uid(event.source, event.id)])
        except Exception as error:  # noqa: BLE001 - FastStream would only log it
            finished.set_exception(error)
        times.append(time.monotonic())
        if len(times) == len(wanted):
            finished.set_result(None)

    await broker.start()
    try:
        await asyncio.wait_for(finished, 120)
    finally:
        await broker.stop()
    return (len(times) - 1) / (times[-1] - times[0])


async def _add(engine: AsyncEngine, objects: list[Any]) -> None:
    """Insert one event's rows; the database numbers what is said, the outbox takes the numbers."""
    async with AsyncSession(engine) as session, session.begin():
        logged = []
        for mapped, values in objects:
            if mapped is _MAPPED["msg.outbox_pending"]:
                continue
            given = {name: value for name, value in values.items() if name != "seq"}
            session.add(made := mapped(**given))
            if mapped is _MAPPED["msg.event_log"]:
                logged.append(made)
        await session.flush()
        session.add_all(_MAPPED["msg.outbox_pending"](seq=said.seq) for said in logged)
