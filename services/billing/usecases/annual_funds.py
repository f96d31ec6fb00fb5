"""What reserve funds hold at the end of a year, for its annual statements: worked out once, said to all alike."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date

import asyncpg

from services.billing.db import annual_funds as stored
from services.billing.db import ledger
from services.billing.domain.owners_money import Kept, kept, together
from services.billing.domain.position import as_known
from services.billing.usecases.allocation import rules_of
from services.billing.usecases.questions import CHUNK
from shared.events.housing import ChargeKind


async def funds_left(connection: asyncpg.Connection, year: int, account_ids: Sequence[str] | None) -> dict[str, int]:
    """Return by fund the pence that were paid in and not spent at a year's end, as known now; negative: overspent.

    With ``account_ids`` the funds of these alone.  A fund that nobody was asked for by then is left out.
    """
    day = date(year, 12, 31)
    paid: defaultdict[str, list[Kept]] = defaultdict(list)
    async for fund_id, own in _paid(connection, await stored.list_paying(connection, account_ids), day):
        paid[fund_id].append(own)
    spent = await stored.sum_spent(connection, day)
    return {fund_id: together(own).held_pence - spent.get(fund_id, 0) for fund_id, own in paid.items()}


async def _paid(connection: asyncpg.Connection, funds: Mapping[str, str], day: date) -> AsyncIterator[tuple[str, Kept]]:
    """Yield for each account that was asked by a day its fund and what it paid, as the list of funds counts it."""
    accounts = list(funds)
    for start in range(0, len(accounts), CHUNK):
        account_ids = accounts[start : start + CHUNK]
        lines = await ledger.load_lines(connection, account_ids)
        heads = await ledger.load_heads(connection, account_ids)
        rules = await rules_of(connection, account_ids, day)
        for name in account_ids:
            own, issued = as_known(lines.get(name, ()), heads.get(name, ()), day, None)
            if any(line.charge_kind is ChargeKind.RESERVE_FUND for line in own):
                yield funds[name], kept(own, issued, ChargeKind.RESERVE_FUND, day, rules[name])
        await asyncio.sleep(0)
