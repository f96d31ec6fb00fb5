"""The plans that statements show: each as it stood on the day, from what was told up to that day's books."""

from collections.abc import Collection
from datetime import date

import asyncpg

from services.notify.db import dispatch_facts, open_items, plans
from services.notify.domain.standing_plans import StandingPlan, standing


async def load(connection: asyncpg.Connection, account_ids: Collection[str], day: date) -> dict[str, StandingPlan]:
    """Return the plan that stands on each account at the end of ``day``, for those that have one."""
    told = await plans.newest(connection, account_ids, day)
    if not told:
        return {}
    accounts = {one.account_id for one in told}
    debts = await open_items.as_at(connection, accounts, day)
    holds = await dispatch_facts.load_holds(connection, accounts)
    found = [standing(one, debts.get(one.account_id), holds.get(one.account_id, []), day) for one in told]
    return {plan.told.account_id: plan for plan in found if plan is not None}
