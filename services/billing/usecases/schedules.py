"""What two people decide about schedules: versions, that owners were told of them, what units are let off."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Annotated, Literal

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, Strict

from services.billing.db import registry
from services.billing.db import schedules as stored
from services.billing.db.schedules import Schedules
from services.billing.domain import reliefs, replacing, schedules
from services.billing.domain.reliefs import WHOLE, Relief
from services.billing.domain.schedules import Notice, Terms
from services.billing.domain.scopes import Scope
from services.billing.settings import read_schedule_policy
from services.billing.usecases.kinds import as_kind
from shared.bus.commands import Command, Json
from shared.bus.proposals import named_in
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError, understood
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.housing import ChargeKind
from shared.events.types import Id, NaturalPence, Text

SCHEDULE, NOTICE, RELIEF = "fee-schedule", "fee-notice", "fee-relief"
_LOCK = ("schedules",)
ScheduleId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._\-]{1,24}$")]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AskedTerms(_Asked):
    """A version of a schedule, net pence a year; 0 ends it."""

    schedule_id: ScheduleId
    kind: ChargeKind
    scope: Scope
    scope_id: Id
    effective_from: date
    annual_net_pence: Annotated[NaturalPence, Strict()]
    instalments: Literal[1, 2, 4] = 4
    year_starts: Annotated[int, Field(ge=1, le=12)] = 4
    description: Text


class AskedNotice(_Asked):
    """Owners were told of a version on a day; the evidence says where the letters are."""

    schedule_id: ScheduleId
    version: Annotated[int, Field(ge=1)]
    notified_on: date
    evidence: Text


class AskedRelief(_Asked):
    """What a unit is let off a schedule, in basis points; all of it is an opt-out, and needs proof with a last day."""

    schedule_id: ScheduleId
    unit_id: Id
    basis_points: Annotated[int, Field(strict=True, ge=1, le=WHOLE)]
    from_on: date
    proven_to: date | None = None
    evidence: Text


async def set_terms(work: Work, content: Json) -> Json:
    """Add a version of a schedule; a rebuild does the same again."""
    terms = await _terms(work, content)
    connection = await driver(work.session)
    await stored.add_terms(connection, Command.of(work).uid, work.book, terms)
    return {"schedule_id": terms.schedule_id, "version": terms.version, "effective_from": terms.effective_from}


async def give_notice(work: Work, content: Json) -> Json:
    """Record that owners were told of a version."""
    asked, notice = await _notice(work, content)
    connection = await driver(work.session)
    await stored.add_notice(connection, Command.of(work).uid, work.book, asked.evidence, notice)
    return {"schedule_id": notice.schedule_id, "version": notice.version, "notified_on": notice.notified_on}


async def let_off(work: Work, content: Json) -> Json:
    """Let a unit off a part of a schedule, or all of it, for the instalments not raised yet."""
    asked, relief = await _relief(work, content)
    connection = await driver(work.session)
    await stored.add_relief(connection, Command.of(work).uid, work.book, asked.evidence, relief)
    return {"relief_id": relief.relief_id, "schedule_id": relief.schedule_id, "unit_id": relief.unit_id}


async def _terms(work: Work, content: Json) -> Terms:
    """Return the version asked for, if nothing speaks against it."""
    asked = understood(AskedTerms, content)
    earlier = (await load(work)).terms.get(asked.schedule_id, [])
    terms = Terms(version=len(earlier) + 1, **asked.model_dump())
    refusal = schedules.refuse_terms(terms, earlier, work.book)
    if refusal is not None:
        raise NotValidError(refusal)
    return terms


async def _notice(work: Work, content: Json) -> tuple[AskedNotice, Notice]:
    """Return the notice to record, of a version that exists and of a day that has come."""
    asked = understood(AskedNotice, content)
    versions = (await load(work)).terms.get(asked.schedule_id, [])
    if asked.version > len(versions):
        raise NotKnownError(f"There is no version {asked.version} of schedule {asked.schedule_id}.")
    if asked.notified_on > work.book:
        raise NotNowError(f"{asked.notified_on} has not come yet: record a notice when it was given.")
    return asked, Notice(asked.schedule_id, asked.version, asked.notified_on)


async def _relief(work: Work, content: Json) -> tuple[AskedRelief, Relief]:
    """Return the relief to record, of a schedule that charges units one by one."""
    asked = understood(AskedRelief, content)
    versions = (await load(work)).terms.get(asked.schedule_id)
    if not versions:
        raise NotKnownError(f"There is no schedule {asked.schedule_id}.")
    if not await registry.load_units(await driver(work.session), [asked.unit_id]):
        raise NotKnownError(f"No unit {asked.unit_id} is registered.")
    relief = Relief(
        f"RL-{work.cause.id}", asked.schedule_id, asked.unit_id, asked.basis_points, asked.from_on, asked.proven_to
    )
    refusal = reliefs.refuse_relief(relief, versions[0])
    if refusal is not None:
        raise NotValidError(refusal)
    return asked, relief


async def load(work: Work) -> Schedules:
    """Return all schedules, locked: versions are numbered on."""
    await work.lock(exclusive=_LOCK)
    return await load_known(await driver(work.session))


async def load_known(connection: asyncpg.Connection, unit_id: str | None = None) -> Schedules:
    """Return all schedules, each with the price of the one it takes over from, and reliefs with what renews them.

    With a unit: of reliefs its own alone.
    """
    known = await stored.load(connection, unit_id)
    terms = replacing.with_replaced(known.terms, known.notices, read_schedule_policy().notice_days)
    renewed = {name: reliefs.with_renewals(own) for name, own in known.reliefs.items()}
    return replace(known, terms=terms, reliefs=renewed)


FEE_KINDS = (
    as_kind(SCHEDULE, named_in(AskedTerms, "schedule_id"), set_terms, _terms),
    as_kind(NOTICE, named_in(AskedNotice, "schedule_id"), give_notice, _notice),
    as_kind(RELIEF, named_in(AskedRelief, "schedule_id"), let_off, _relief),
)
"""Declared to the bus: routes and the list of proposals come with them."""

DEEDS: Mapping[str, Callable[[Work, Json], Awaitable[Json]]] = MappingProxyType(
    {SCHEDULE: set_terms, NOTICE: give_notice, RELIEF: let_off}
)
"""How a rebuild repeats them."""
