"""Floats in the day's work: asked of owners who have come, and given back on the day of their final account."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import asyncpg

from services.billing.db import charges as stored_charges
from services.billing.db import floats as stored
from services.billing.db import ledger, registry
from services.billing.domain import floats
from services.billing.domain.floats import Asking, FloatState, Managed, Newcomer, Step
from services.billing.settings import read_statement_policies
from services.billing.usecases.charges import credit_charges, raise_charges
from services.billing.usecases.own_events import not_raised, own_event
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.housing import ChargeCredited, ChargeKind, ChargeRaised
from shared.events.topics import CHARGE_CREDITED, CHARGE_RAISED

SOURCE = "closebook/floats"
"""Who asks for floats and gives them back: no event of Kafka stands behind it, but the work of a day."""

_ASKED, _BACK = "billing.float-asked.v1", "billing.float-given-back.v1"
_DAY = timedelta(days=1)

PROGRESS = "floats:"
"""Before the reference of the newcomer that had the last turn, in a day's progress."""


async def newcomers(
    connection: asyncpg.Connection, last_closed: date, day: date, after: str, most: int
) -> Sequence[Newcomer]:
    """Return the next owners who have come since a day and had no float yet, in order of reference.

    None if nothing is asked.  Terms hold from their own book on, so who came earlier was asked, or never will be.
    """
    terms = await stored.load_terms(connection)
    if not terms:
        return ()
    since = min(one.effective_from for one in terms)
    units = await stored.list_changed(connection, last_closed, day)
    return await stored.list_newcomers(connection, units, since, day, after, most)


async def ask(work: Work, come: Sequence[Newcomer]) -> None:
    """Ask a slice of newcomers for what the terms of their first day say."""
    terms = await stored.load_terms(await driver(work.session)) if come else ()
    await _make(work, floats.first_asked(come, terms, read_statement_policies(), work.book), ())


async def settle(work: Work, last_closed: date) -> None:
    """Give back the floats whose day it is, and ask again for what went back by mistake; twice adds nothing.

    What goes back is dated the day before, so that the final account (and a statement) of this day carries it.
    """
    step = await _step(await driver(work.session), last_closed, work.book)
    await _make(work, step.asked, step.back)


async def _make(work: Work, asking: Iterable[Asking], giving_back: Iterable[str]) -> None:
    connection = await driver(work.session)
    back = [_credit(work.book, charge_id) for charge_id in giving_back]
    asked = [
        own_event(SOURCE, one.charge_id, _ASKED, CHARGE_RAISED.topic, work.book, one)
        for one in await not_raised(connection, [_charge(work.book, one) for one in asking])
    ]
    causes = [*back, *asked]
    await ledger.add_causes(connection, ((event.uid, event.source, event.id, event.type) for event in causes))
    if back:
        await credit_charges(work, back)
    if asked:
        await raise_charges(work, asked)


async def _step(connection: asyncpg.Connection, last_closed: date, day: date) -> Step:
    units = await stored.list_changed(connection, last_closed, day)
    states = await stored.list_states(connection, SOURCE, units)
    if not states:
        return Step((), ())
    known = await registry.load_registered(connection, {one.unit_id for one in states})
    accounts = {one.account_ref: one for unit in known.values() for one in unit.served() if not one.internal}
    managed = {
        name: Managed(unit.managed_from, unit.managed_to)
        for name, unit in known.items()
        if unit.managed_from is not None
    }
    made = await stored_charges.charge_shas(connection, _names(states))
    return floats.step(states, accounts, managed, made, read_statement_policies(), day)


def _names(states: Iterable[FloatState]) -> set[str]:
    """Return the charges that would ask again for what went back."""
    owners = ((one.owner_ref or one.account_ref, one.charge_id) for one in states)
    return {floats.again(ref, charge_id) for ref, charge_id in owners if ref is not None}


def _charge(day: date, one: Asking) -> ChargeRaised:
    return ChargeRaised(
        charge_id=one.charge_id, kind=ChargeKind.FLOAT, unit_id=one.unit_id, amount_pence=one.amount_pence,
        description="Float: held for you, and given back with your final account", instructed_on=one.first_on,
        raised_on=day,
    )  # fmt: skip


def _credit(day: date, charge_id: str) -> Event[ChargeCredited]:
    data = ChargeCredited(
        credit_id=floats.credit_id(charge_id), charge_id=charge_id, amount_pence=None, reason="Float given back",
        credited_on=day - _DAY,
    )  # fmt: skip
    return own_event(SOURCE, data.credit_id, _BACK, CHARGE_CREDITED.topic, day, data)
