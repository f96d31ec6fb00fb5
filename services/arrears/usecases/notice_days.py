"""A day's look at notices of potential liability: who warrants one, which are over, whose buyer is bound."""

from collections.abc import Sequence
from datetime import date

import asyncpg

from services.arrears.db import notices as rows
from services.arrears.domain import notice_days
from services.arrears.domain.account import Account, overdue
from services.arrears.domain.ladder_policy import LadderPolicy
from services.arrears.domain.notice_candidates import Case
from services.arrears.settings import read_notice_policies
from services.arrears.usecases.notice_changes import keep
from shared.bus.work import Work
from shared.dated import in_force
from shared.db.engine import driver


async def look_after(work: Work, accounts: Sequence[Account], ladder: LadderPolicy) -> None:
    """Look at the notices of accounts as the day's ladder left them; store and say what was decided."""
    connection = await driver(work.session)
    policy = in_force(read_notice_policies(), work.book)
    cases = await _cases(connection, accounts, work.book)
    if not cases:
        return
    looks = [(one.account.account_ref, notice_days.look(one, policy, ladder, work.book)) for one in cases]
    await keep(work, [(ref, change) for ref, found in looks for change in found.changes], policy)
    await rows.look_on(connection, {found.account_id: found.next_on for _, found in looks if found.next_on is not None})


async def _cases(connection: asyncpg.Connection, accounts: Sequence[Account], day: date) -> list[Case]:
    """Return the cases of accounts that have had a notice or have anything overdue."""
    known = await rows.of_accounts(connection, [one.account_id for one in accounts])
    asked = [one for one in accounts if one.account_id in known or overdue(one.items, day)]
    if not asked:
        return []
    asides = await rows.asides_of(connection, [one.account_id for one in asked])
    opened = [(one.account_id, item.charge_id) for one in asked for item in one.items]
    kinds = await rows.kinds_of(connection, opened)
    return [
        Case(
            one, kinds.get(one.account_id, {}), notices=known.get(one.account_id, ()),
            **asides[one.account_id]._asdict(),
        )
        for one in asked
    ]  # fmt: skip
