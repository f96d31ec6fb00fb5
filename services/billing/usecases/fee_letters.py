"""Letters of an increase: two people let every owner who is charged be told the old and the new sum, and the day."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated

import asyncpg
from pydantic import Field

from services.billing.db import registry
from services.billing.db import schedules as stored
from services.billing.db.schedules import Letters, Schedules, UnitRow
from services.billing.domain import division, relief_ends, schedules
from services.billing.domain.attribution import Account
from services.billing.domain.schedules import Increase, Notice
from services.billing.domain.scopes import Scope
from services.billing.settings import read_schedule_policy
from services.billing.usecases.kinds import as_kind
from services.billing.usecases.schedules import ScheduleId, load
from shared.bus.bodies import Body
from shared.bus.commands import Command, Json
from shared.bus.proposals import named_in
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError, understood
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.billing import FeeNoticeGiven
from shared.events.topics import FEE_NOTICE
from shared.events.types import Text

LETTERS = "fee-letters"


class Asked(Body):
    """The version that owners are told of, and why the price goes up, in words for them."""

    schedule_id: ScheduleId
    version: Annotated[int, Field(ge=1)]
    why: Text


async def tell_owners(work: Work, content: Json) -> Json:
    """Say a notice for each owner who is charged and record it as given today; a rebuild does the same again."""
    asked, known, raised = await _increase(work, content)
    connection, uid = await driver(work.session), Command.of(work).uid
    told = await _notices(work, connection, asked, known, raised)
    for notice in told:
        work.stage(FEE_NOTICE, notice)
    letters = Letters(asked.version, work.book, len(told))
    await stored.add_letters(connection, uid, asked.schedule_id, asked.why, letters)
    given = Notice(asked.schedule_id, asked.version, work.book)
    await stored.add_notice(connection, uid, work.book, f"letters of {work.book}, {work.cause.id}", given)
    return {
        "schedule_id": asked.schedule_id, "version": asked.version, "letters": len(told),
        "effective_from": raised.first_on,
    }  # fmt: skip


async def _increase(work: Work, content: Json) -> tuple[Asked, Schedules, Increase]:
    """Return what is asked, all schedules (locked), and the increase; refuse what is none, and telling it twice."""
    asked = understood(Asked, content)
    known = await load(work)
    versions = known.terms.get(asked.schedule_id, [])
    if asked.version > len(versions):
        raise NotKnownError(f"There is no version {asked.version} of schedule {asked.schedule_id}.")
    for told in known.letters.get(asked.schedule_id, ()):
        if told.version == asked.version:
            raise NotNowError(f"Owners were written to about version {told.version} on {told.book}.")
    notices, days = known.notices.get(asked.schedule_id, ()), read_schedule_policy().notice_days
    raised = schedules.increase(versions, notices, days, asked.version, work.book)
    if raised is None:
        raise NotValidError(f"Nothing goes up later by version {asked.version}: there is nothing to write about.")
    return asked, known, raised


async def _notices(
    work: Work, connection: asyncpg.Connection, asked: Asked, known: Schedules, raised: Increase
) -> list[FeeNoticeGiven]:
    """Return the notices of all accounts that the new price is charged to, in order of unit and ownership."""
    shares = await _shares(connection, raised)
    units = [
        unit
        for unit in await stored.list_units(connection, "", date.min, None, others=True)
        if _charged(unit, raised, shares)
    ]
    registered = await registry.load_registered(connection, (unit.unit_id for unit in units))
    return [
        notice
        for unit in units
        for account in _owners(registered[unit.unit_id].accounts(), raised.first_on)
        for notice in _notice(work, asked, known, raised, account, shares.get(unit.unit_id))
    ]


async def _shares(connection: asyncpg.Connection, raised: Increase) -> Mapping[str, str]:
    """Return by unit the share of a pool, as published; none unless a share set divides it."""
    if raised.new.scope is not Scope.SHARE_SET:
        return {}
    versions = await registry.load_versions(connection, [raised.new.scope_id])
    version = division.version_on(versions.get(raised.new.scope_id, {}), raised.first_on)
    return version.shares if version is not None else {}


def _charged(unit: UnitRow, raised: Increase, shares: Mapping[str, str]) -> bool:
    """Say whether a unit is still managed on the first day, and in the schedule's scope."""
    managed = unit.managed_to is None or unit.managed_to >= raised.first_on
    within = schedules.is_within(raised.new, unit.place)
    return managed and (within or unit.unit_id in shares)


def _owners(accounts: Iterable[Account], first_on: date) -> list[Account]:
    """Return the owners of the first day and those to come: who will have left is not told."""
    return [
        one
        for one in accounts
        if one.from_on is not None and not one.internal and (one.to_on is None or one.to_on > first_on)
    ]


def _notice(
    work: Work, asked: Asked, known: Schedules, raised: Increase, account: Account, share: str | None
) -> Sequence[FeeNoticeGiven]:
    """Return an owner's notice; none for a unit that is let off so that nothing changes while it is theirs."""
    assert account.ownership_id is not None
    new = raised.new
    own = known.reliefs.get((new.schedule_id, account.unit_id), ())
    dearer = relief_ends.dearer(raised, read_schedule_policy(), own)
    if dearer is None or (account.to_on is not None and account.to_on <= dearer.first_on):
        return []
    notice = FeeNoticeGiven(
        account_id=account.account_id, account_ref=account.account_ref, unit_id=account.unit_id,
        ownership_id=account.ownership_id, schedule_id=new.schedule_id, version=new.version, kind=new.kind,
        description=new.description, why=asked.why, instalments=new.instalments, share=share, notified_on=work.book,
        effective_from=dearer.first_on, old_pence=sum(dearer.old), new_pence=sum(dearer.new),
        new_tax_pence=dearer.new.tax_pence,
    )  # fmt: skip
    return [notice]


LETTER_KIND = as_kind(LETTERS, named_in(Asked, "schedule_id"), tell_owners, _increase)
"""Declared to the bus: routes and the list of proposals come with it."""
