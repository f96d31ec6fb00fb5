"""Floats in the day's work: asked of owners who have come, and given back on the day of their final account."""

from collections.abc import Iterable
from datetime import date, timedelta

import asyncpg

from services.billing.db import charges as stored_charges
from services.billing.db import floats as stored
from services.billing.db import ledger, registry
from services.billing.domain import floats
from services.billing.domain.floats import Asking, Standing, Step
from services.billing.usecases.charges import credit_charges, raise_charges
from services.billing.usecases.own_events import own_event
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.housing import ChargeCredited, ChargeKind, ChargeRaised
from shared.events.topics import CHARGE_CREDITED, CHARGE_RAISED

SOURCE = "closebook/floats"
"""Who asks for floats and gives them back: no event of Kafka stands behind it, but the work of a day."""

_ASKED, _BACK = "billing.float-asked.v1", "billing.float-given-back.v1"
_DAY = timedelta(days=1)


async def settle(work: Work) -> None:
    """Give back the floats whose day it is, and ask for those that are due; a day that is worked twice adds nothing.

    What goes back is dated the day before, so that the final account (and a statement) of this day carries it.
    """
    connection = await driver(work.session)
    step = await _step(connection, work.book)
    new = await _first_asked(connection, work.book)
    back = [_credit(work.book, charge_id) for charge_id in step.back]
    asked = [_charge(work.book, one) for one in (*step.asked, *new)]
    causes = [*back, *asked]
    await ledger.add_causes(connection, ((event.uid, event.source, event.id, event.type) for event in causes))
    if back:
        await credit_charges(work, back)
    if asked:
        await raise_charges(work, asked)


async def _step(connection: asyncpg.Connection, day: date) -> Step:
    standing = await stored.list_standing(connection, SOURCE)
    if not standing:
        return Step((), ())
    known = await registry.load_registered(connection, {one.unit_id for one in standing})
    accounts = {one.account_ref: one for unit in known.values() for one in unit.accounts() if not one.internal}
    managed = {name: unit.managed_from for name, unit in known.items() if unit.managed_from is not None}
    made = await stored_charges.charge_shas(connection, _names(standing))
    return floats.step(standing, accounts, managed, made, day)


def _names(standing: Iterable[Standing]) -> set[str]:
    """Return the charges that would ask again for what went back."""
    owners = ((floats.owner_of(one.charge_id) or one.account_ref, one.charge_id) for one in standing)
    return {floats.again(ref, charge_id) for ref, charge_id in owners if ref is not None}


async def _first_asked(connection: asyncpg.Connection, day: date) -> tuple[Asking, ...]:
    terms = await stored.load_terms(connection)
    if not terms:
        return ()
    newcomers = await stored.list_newcomers(connection, min(one.effective_from for one in terms), day)
    return floats.first_asked(newcomers, terms, day)


def _charge(day: date, one: Asking) -> Event[ChargeRaised]:
    data = ChargeRaised(
        charge_id=one.charge_id, kind=ChargeKind.FLOAT, unit_id=one.unit_id, amount_pence=one.amount_pence,
        description="Float: held for you, and given back with your final account", instructed_on=one.first_on,
        raised_on=day,
    )  # fmt: skip
    return own_event(SOURCE, data.charge_id, _ASKED, CHARGE_RAISED.topic, day, data)


def _credit(day: date, charge_id: str) -> Event[ChargeCredited]:
    data = ChargeCredited(
        credit_id=floats.credit_id(charge_id), charge_id=charge_id, amount_pence=None, reason="Float given back",
        credited_on=day - _DAY,
    )  # fmt: skip
    return own_event(SOURCE, data.credit_id, _BACK, CHARGE_CREDITED.topic, day, data)
