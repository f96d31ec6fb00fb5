"""Fees and premiums raised by the business day: each instalment once, for the units that are managed in its period."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import asyncpg

from services.billing.db import ledger
from services.billing.db import schedules as stored
from services.billing.db.schedules import Schedules, UnitRow
from services.billing.domain import instalments, schedules
from services.billing.domain.instalments import Amount, Days
from services.billing.domain.schedules import DAY, Period, Terms
from services.billing.domain.scopes import Scope
from services.billing.settings import read_schedule_policy
from services.billing.usecases.charges import raise_charges
from services.billing.usecases.own_events import not_raised, own_event
from services.billing.usecases.schedules import load_known
from shared.bus.day import DaySlice
from shared.bus.work import Work
from shared.db.engine import driver, question
from shared.events.base import Event
from shared.events.housing import ChargeRaised
from shared.events.topics import CHARGE_RAISED

SOURCE = "closebook/schedules"
"""Who raised the charges of schedules: no event of Kafka stands behind them, but the work of a day."""

PROGRESS = "schedules:"
"""What the progress of a day's slices begins with while schedules have their turn."""

SLICE = 500

Due = Sequence[tuple[Terms, Period]]
"""Instalments, each with the terms that hold on its first day."""

Charged = Mapping[str, Sequence[tuple[str, Days]]]
"""By unit: our own charges for it, each by its name and the days it is for."""


class Part(NamedTuple):
    """What is charged under one name for a pool or a unit, and the days it is for."""

    name: str
    unit_id: str | None
    amount: Amount
    days: Days


_TYPE = "billing.instalment-raised.v1"


async def first_slice(connection: asyncpg.Connection, closed_on: date, day: date) -> str | None:
    """Return the progress from which schedules begin in a day's work; nothing when none can raise anything.

    An instalment is raised on the first day of its period; one of a unit that was registered later, what a new
    registration adds to its managed days, and what a relief that ends leaves to charge, on that day.
    ``closed_on`` is the day closed last (``date.min``: none was).
    """
    known = await load_known(connection)
    if not known.terms:
        return None
    begins = _begun(known, closed_on, day) or _again(known, closed_on, day)
    return PROGRESS if begins or await stored.has_learnt_units(connection, closed_on) else None


async def raise_slice(piece: DaySlice) -> None:
    """Raise what is due of some units; the progress is the last unit that had its turn."""
    after, closed_on = piece.progress.removeprefix(PROGRESS), piece.state.last_closed or date.min
    async with question(piece.sessions) as connection:
        known = await load_known(connection)
        begun, again = _begun(known, closed_on, piece.day), _again(known, closed_on, piece.day)
        units = await stored.list_units(connection, after, closed_on, SLICE, others=bool(begun), these=again)
        all_units = _overlap(known, begun)
        asked = [unit.unit_id for unit in units if unit.learnt or all_units or unit.unit_id in again]
        charged = await stored.list_charged(connection, asked)
    following = PROGRESS + units[-1].unit_id if len(units) == SLICE else None
    async with piece.open(following) as work:
        pools = [] if after else list(_pools(begun, piece.day))
        due = {unit.unit_id: [*begun, *again.get(unit.unit_id, ())] for unit in units}
        await _raise(work, [*pools, *_of_units(known, due, units, charged, piece.day)])


def coming(
    known: Schedules,
    unit: UnitRow,
    learnt_in: date | None,
    charged: Sequence[tuple[str, Days]],
    closed_on: date,
    days: Iterable[date],
) -> Iterator[ChargeRaised]:
    """Yield what the work of days still to come raises for a unit and for pools, each day as ``raise_slice`` would.

    ``known`` need hold no other unit's reliefs, ``charged`` are our own charges for the unit; ``learnt_in`` is the book
    of its registration, ``closed_on`` the day closed last.
    """
    own = list(charged)
    for day in days:
        begun, again = _begun(known, closed_on, day), _again(known, closed_on, day)
        row = replace(unit, learnt=learnt_in is None or learnt_in > closed_on)
        due = {unit.unit_id: [*begun, *again.get(unit.unit_id, ())]}
        for one in (*_pools(begun, day), *_of_units(known, due, [row], {unit.unit_id: tuple(own)}, day)):
            assert one.period is not None
            own += [(one.charge_id, Days(one.period.from_, one.period.to))] if one.unit_id is not None else []
            yield one
        closed_on = day


async def _raise(work: Work, instalments: Sequence[ChargeRaised]) -> None:
    """Raise the charges that are not raised yet, through the same use case as the housing system's."""
    connection = await driver(work.session)
    events = [_event(one) for one in await not_raised(connection, instalments)]
    if events:
        await ledger.add_causes(connection, ((event.uid, event.source, event.id, event.type) for event in events))
        await raise_charges(work, events)


