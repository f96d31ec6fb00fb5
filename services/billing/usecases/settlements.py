"""The settlement figure of an account and a day of entry, as a seller's solicitor asks for it; nothing is posted."""

from collections.abc import Iterable, Mapping
from datetime import date

import asyncpg

from services.billing.db import ledger, registry
from services.billing.db import statements as stored_statements
from services.billing.db import write_offs as stored_write_offs
from services.billing.db.questions import AccountRow
from services.billing.domain import settlements
from services.billing.domain.attribution import Account
from services.billing.domain.chart import RECEIVABLE
from services.billing.domain.settlements import Group, Row, Standing
from services.billing.settings import read_settlement_policies
from services.billing.usecases import final_accounts, settlement_sources, supposed_sales
from services.billing.usecases.accounts import account_named
from services.billing.usecases.allocation import rules_of
from services.billing.usecases.questions import Answer
from services.billing.usecases.reports import source
from services.billing.usecases.supposed_sales import Sale
from shared.bus import gate
from shared.bus.gate import GateState
from shared.bus.refusals import NotNowError, NotValidError
from shared.bus.work import OPENING_BOOK
from shared.dated import in_force
from shared.money import as_pounds


async def settlement(
    connection: asyncpg.Connection, reference: str, entry_on: date, valid_until: date | None
) -> Answer:
    """Return what the present owner would have to pay at settlement, with the source of every row.

    An account that has ended is told by its final account.  Raises a ``RefusedError`` where no figure can be given.
    """
    row = await account_named(connection, reference)
    state = await gate.read(connection)
    if state.book == OPENING_BOOK:
        raise NotNowError("No business day has ended yet: there is no day to give a figure on.")
    known = (await registry.load_registered(connection, [row.unit_id]))[row.unit_id]
    account = _owners(row, known.served())
    if account.to_on is not None and account.to_on <= state.book:
        return await _ended(connection, account)
    policy = in_force(read_settlement_policies(), state.book)
    until = valid_until or policy.valid_until(entry_on, state.book)
    refusal = settlements.refuse(account, entry_on, until, state.book, policy)
    if refusal is not None:
        raise NotValidError(refusal)
    sale = supposed_sales.suppose(account, known, entry_on, state.book)
    head = {"valid_until": until, "policy": policy.version, "closed_on": state.last_closed}
    return {**_head(account), "entry_on": entry_on, **head, **await _figure(connection, sale, state)}


def _owners(row: AccountRow, served: Iterable[Account]) -> Account:
    """Return an owner's account with its days; refuse the association's, and one without days."""
    found = next((one for one in served if one.account_id == row.account_id), None)
    if not row.ownership_id:
        raise NotValidError(f"{row.account_ref} is the association's own account: it settles with nobody.")
    if found is None or found.from_on is None:
        raise NotValidError(f"{row.account_ref} has no days of its own: there is nothing to sell.")
    return found


def _head(account: Account) -> Answer:
    return {
        "account_ref": account.account_ref, "unit_id": account.unit_id, "ownership_id": account.ownership_id,
        "from": account.from_on, "to": account.to_on,
    }  # fmt: skip


async def _ended(connection: asyncpg.Connection, account: Account) -> Answer:
    [final] = await final_accounts.states_of(connection, [account])
    return {**_head(account), "final_account": final, "words": _in_words(final)}


def _in_words(final: Mapping[str, object]) -> str:
    """Return where the final account of an account that has ended stands."""
    balance = as_pounds(int(str(final["balance_pence"])))
    told = {
        "issued": f"its final account was issued on {final['issued_on']}",
        "to-come": f"its final account is due on {final['due_by']}",
        "settled": "nothing was owed when its final account was due",
        "late": f"its final account was due on {final['due_by']} and is late",
    }[str(final["state"])]
    return f"{final['account_ref']} ended on {final['exit_on']}: {told}; its balance is {balance}."


async def _figure(connection: asyncpg.Connection, sale: Sale, state: GateState) -> Answer:
    """Return the figure of a supposed sale: rows with their sources, total, and what stands beside it."""
    account_id, day = sale.account.account_id, state.last_closed or state.book
    standing = await _standing(connection, account_id)
    moved = await supposed_sales.moved_lines(connection, sale)
    coming = await supposed_sales.to_come(connection, sale, state.last_closed or date.min)
    figure = settlements.figure(standing, moved, [line for one in coming for line in one.lines], day)
    charge_ids = {row.charge_id for row in figure.rows if row.charge_id is not None}
    notes = await stored_statements.load_notes(connection, [account_id], charge_ids, ())
    schedules = {one.data.charge_id: one for one in coming}
    return {
        "rows": [settlement_sources.row_answer(row, sale, notes, schedules) for row in figure.rows],
        "sums": _sums(figure.rows),
        "balance_pence": sum(line.amount_pence for line in standing.lines),
        "total_pence": figure.total_pence,
        "disputed_pence": figure.disputed_pence,
        "collections": await settlement_sources.collections(connection, account_id, state.book),
        "reserve_fund": await settlement_sources.reserve_fund(connection, sale, standing, day),
        "waiting": await settlement_sources.waiting(connection, sale),
        "reservation": settlements.reservation(sale.entry_on),
        "source": source(None, None, RECEIVABLE),
    }


async def _standing(connection: asyncpg.Connection, account_id: str) -> Standing:
    return Standing(
        (await ledger.load_lines(connection, [account_id])).get(account_id, []),
        (await ledger.load_heads(connection, [account_id])).get(account_id, []),
        (await rules_of(connection, [account_id]))[account_id],
        (await stored_write_offs.load_of_accounts(connection, [account_id])).get(account_id, []),
    )


def _sums(rows: Iterable[Row]) -> dict[str, int]:
    """Return the rows' pence by group, in the order in which the groups are shown; they make the total."""
    found = dict.fromkeys(map(str, Group), 0)
    for row in rows:
        found[row.group] += row.amount_pence
    return {group: pence for group, pence in found.items() if pence}
