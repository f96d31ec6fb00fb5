"""Refunds: money of a payment goes back where it came from, when a second person agrees; and who waits for theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from services.billing.db import ledger, registry
from services.billing.db import payments as stored
from services.billing.db.payments import Placed
from services.billing.domain import charges, payments, postings, refs, refunds
from services.billing.domain.allocation import Receipt, receipts_of
from services.billing.domain.facts import SUSPENSE, Part, Reversal, refund_id
from services.billing.usecases.items import say_items
from services.billing.usecases.journal import Journal
from services.billing.usecases.kinds import as_kind
from services.billing.usecases.payment_events import say_change
from services.billing.usecases.payments import accounts_in
from services.billing.usecases.questions import Answer, Folder, each_account, overdue_day
from services.billing.usecases.write_offs import follow
from shared.bus.bodies import Body
from shared.bus.commands import Command, Json
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError, understood
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.types import Id, PositivePence

KIND = "refund"


class Asked(Body):
    """What a refund is proposed with: from an account's credit, or (no account) of money in suspense."""

    payment_id: Id
    account_ref: Id | None = None
    amount_pence: PositivePence


@dataclass(frozen=True, slots=True)
class Weighed:
    """A refund that nothing speaks against, and how the payment stands before and after it."""

    placed: Placed
    reversals: tuple[Reversal, ...]
    refund: Reversal
    old: tuple[Part, ...]
    new: tuple[Part, ...]


async def refund(work: Work, content: Json) -> Json:
    """Take a refund off the payment it goes back to, dated in the book that is being written, and say what follows."""
    weighed = await _weigh(work, content)
    connection, cause, journal = await driver(work.session), Command.of(work), Journal(work)
    payment, all_ = weighed.placed.payment, (*weighed.reversals, weighed.refund)
    changes = charges.difference(weighed.old, weighed.new)
    await stored.add_refund(connection, work.book, cause, weighed.refund)
    journal.post(cause, postings.payment_postings(payment, all_, changes))
    await ledger.add_causes(connection, [cause])
    await journal.write(connection)
    say_change(work, work.cause, payment, all_, weighed.old, weighed.new)
    touched = accounts_in(changes)
    await follow(connection, journal, dict.fromkeys(touched, cause))
    await say_items(work, dict.fromkeys(touched, work.cause))
    return {
        "refund_id": weighed.refund.reversal_id, "payment_id": payment.payment_id, "method": payment.method,
        "amount_pence": weighed.refund.amount_pence, "refunded_on": work.book,
    }  # fmt: skip


async def _weigh(work: Work, content: Json) -> Weighed:
    """Return a refund as it would take effect; raises a ``RefusedError`` when a rule speaks against it."""
    asked, connection = understood(Asked, content), await driver(work.session)
    await work.lock(exclusive=[f"payment:{asked.payment_id}"], shared=("structure",))
    placed = (await stored.load_payments(connection, [asked.payment_id])).get(asked.payment_id)
    if placed is None:
        raise NotKnownError(f"There is no payment {asked.payment_id}.")
    reversals = tuple((await stored.load_reversals(connection, [asked.payment_id])).get(asked.payment_id, ()))
    holder, credit = await _holder(work, connection, asked)
    old = placed.target(reversals)
    held = payments.by_holder(old).get(holder, payments.NOTHING)
    refusal = refunds.refuse_refund(placed.payment, held, credit, asked.amount_pence)
    if refusal is not None:
        raise NotValidError(refusal.detail)
    name = refund_id(Command.of(work).uid)
    taken = Reversal(name, asked.payment_id, asked.amount_pence, work.book, refunds.REASON)
    new = placed.target((*reversals, taken))
    if {part.holder for part in charges.difference(old, new)} != {holder}:
        raise NotNowError("The payment is shared with others: say first, with `suspense split`, whose the rest is.")
    return Weighed(placed, reversals, taken, old, new)


async def _holder(work: Work, connection: asyncpg.Connection, asked: Asked) -> tuple[str, int | None]:
    """Return who has the money, and for an account the balance in its favour, which nobody changes meanwhile."""
    if asked.account_ref is None:
        return SUSPENSE, None
    ref = refs.normalised(asked.account_ref)
    account_id = (await registry.accounts_by_ref(connection, [ref])).get(ref)
    if account_id is None:
        raise NotKnownError(f"No account has the reference {asked.account_ref}.")
    await work.lock(exclusive=[f"account:{account_id}"])
    lines = (await ledger.load_lines(connection, [account_id])).get(account_id, [])
    return account_id, -sum(line.amount_pence for line in lines)


def _subject_of(content: Json) -> str:
    return f"payment:{understood(Asked, content).payment_id}"


REFUND = as_kind(KIND, _subject_of, refund, _weigh, frozenset({"finance"}))
"""Declared to the bus: routes and the list of proposals come with it."""


async def worklist(connection: asyncpg.Connection) -> Answer:
    """Return the accounts in credit with how long they have waited and what may go back to whom, and refunds given."""
    day = await overdue_day(connection, None, None)
    in_credit = [
        (folder, since, receipts_of(folder.lines)[0])
        async for folder in each_account(connection, None, None)
        if (since := refunds.in_credit_since(folder.lines)) is not None and folder.row.ownership_id
    ]
    known = await stored.load_payments(connection, {one.payment_id for _, _, own in in_credit for one in own})
    voided = await registry.load_voided(connection, [folder.row.account_id for folder, _, _ in in_credit])
    waiting = [_waiting(folder, since, own, known, voided) for folder, since, own in in_credit]
    for row in waiting:
        row["days"] = max((day - row["since"]).days, 0)
        row["late"] = row["due_by"] is not None and row["due_by"] < day
    waiting.sort(key=lambda row: (row["due_by"] is None, row["due_by"] or row["since"], row["account_ref"]))
    return {"day": day, "waiting": waiting, "given": await _given(connection)}


def _waiting(
    folder: Folder, since: date, own: Sequence[Receipt], known: Mapping[str, Placed], voided: Mapping[str, date]
) -> Answer:
    """Return an account in credit: since when, until when it must be back, and the payments it may go back to.

    A buyer whose purchase fell through has left on the day that was learnt.
    """
    left_on = next((one.to_on for one in folder.known.served() if one.account_id == folder.row.account_id), None)
    left_on = left_on or voided.get(folder.row.account_id)
    return {
        "account_ref": folder.row.account_ref, "unit_id": folder.row.unit_id,
        "credit_pence": -sum(line.amount_pence for line in folder.lines), "since": since, "left_on": left_on,
        "due_by": refunds.due_by(since, left_on), "sources": _sources(own, known),
    }  # fmt: skip


def _sources(own: Sequence[Receipt], known: Mapping[str, Placed]) -> list[Answer]:
    """Return the payments that name where they came from, newest first."""
    return [
        {
            "payment_id": receipt.payment_id, "method": known[receipt.payment_id].payment.method,
            "received_on": receipt.received_on, "left_pence": receipt.pence,
        }
        for receipt in reversed(own)
        if known[receipt.payment_id].payment.method in refunds.SOURCES
    ]  # fmt: skip


async def _given(connection: asyncpg.Connection) -> list[Answer]:
    return [dict(row) for row in await stored.list_refunds(connection)]
