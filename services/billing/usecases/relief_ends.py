"""The end of a relief: two people say its last day, and the owner who loses it is told before the unit pays again."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date

import asyncpg

from services.billing.db import registry
from services.billing.db import schedules as stored
from services.billing.db.schedules import Schedules
from services.billing.domain import instalments, relief_ends, reliefs, schedules
from services.billing.domain.attribution import Account
from services.billing.domain.instalments import Days
from services.billing.domain.relief_ends import Loss
from services.billing.domain.reliefs import Relief
from services.billing.settings import read_schedule_policy
from services.billing.usecases.kinds import as_kind
from services.billing.usecases.schedules import load
from shared.bus.bodies import Body
from shared.bus.commands import Command, Json
from shared.bus.refusals import NotKnownError, NotValidError, understood
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.billing import ReliefEnded
from shared.events.topics import RELIEF_ENDED
from shared.events.types import Id, Text

RELIEF_END = "fee-relief-end"


class Asked(Body):
    """The last day of a relief, and why it ends, in words for the owner.

    Without ``why`` it was approved before owners were told; when a rebuild repeats it nobody is, either.
    """

    relief_id: Id
    ended_on: date
    evidence: Text
    why: Text | None = None


async def end_relief(work: Work, content: Json) -> Json:
    """End a relief, for what is not raised yet, and say so to the owner who loses it; a rebuild does the same."""
    asked, relief, told = await _end(work, content)
    connection = await driver(work.session)
    for one in told:
        work.stage(RELIEF_ENDED, one)
    uid = Command.of(work).uid
    await stored.add_relief_end(connection, uid, work.book, asked.evidence, relief.relief_id, asked.ended_on)
    letters = {"letters": len(told)} if asked.why is not None else {}
    return {"relief_id": relief.relief_id, "unit_id": relief.unit_id, "ended_on": asked.ended_on, **letters}


async def _proposed(work: Work, content: Json) -> None:
    """Refuse to propose an end that cannot be, or without words for the owner."""
    _refuse_wordless(content)
    await _end(work, content)


async def _approved(work: Work, content: Json) -> Json:
    """End a relief; refuse one that was proposed before owners were told, and so has no words for them."""
    _refuse_wordless(content)
    return await end_relief(work, content)


def _refuse_wordless(content: Json) -> None:
    if understood(Asked, content).why is None:
        raise NotValidError("why: say in words for the owner why it ends; propose it again with --why.")


async def _end(work: Work, content: Json) -> tuple[Asked, Relief, list[ReliefEnded]]:
    """Return what is asked, the relief, and what its owner is told; refuse an end that comes too soon for that."""
    asked = understood(Asked, content)
    known = await load(work)
    relief = known.relief(asked.relief_id)
    if relief is None:
        raise NotKnownError(f"There is no relief {asked.relief_id}: see `closebook fees reliefs`.")
    refusal = reliefs.refuse_end(relief, asked.ended_on)
    if refusal is not None:
        raise NotValidError(refusal)
    return asked, relief, await _told(work, asked, known, relief)


async def _told(work: Work, asked: Asked, known: Schedules, relief: Relief) -> list[ReliefEnded]:
    """Return what the owner is told who loses a relief and pays more for it; nothing if nobody does."""
    if asked.why is None:
        return []
    connection = await driver(work.session)
    raised = await _raised(connection, known, relief)
    loss = _loss(known, replace(relief, ended_on=asked.ended_on, ended_in=work.book), raised, work.book)
    accounts = await _losers(connection, asked, relief, loss) if loss is not None else []
    if loss is None or not accounts:
        return []
    refusal = relief_ends.refuse_untold(loss.charged_from, read_schedule_policy().notice_days, work.book)
    if refusal is not None:
        raise NotValidError(refusal)
    return [_ended(account, relief, asked.ended_on, asked.why, loss, work.book) for account in accounts]


async def _raised(connection: asyncpg.Connection, known: Schedules, relief: Relief) -> list[Days]:
    """Return the days for which the schedule of a relief charged its unit already."""
    charged = await stored.list_charged(connection, [relief.unit_id])
    named, unit_id, first = relief.schedule_id, relief.unit_id, known.terms[relief.schedule_id][0]
    return [
        days
        for name, days in charged.get(unit_id, ())
        if instalments.is_part(name, days, named, schedules.period_on(first, days.first_on), unit_id)
    ]


def _loss(known: Schedules, ended: Relief, raised: Collection[Days], book: date) -> Loss | None:
    versions, notices = known.terms[ended.schedule_id], known.notices.get(ended.schedule_id, ())
    own = known.reliefs[ended.schedule_id, ended.unit_id]
    return relief_ends.loss(versions, notices, read_schedule_policy(), own, ended, raised, book)


async def _losers(connection: asyncpg.Connection, asked: Asked, relief: Relief, loss: Loss) -> list[Account]:
    """Return the accounts of the owners who lose a relief, if the schedule charges its unit (still)."""
    unit = await stored.load_unit(connection, relief.unit_id)
    if unit is None or not schedules.is_within(loss.terms, unit.place):
        return []
    registered = await registry.load_registered(connection, [relief.unit_id])
    served = registered[relief.unit_id].served()
    return relief_ends.losers(served, asked.ended_on, loss.charged_from)


def _ended(account: Account, relief: Relief, ended_on: date, why: str, loss: Loss, book: date) -> ReliefEnded:
    assert account.ownership_id is not None
    return ReliefEnded(
        account_id=account.account_id, account_ref=account.account_ref, unit_id=account.unit_id,
        ownership_id=account.ownership_id, relief_id=relief.relief_id, schedule_id=relief.schedule_id,
        kind=loss.terms.kind, description=loss.terms.description, points=relief.basis_points, why=why,
        old_pence=sum(loss.old), new_pence=sum(loss.new), new_tax_pence=loss.new.tax_pence,
        instalments=loss.terms.instalments, notified_on=book, last_on=max(ended_on, book),
        charged_from=loss.charged_from,
    )  # fmt: skip


END_KIND = as_kind(RELIEF_END, _approved, _proposed)
"""Declared to the bus: routes and the list of proposals come with it."""
