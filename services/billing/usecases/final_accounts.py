"""Final accounts of owners who have left: issued in the day's work, and the list of those to look after."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import asyncpg

from services.billing.db import final_accounts as stored
from services.billing.db import ledger, registry
from services.billing.db.registry import Registered
from services.billing.db.statements import Payer
from services.billing.domain import final_accounts
from services.billing.domain.attribution import Account
from services.billing.domain.final_accounts import timetable
from services.billing.domain.lines import Line
from services.billing.domain.owners_money import kept
from services.billing.settings import read_statement_policies
from services.billing.usecases.allocation import rules_of
from services.billing.usecases.statements import draft_for, statement_fields
from shared.bus import gate
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.billing import FinalAccountIssued
from shared.events.housing import ChargeKind
from shared.events.topics import FINAL_ACCOUNT

_DAY = timedelta(days=1)

Answer = dict[str, Any]


async def issue(work: Work, day: date) -> None:
    """Issue the final accounts whose day it is; nothing is posted, and no item or statement changes."""
    connection = await driver(work.session)
    exits_on = final_accounts.exits_due_on(day, read_statement_policies())
    units = await stored.list_candidates(connection, exits_on, [exit_on - _DAY for exit_on in exits_on], day)
    leaving = await _leaving(connection, units, day) if units else []
    if not leaving:
        return
    exits = {account.account_id: account.to_on for account in leaving if account.to_on is not None}
    drafted = await draft_for(connection, [_payer(account) for account in leaving], day)
    for payer, draft in drafted.drafts:
        exit_on = exits[payer.account_id]
        final = final_accounts.final_draft(draft, payer.account_ref, exit_on)
        fields = statement_fields(payer, final, drafted)
        work.stage(FINAL_ACCOUNT, FinalAccountIssued(**fields, exit_on=exit_on))


async def _leaving(connection: asyncpg.Connection, unit_ids: Sequence[str], day: date) -> list[Account]:
    """Return the accounts whose final account is issued on ``day``, in order of account_id; none is issued twice."""
    now = await registry.load_registered(connection, unit_ids)
    then = await registry.load_registered(connection, unit_ids, day - _DAY)
    before = {account.account_id: account for known in then.values() for account in _before(known, day)}
    policies = read_statement_policies()
    found = [
        account
        for known in now.values()
        for account in known.served()
        if final_accounts.is_issued_on(day, account, before.get(account.account_id), policies)
    ]
    issued = await stored.load_issued(connection, [account.account_id for account in found])
    new = (account for account in found if _number(account) not in issued.get(account.account_id, {}))
    return sorted(new, key=lambda account: account.account_id)


def _before(known: Registered, day: date) -> Iterable[Account]:
    """Return the accounts as the book before knew them: an end of management that was learnt today was not known."""
    return known.accounts() if known.registered_in == day else known.served()


def _number(account: Account) -> str:
    assert account.to_on is not None
    return final_accounts.final_no(account.account_ref, account.to_on)


def _payer(account: Account) -> Payer:
    assert account.ownership_id is not None
    return Payer(account.account_id, account.account_ref, account.unit_id, account.ownership_id)


async def worklist(connection: asyncpg.Connection) -> list[Answer]:
    """Return the accounts whose owner or unit has left: their days, state, float, what is missing; soonest first."""
    unit_ids = await stored.list_left(connection)
    known = await registry.load_registered(connection, unit_ids)
    left = [one for unit in known.values() for one in unit.served() if final_accounts.has_left(one)]
    return sorted(await states_of(connection, left), key=lambda answer: (answer["due_by"], answer["account_ref"]))


async def states_of(connection: asyncpg.Connection, left: Sequence[Account]) -> list[Answer]:
    """Return the same of these accounts, in their order."""
    account_ids = [account.account_id for account in left]
    lines = await ledger.load_lines(connection, account_ids)
    heads = await ledger.load_heads(connection, account_ids)
    rules = await rules_of(connection, account_ids)
    issued = await stored.load_issued(connection, account_ids)
    waiting = await stored.load_waiting(connection, [account.unit_id for account in left])
    closed = (await gate.read(connection)).last_closed or date.min
    answers = []
    for account in left:
        own = lines.get(account.account_id, ())
        deposit = kept(own, heads.get(account.account_id, ()), ChargeKind.FLOAT, closed, rules[account.account_id])
        answer = _answer(account, own, issued, waiting, closed)
        answers.append(answer | {"float_pence": deposit.asked_pence, "float_held_pence": deposit.held_pence})
    return answers


def _answer(
    account: Account,
    lines: Sequence[Line],
    issued: Mapping[str, Mapping[str, date]],
    waiting: Mapping[str, Iterable[tuple[str, date]]],
    closed: date,
) -> Answer:
    assert account.to_on is not None
    days = timetable(account.to_on, read_statement_policies())
    issued_on = issued.get(account.account_id, {}).get(_number(account))
    missing = [charge_id for charge_id, since in waiting.get(account.unit_id, ()) if since < account.to_on]
    return {
        "account_ref": account.account_ref,
        "unit_id": account.unit_id,
        "exit_on": days.exit_on,
        "due_by": days.due_on,
        "hard_stop": days.hard_stop_on,
        "state": final_accounts.state_of(days, issued_on, lines, closed),
        "issued_on": issued_on,
        "balance_pence": sum(line.amount_pence for line in lines),
        "missing": missing,
    }
