"""Proving the books: the ledger against itself, against what stands on accounts, and against the rules applied anew."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import asyncpg

from services.billing.db import charges as stored_charges
from services.billing.db import ledger, proof, questions
from services.billing.db import payments as stored_payments
from services.billing.db import statements as stored_statements
from services.billing.db import write_offs as stored_write_offs
from services.billing.db.statements import StatementRow
from services.billing.domain import charges, write_offs
from services.billing.domain.items import Places
from services.billing.domain.lines import Line, netted
from services.billing.domain.position import position
from services.billing.usecases.allocation import rules_of
from services.billing.usecases.charges import surroundings_of
from services.billing.usecases.items import NOTHING_OPEN, fingerprint, open_since
from services.billing.usecases.payments import finder
from shared.bus.work import OPENING_BOOK

Hunt = Callable[[asyncpg.Connection, Sequence[str]], Awaitable[list[str]]]

_PAGE = 200
_IN_SQL = (
    ("every cause of the ledger sums to zero", proof.UNBALANCED),
    ("the ledger sums to zero", proof.TOTAL),
    ("every posting has its cause and its account", proof.NAMELESS),
    ("charges stand where they are posted", proof.CHARGES_STAND),
    ("charges and credits are divided whole", proof.CHARGES_WHOLE),
    ("payments stand where they are posted", proof.PAYMENTS_STAND),
    ("reviewed statements say what they said when they were struck", proof.ISSUED_AS_STRUCK),
    ("spendings of reserve funds are posted", proof.SPENDINGS_STAND),
    ("annual statements say what the year's statements say", proof.ANNUAL_AS_BILLED),
)


async def verify(connection: asyncpg.Connection) -> dict[str, Any]:
    """Return every check with its result, and what each account was charged and paid, for other services to compare."""
    results = [_check(name, await proof.differences(connection, sql)) for name, sql in _IN_SQL]
    for name, statement, hunt in (
        ("charges are divided as the rules divide them", proof.EVERY_CHARGE, _misplaced_charges),
        ("payments are placed as the rules place them", proof.EVERY_PAYMENT, _misplaced_payments),
        ("payments that people matched stand where they said", proof.EVERY_MATCHED, _misposted_payments),
        ("statements add up to their lines", proof.EVERY_ACCOUNT, _wrong_statements),
        ("open items are as last said", proof.EVERY_ACCOUNT, _unsaid_items),
        ("write-offs stand as the rules let them stand", proof.EVERY_WRITTEN_OFF, _misplaced_write_offs),
    ):
        results.append(_check(name, await _hunt(connection, statement, hunt)))
    return {
        "checks": results,
        "sums": await questions.account_sums(connection),
        "taken_in": await proof.taken_in(connection),
    }


async def checks(connection: asyncpg.Connection) -> dict[str, str]:
    """Return what differs of all that holds at every commit, so that it can be looked at while money moves."""
    return {name: "; ".join(await proof.differences(connection, sql)) for name, sql in _IN_SQL}


def _check(name: str, differences: Sequence[str]) -> dict[str, Any]:
    return {"name": name, "ok": not differences, "detail": "; ".join(differences[: proof.MOST_NAMED])}


async def _hunt(connection: asyncpg.Connection, statement: str, hunt: Hunt) -> list[str]:
    """Go through all things page by page until enough differences are found."""
    found: list[str] = []
    pages: AsyncIterator[Sequence[str]] = proof.pages(connection, statement, _PAGE)
    async for ids in pages:
        found += await hunt(connection, ids)
        if len(found) >= proof.MOST_NAMED:
            break
        await asyncio.sleep(0)
    return found


async def _misplaced_charges(connection: asyncpg.Connection, charge_ids: Sequence[str]) -> list[str]:
    known = await stored_charges.load_charges(connection, charge_ids)
    credits_ = await stored_charges.load_credits(connection, charge_ids)
    standing = await stored_charges.load_parts(connection, charge_ids)
    around = await surroundings_of(connection, known.values())
    found = []
    for charge_id in charge_ids:
        target = around.target(known[charge_id], credits_.get(charge_id, []))
        missing = charges.difference(standing.get(charge_id, ()), target)
        if missing:
            found.append(f"charge {charge_id}, {missing[0].holder}: {missing[0].amount_pence} pence should be added")
    return found


async def _misplaced_payments(connection: asyncpg.Connection, payment_ids: Sequence[str]) -> list[str]:
    known = await stored_payments.load_payments(connection, payment_ids)
    find = await finder(connection, (placed.payment for placed in known.values()))
    return [
        f"payment {payment_id} stands on {known[payment_id].account_id}, belongs to {find(known[payment_id].payment)}"
        for payment_id in payment_ids
        if find(known[payment_id].payment) != known[payment_id].account_id
    ]


async def _misposted_payments(connection: asyncpg.Connection, payment_ids: Sequence[str]) -> list[str]:
    known = await stored_payments.load_payments(connection, payment_ids)
    reversals = await stored_payments.load_reversals(connection, payment_ids)
    posted = await proof.posted_parts(connection, payment_ids)
    found = []
    for payment_id in payment_ids:
        target = known[payment_id].target(reversals.get(payment_id, []))
        missing = charges.difference(posted.get(payment_id, ()), target)
        if missing:
            found.append(f"payment {payment_id}, {missing[0].holder}: {missing[0].amount_pence} pence should be added")
    return found


async def _wrong_statements(connection: asyncpg.Connection, account_ids: Sequence[str]) -> list[str]:
    lines = await ledger.load_lines(connection, account_ids)
    issued: dict[str, list[StatementRow]] = {}
    for row in await stored_statements.list_statements(connection, account_ids):
        issued.setdefault(row.account_id, []).append(row)
    return [
        difference
        for account_id, rows in issued.items()
        for difference in _wrong_rows(netted(lines.get(account_id, ())), rows)
    ]


def _wrong_rows(lines: Sequence[Line], rows: Sequence[StatementRow]) -> list[str]:
    """Return the statements of one account whose figures are not those of the lines they carry."""
    places = Places(row.head for row in rows)
    carried = dict.fromkeys((row.statement_no for row in rows), 0)
    for line in lines:
        head = places.carrying(line)
        if head is not None:
            carried[head.statement_no] += line.amount_pence
    found, before = [], 0
    for row in rows:
        if row.total_pence != carried[row.statement_no] or row.brought_forward_pence != before:
            found.append(f"statement {row.statement_no}: lines make {carried[row.statement_no]}, not {row.total_pence}")
        before += carried[row.statement_no]
    return found


async def _unsaid_items(connection: asyncpg.Connection, account_ids: Sequence[str]) -> list[str]:
    lines = await ledger.load_lines(connection, account_ids)
    heads = await ledger.load_heads(connection, account_ids)
    said = await ledger.load_said(connection, account_ids)
    known = await ledger.load_open_since(connection, account_ids)
    rules = await rules_of(connection, account_ids)
    found = []
    for account_id in account_ids:
        standing = position(lines.get(account_id, ()), heads.get(account_id, ()), OPENING_BOOK, rules[account_id])
        given_up, since = write_offs.standing_pence(lines.get(account_id, ())), open_since(standing)
        # What was written off before that was said with the items is said with the account's next news.
        right = {fingerprint(standing, given_up), fingerprint(standing, 0)}
        if (said[account_id] or NOTHING_OPEN) not in right or since != known.get(account_id, since):
            found.append(f"account {account_id}: open items changed and nobody was told")
    return found


async def _misplaced_write_offs(connection: asyncpg.Connection, account_ids: Sequence[str]) -> list[str]:
    known = await stored_write_offs.load_of_accounts(connection, account_ids)
    lines = await ledger.load_lines(connection, known)
    found = []
    for account_id, own in known.items():
        rows = lines.get(account_id, ())
        missing = write_offs.difference(write_offs.posted(rows), write_offs.movements(rows, own))
        found += [
            f"account {account_id}, {one.write_off_id}: {one.amount_pence} pence should be added" for one in missing
        ]
    return found