def _pools(begun: Due, day: date) -> Iterator[ChargeRaised]:
    """Yield the instalments that a share set divides."""
    for terms, period in begun:
        if terms.scope is Scope.SHARE_SET:
            name, days = instalments.charge_id(terms.schedule_id, period, None), Days(period.first_on, period.last_on)
            yield from _instalment(terms, period, Part(name, None, _amount(terms, period, 0), days), day)


def _of_units(
    known: Schedules, due: Mapping[str, Due], units: Sequence[UnitRow], charged: Charged, day: date
) -> Iterator[ChargeRaised]:
    """Yield the instalments due of units, for the days they are managed: of units just learnt also all earlier ones."""
    so_far = _begun(known, date.min, day) if any(unit.learnt for unit in units) else ()
    for unit in units:
        for terms, period in so_far if unit.learnt else due[unit.unit_id]:
            if schedules.is_within(terms, unit.place):
                yield from _of_unit(known, terms, period, unit, charged.get(unit.unit_id, ()), day)


def _of_unit(
    known: Schedules, terms: Terms, period: Period, unit: UnitRow, charged: Sequence[tuple[str, Days]], day: date
) -> Iterator[ChargeRaised]:
    """Yield a unit's instalment for the days it is managed, less those that are charged already, each as let off."""
    name = instalments.charge_id(terms.schedule_id, period, unit.unit_id)
    rows = instalments.stretches(known.reliefs.get((terms.schedule_id, unit.unit_id), ()), period)
    own = [days for other, days in charged if instalments.is_part(other, days, terms.schedule_id, period, unit.unit_id)]
    own += instalments.charged_elsewhere(terms, period, charged, known.terms, unit.place)
    for row, points in rows:
        amount = _amount(terms, period, points)
        for days in instalments.uncharged(row, unit.managed_from, unit.managed_to, own):
            is_first = not own and len(rows) == 1
            given = name if is_first else instalments.completing_id(terms.schedule_id, days, unit.unit_id)
            part = Part(given, unit.unit_id, instalments.part_of(amount, period, days), days)
            yield from _instalment(terms, period, part, day)


def _overlap(known: Schedules, begun: Due) -> bool:
    """Say whether a unit may have been charged elsewhere for days that begin now."""
    first = (versions[0] for versions in known.terms.values())
    return schedules.overlap(first, {terms.kind for terms, _ in begun})


def _begun(known: Schedules, after: date, day: date) -> Due:
    """Return the instalments of all schedules that begin after one day and by another."""
    days = read_schedule_policy().notice_days
    return [
        pair
        for schedule_id, versions in known.terms.items()
        for pair in instalments.begun(versions, known.notices.get(schedule_id, ()), days, after, day)
    ]


def _again(known: Schedules, closed_on: date, day: date) -> Mapping[str, Due]:
    """Return by unit the instalments under way that a relief leaves to charge for the days after its last.

    That day comes after one day and by another: what people end holds through the book they end it in.
    """
    found: dict[str, dict[tuple[Terms, Period], None]] = {}
    for (schedule_id, unit_id), own in known.reliefs.items():
        for last_on in (one.last_on for one in own):
            if last_on is not None and closed_on <= last_on < day:
                for each in _under_way(known, schedule_id, last_on + DAY, closed_on):
                    found.setdefault(unit_id, {})[each] = None
    return {unit_id: list(due) for unit_id, due in found.items()}


def _under_way(known: Schedules, schedule_id: str, day: date, closed_on: date) -> Due:
    """Return a schedule's instalment that a day is in, if it had begun when a day was closed."""
    versions, notices = known.terms[schedule_id], known.notices.get(schedule_id, ())
    first_on = schedules.period_on(versions[0], day).first_on
    if first_on > closed_on:
        return ()
    days = read_schedule_policy().notice_days
    return list(instalments.begun(versions, notices, days, first_on - DAY, first_on))


def _amount(terms: Terms, period: Period, points: int) -> Amount:
    rate = read_schedule_policy().tax_on(terms.kind, period.first_on)
    return instalments.amount_of(terms, period, rate, points)


def _instalment(terms: Terms, period: Period, part: Part, day: date) -> Iterator[ChargeRaised]:
    """Yield the charge of an instalment, owed day by day by whoever owns the unit; one of nothing is none."""
    if not part.amount.net_pence:
        return
    rate = read_schedule_policy().tax_on(terms.kind, period.first_on)
    yield ChargeRaised.model_validate(
        {
            "charge_id": part.name,
            "kind": terms.kind,
            "unit_id": part.unit_id,
            "share_set_id": terms.scope_id if part.unit_id is None else None,
            "amount_pence": sum(part.amount),
            "tax": {"code": rate.code, "net_pence": part.amount.net_pence, "tax_pence": part.amount.tax_pence},
            "description": terms.description,
            "period": {"from": part.days.first_on, "to": part.days.last_on},
            "raised_on": day,
        },
        strict=False,
    )


def _event(data: ChargeRaised) -> Event[ChargeRaised]:
    return own_event(SOURCE, data.charge_id, _TYPE, CHARGE_RAISED.topic, data.raised_on, data)
