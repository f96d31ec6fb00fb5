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
from services.billing.usecases.schedules import load, load_known
from shared.bus.bodies import Body
from shared.bus.commands import Command, Json
from shared.bus.proposals import named_in
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
    """End a relief, for what is not raised yet; a rebuild does the same."""
    asked, relief, letters = await _end(work, content)
    connection, uid = await driver(work.session), Command.of(work).uid
    await stored.add_relief_end(connection, uid, work.book, asked.evidence, relief.relief_id, asked.ended_on, asked.why)
    counted = {"letters": letters} if asked.why is not None else {}
    return {"relief_id": relief.relief_id, "unit_id": relief.unit_id, "ended_on": asked.ended_on, **counted}


async def tell(work: Work) -> None:
    """Say to the owners who lose a relief what people ended in the day's book.

    In the day's work, not with the command: a sale learnt in the same book decides who loses it, before or after.
    """
    connection = await driver(work.session)
    whys = await stored.load_whys(connection, work.book)
    if not whys:
        return
    known = await load_known(connection)
    for ended in (one for own in known.reliefs.values() for one in own if one.relief_id in whys):
        loss, accounts = await _losers(connection, known, ended, work.book)
        if loss is not None:
            for account in accounts:
                work.stage(RELIEF_ENDED, _ended(account, ended, whys[ended.relief_id], loss, work.book))


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


async def _end(work: Work, content: Json) -> tuple[Asked, Relief, int]:
    """Return what is asked, the relief, and how many are told; refuse an end that comes too soon for that."""
    asked = understood(Asked, content)
    known = await load(work)
    relief = known.relief(asked.relief_id)
    if relief is None:
        raise NotKnownError(f"There is no relief {asked.relief_id}: see `closebook fees reliefs`.")
    refusal = reliefs.refuse_end(relief, asked.ended_on)
    if refusal is not None:
        raise NotValidError(refusal)
    ended = replace(relief, ended_on=asked.ended_on, ended_in=work.book)
    return asked, relief, await _told(work, known, ended) if asked.why is not None else 0


async def _told(work: Work, known: Schedules, ended: Relief) -> int:
    """Return how many owners are told, as they are known now; refuse an end that comes too soon for that."""
    loss, accounts = await _losers(await driver(work.session), known, ended, work.book)
    if loss is not None and accounts:
        refusal = relief_ends.refuse_untold(loss.charged_from, read_schedule_policy().notice_days, work.book)
        if refusal is not None:
            raise NotValidError(refusal)
    return len(accounts)


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
    goes_on = replace(ended, ended_on=None, ended_in=None)
    all_of_it = known.reliefs[ended.schedule_id, ended.unit_id]
    own = reliefs.with_renewals([goes_on if one.relief_id == ended.relief_id else one for one in all_of_it])
    return relief_ends.loss(versions, notices, read_schedule_policy(), own, ended, raised, book)


async def _losers(
    connection: asyncpg.Connection, known: Schedules, ended: Relief, book: date
) -> tuple[Loss | None, list[Account]]:
    """Return what a relief costs that is ended in a book, and the accounts of the owners who lose it.

    None when its schedule does not charge its unit (any more).
    """
    unit = await stored.load_unit(connection, ended.unit_id)
    loss = _loss(known, ended, await _raised(connection, known, ended), book)
    if loss is None or ended.ended_on is None or unit is None or not schedules.is_within(loss.terms, unit.place):
        return None, []
    served = (await registry.load_registered(connection, [ended.unit_id]))[ended.unit_id].served()
    return loss, relief_ends.losers(served, ended.ended_on, loss.charged_from)


def _ended(account: Account, relief: Relief, why: str, loss: Loss, book: date) -> ReliefEnded:
    assert account.ownership_id is not None
    assert relief.ended_on is not None
    return ReliefEnded(
        account_id=account.account_id, account_ref=account.account_ref, unit_id=account.unit_id,
        ownership_id=account.ownership_id, relief_id=relief.relief_id, schedule_id=relief.schedule_id,
        kind=loss.terms.kind, description=loss.terms.description, points=relief.basis_points, why=why,
        old_pence=sum(loss.old), new_pence=sum(loss.new), new_tax_pence=loss.new.tax_pence,
        instalments=loss.terms.instalments, notified_on=book, last_on=max(relief.ended_on, book),
        charged_from=loss.charged_from,
    )  # fmt: skip


END_KIND = as_kind(RELIEF_END, named_in(Asked, "relief_id"), _approved, _proposed)
"""Declared to the bus: routes and the list of proposals come with it."""
