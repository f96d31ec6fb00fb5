"""Notices of missing shares: every owner who carries one is told once, in the work of the day that charges them."""

from collections.abc import Sequence

import asyncpg

from services.billing.db import share_notices as stored
from services.billing.db.redistribution import GivenUp
from services.billing.db.share_notices import Cost, Untold
from services.billing.domain import redistribution
from shared.bus.work import Work
from shared.events.billing import ShareCarried
from shared.events.topics import SHARE_CARRIED


async def tell_carriers(work: Work, connection: asyncpg.Connection, given_up: Sequence[GivenUp]) -> None:
    """Tell each owner what they carry of which common cost; the association's own side is told nothing.

    Who is known later (a flat without an owner, a sale learnt late) is told then; who was told is not told again when
    new shares or a payment change their part: their statement shows it.  Source: domain.md 2.3 (R-TEN-5), 5.
    """
    shared = {redistribution.set_of(one.write_off_id): one.charge_id for one in given_up}
    untold = await stored.list_untold(connection, shared)
    if not untold:
        return
    costs = await stored.load_costs(connection, {shared[one.share_set_id] for one in untold})
    for one in untold:
        work.stage(SHARE_CARRIED, _notice(work, one, costs[shared[one.share_set_id]]))
    await stored.add_notices(connection, work.book, untold)


def _notice(work: Work, one: Untold, cost: Cost) -> ShareCarried:
    """Return an owner's notice: it names the cost that all of them share, never whose share is missing."""
    return ShareCarried(
        account_id=one.account_id, account_ref=one.account_ref, unit_id=one.unit_id, ownership_id=one.ownership_id,
        charge_id=one.charge_id, shared_charge_id=cost.charge_id, kind=cost.kind, description=cost.description,
        total_pence=cost.total_pence, missing_pence=one.missing_pence, share=one.share, share_pence=one.share_pence,
        carried_on=work.book,
    )  # fmt: skip
