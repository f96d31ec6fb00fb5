"""What the money of accounts goes by: the dated order of allocation, and what their owners dispute."""

from collections.abc import Iterable
from datetime import date

import asyncpg

from services.billing.db import disputes as stored
from services.billing.domain.allocation import Rules
from services.billing.domain.disputes import as_known
from services.billing.settings import read_allocation_policies


async def rules_of(
    connection: asyncpg.Connection, account_ids: Iterable[str], as_of: date | None = None, known_at: date | None = None
) -> dict[str, Rules]:
    """Return the rules of each account, with the disputes that count by a day and were known at a book (None: all)."""
    wanted, orders = list(account_ids), read_allocation_policies()
    disputed = await stored.load_of_accounts(connection, wanted)
    return {name: Rules(orders, as_known(disputed.get(name, ()), as_of, known_at)) for name in wanted}
