"""Over whole small histories: what a settlement figure said is what stands once the sale is accounted for."""

import random
from datetime import date, timedelta
from typing import Any

import pytest

from services.billing.db import registry
from services.billing.domain.attribution import Account
from services.billing.domain.final_accounts import timetable
from services.billing.settings import read_statement_policies
from services.billing.usecases.owners_money import TERMS
from services.billing.usecases.schedules import RELIEF, SCHEDULE
from shared.bus.refusals import RefusedError
from shared.events.topics import FINAL_ACCOUNT
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_line
from tests.integration.billing.people import decide, write_off
from tests.integration.billing.test_histories import UNITS, a_history, tell
from tests.integration.billing.test_settlements import FEE, FLOAT, POLICY, asked, closed_through

UNTIL = date(2026, 2, 10)


async def agreed(desk: Desk, dice: random.Random) -> None:
    """A fee of the block, a premium of the share set, one of each flat's own with a relief, and a float."""
    await desk.close("2025-10-31")
    since = {"effective_from": "2026-01-01", "year_starts": 1}
    await decide(desk, SCHEDULE, **FEE | since | {"annual_net_pence": dice.randint(1, 50_000)})
    await decide(desk, SCHEDULE, **POLICY | since | {"instalments": dice.choice([1, 2, 4])})
    await decide(desk, TERMS, **FLOAT | {"effective_from": "2025-11-01", "amount_pence": dice.randint(1, 9_999)})


async def let_off(desk: Desk, dice: random.Random) -> None:
    for unit in UNITS:
        since = date(2026, 1, 1) + timedelta(days=dice.randint(0, 90))
        proven = {"from_on": str(since), "proven_to": str(since + timedelta(days=dice.randint(0, 200)))}
        off = {"unit_id": unit, "basis_points": dice.choice([500, 10_000]), "evidence": "paper"}
        await decide(desk, RELIEF, schedule_id="FEE-B1", **off, **proven)


async def some_given_up(desk: Desk, dice: random.Random) -> None:
    for row in await desk.rows(
        "select account_ref, unit_id, ownership_id from billing.accounts where ownership_id <> ''"
    ):
        items = (await desk.account(row["unit_id"], row["ownership_id"]))["items"]
        for item in items[: dice.randint(0, 1)]:
            try:
                await write_off(desk, row["account_ref"], {item["charge_id"]: dice.randint(1, item["open_pence"])})
            except RefusedError:
                continue  # it is in credit beside


async def owners(desk: Desk) -> list[Account]:
    """The account of each unit's present owner, where there is one."""
    known = await desk.ask(registry.load_registered, UNITS)
    each = (one for unit in known.values() for one in unit.served() if not one.internal and one.from_on is not None)
    return [one for one in each if one.from_on <= desk.book and (one.to_on is None or one.to_on > desk.book)]


async def sell(desk: Desk, account: Account, entry: date) -> None:
    """Register what the figure supposed: the owners before, the seller, and somebody from the entry on."""
    line = (await desk.ask(registry.load_registered, [account.unit_id]))[account.unit_id].line
    kept = [one for one in line.line if one.from_ <= account.from_on]
    gone = {one.ownership_id for one in (*line.line, *line.without_period) if one.ownership_id} - {
        one.ownership_id for one in kept
    }
    periods: list[Any] = [(one.ownership_id or "", str(one.from_), True)[: 3 if one.internal else 2] for one in kept]
    version = line.version + 1
    await desk.hear(a_line(account.unit_id, *periods, ("N", str(entry)), version=version, void=tuple(sorted(gone))))


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 40))])
async def test_every_figure_is_what_stands_when_the_sale_is_accounted_for(desk: Desk, seed: int) -> None:
    dice = random.Random(seed)
    events = a_history(dice)
    await agreed(desk, dice)
    await tell(desk, events, dice)
    await desk.close("2025-11-01", "2026-01-01")
    await let_off(desk, dice)
    await desk.close(UNTIL if dice.random() < 0.5 else UNTIL + timedelta(days=120))
    await some_given_up(desk, dice)
    sales = [
        (one, max(one.from_on or UNTIL, desk.book - timedelta(days=60)) + timedelta(days=dice.randint(1, 200)))
        for one in await owners(desk)
    ]
    figures = [(await asked(desk, str(entry), ref=account.account_ref))["total_pence"] for account, entry in sales]
    for account, entry in sales:
        await sell(desk, account, entry)
    for due_on in sorted(timetable(entry, read_statement_policies()).due_on for _, entry in sales):
        await closed_through(desk, max(due_on, desk.book))
    found = [(await desk.account(one.unit_id, one.ownership_id))["balance_pence"] for one, _ in sales]
    assert found == figures
    said = {one.account_ref: one.balance_pence for one in await desk.said(FINAL_ACCOUNT)}
    assert [said.get(account.account_ref, pence) for (account, _), pence in zip(sales, figures, strict=True)] == figures
    assert await desk.wrong() == []
