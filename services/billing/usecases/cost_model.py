"""The whole-cost model of the fee: officers record what factoring costs; a year's costs, fees and surplus are told."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

import asyncpg
from pydantic import Strict

from services.billing.db import cost_model as stored
from services.billing.domain.chart import BAD_DEBT, BY_CODE
from services.billing.domain.cost_model import CostKind, Model, by_kind, year_days
from services.billing.usecases.questions import Answer
from services.billing.usecases.reports import source
from shared.bus.bodies import Body
from shared.bus.commands import Command, Json
from shared.bus.refusals import NotNowError, NotValidError, understood
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.types import SignedPence, Text

COST = "fee-cost"


class Asked(Body):
    """What factoring cost on a day; negative pence correct what was recorded before.  The note names no people."""

    kind: CostKind
    incurred_on: date
    amount_pence: Annotated[SignedPence, Strict()]
    note: Text


async def record(work: Work, content: Json) -> Json:
    """Record a cost; nothing is posted, for it is paid outside this ledger.  A rebuild does the same again."""
    asked = understood(Asked, content)
    if not asked.amount_pence:
        raise NotValidError("A cost of nothing is none: name the sum.")
    if asked.incurred_on > work.book:
        raise NotNowError(f"{asked.incurred_on} has not come yet: record a cost when it has arisen.")
    uid = Command.of(work).uid
    cost = (asked.kind, asked.incurred_on, asked.amount_pence, asked.note)
    await stored.add_cost(await driver(work.session), uid, work.book, *cost)
    return {"cost_id": str(uid), "kind": asked.kind, "amount_pence": asked.amount_pence}


async def model(connection: asyncpg.Connection, year: int, wanted_pence: int, known_at: date | None) -> Answer:
    """Return a financial year (from 1 April): costs + surplus = fees, and the fee that would recover its costs.

    Fees and bad debts are the ledger's, by value date and net of tax; a debt that the other owners carry (rule 5) costs
    the factor nothing, but for one of a fee: what they are charged is among the fees.
    """
    first, last = year_days(year)
    costs = await stored.list_costs(connection, first, last, known_at)
    kinds = by_kind((cost.kind, cost.amount_pence) for cost in costs)
    written_off, carried = await stored.sum_bad_debt(connection, first, last, known_at)
    fees = await stored.sum_fees(connection, first, last, known_at)
    units = await stored.count_units(connection, last)
    found = Model(kinds, written_off - carried, fees, units, wanted_pence)
    return {
        "source": source(last, known_at, *fees, *([BAD_DEBT] if written_off else [])),
        "from": first,
        "to": last,
        "costs": [{"kind": kind, "amount_pence": pence} for kind, pence in kinds.items()],
        "bad_debt": {"ledger_pence": written_off, "carried_pence": carried, "net_pence": found.bad_debt_pence},
        "fees": [{"account": code, "name": BY_CODE[code].name, "net_pence": pence} for code, pence in fees.items()],
        **_figures(found),
        "recorded": [asdict(cost) for cost in costs],
    }


def _figures(found: Model) -> Answer:
    names = (
        "cost_pence", "fee_pence", "surplus_pence", "units", "cost_per_unit_pence", "wanted_surplus_pence",
        "to_recover_pence", "proposed_fee_pence", "rounding_pence",
    )  # fmt: skip
    return {name: getattr(found, name) for name in names}
