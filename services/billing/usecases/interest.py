"""What interest on an account's overdue debts would come to, by a rate that is asked; nothing is charged."""

from datetime import date

import asyncpg

from services.billing.db import ledger
from services.billing.domain.interest import ItemInterest, interest_on, rate_of
from services.billing.domain.position import as_known, position
from services.billing.usecases.accounts import account_named
from services.billing.usecases.allocation import rules_of
from services.billing.usecases.questions import Answer, overdue_day, present
from shared.bus.refusals import NotValidError


async def interest(connection: asyncpg.Connection, reference: str, rate: str, to: date | None) -> Answer:
    """Return simple interest on what is overdue, open and not disputed, to a day (absent: the day last closed).

    A day counts what is dated up to it.  Only a question: nothing is charged, and whether the title deeds or the
    written statement of services allow interest at all is not known here.
    """
    row = await account_named(connection, reference)
    if not row.ownership_id:
        raise NotValidError(f"{row.account_ref} is the association's own account: it owes nobody.")
    try:
        percent = rate_of(rate)
    except ValueError as error:
        raise NotValidError(f"{error}.") from error
    day = await overdue_day(connection, to, None)
    lines = (await ledger.load_lines(connection, [row.account_id])).get(row.account_id, [])
    heads = (await ledger.load_heads(connection, [row.account_id])).get(row.account_id, [])
    rules = (await rules_of(connection, [row.account_id], to, None))[row.account_id]
    told = interest_on(position(*as_known(lines, heads, to, None), day, rules).items, percent, day)
    return {
        "account_ref": row.account_ref, "rate": rate, "to": day, "charged": False,
        "items": [_line(one) for one in told],
        "principal_pence": sum(one.principal_pence for one in told),
        "interest_pence": sum(one.interest_pence for one in told),
    }  # fmt: skip


def _line(one: ItemInterest) -> Answer:
    return present({
        "charge_id": one.item.charge_id, "statement_no": one.item.statement_no, "due_on": one.item.due_on,
        "principal_pence": one.principal_pence, "disputed_pence": one.disputed_pence or None, "days": one.days,
        "exact_pence": str(one.exact_pence), "interest_pence": one.interest_pence,
    })  # fmt: skip
