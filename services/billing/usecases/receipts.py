"""Payments received and reversed: placed on the account they are for, or in suspense."""

from collections.abc import Iterable, Mapping, Sequence

import asyncpg

from services.billing.db import receipts as stored
from services.billing.db import registry
from services.billing.db.receipts import Placed
from services.billing.db.waiting import overtaken
from services.billing.domain import postings, receipts, rules
from services.billing.domain.facts import Payment, Reversal, Unit
from services.billing.usecases.claims import claim
from services.billing.usecases.items import say_items
from services.billing.usecases.journal import Journal
from services.billing.usecases.write_offs import follow
from shared.bus.work import Cause, Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.billing import AccountPaid, AccountPaymentReversed, PaymentSuspended, PaymentUnmatched
from shared.events.housing import PaymentReceived, PaymentReversed
from shared.events.topics import ACCOUNT_PAID, ACCOUNT_REVERSED, PAYMENT_SUSPENDED, PAYMENT_UNMATCHED
from shared.log_events import LogEvent


async def receive(work: Work, events: Sequence[Event[PaymentReceived]]) -> None:
    """Post new payments to the accounts they are for; nobody matches: to suspense."""
    await work.lock(exclusive=(f"payment:{event.data.payment_id}" for event in events), shared=("structure",))
    connection = await driver(work.session)
    fresh = await _new_payments(work, connection, events)
    if not fresh:
        return
    find = await finder(connection, (payment for _, payment in fresh))
    accepted = [(event, Placed(payment, find(payment))) for event, payment in fresh]
    journal = Journal(work)
    for event, placed in accepted:
        target = receipts.target(placed.payment, (), placed.account_id)
        journal.post(event, postings.payment_postings(placed.payment, (), target))
        say_arrival(work, Cause.of(event), placed.payment, {}, placed.account_id)
        _tell(work, event, placed)
    await stored.add_payments(connection, work.book, accepted)
    await journal.write(connection)
    touched = {placed.account_id: event for event, placed in accepted if placed.account_id is not None}
    await work.lock(exclusive=(f"account:{account_id}" for account_id in touched))
    await follow(connection, journal, touched)
    await say_items(work, touched)
    work.known(*(f"payment:{placed.payment.payment_id}" for _, placed in accepted))


def _tell(work: Work, event: Event[PaymentReceived], placed: Placed) -> None:
    """Leave word of where a payment went: its account, or suspense."""
    if placed.account_id is not None:
        work.remark(event.uid, account_id=placed.account_id)
        return
    work.tell(
        LogEvent.SUSPENSE_POSTED, event_id=event.id, correlation_id=Cause.of(event).correlation_id,
        payment_id=placed.payment.payment_id, pence=placed.payment.amount_pence,
    )  # fmt: skip


async def _new_payments(
    work: Work, connection: asyncpg.Connection, events: Sequence[Event[PaymentReceived]]
) -> list[tuple[Event[PaymentReceived], Payment]]:
    """Return the payments that are new."""
    known = await stored.payment_shas(connection, (event.data.payment_id for event in events))
    fresh: list[tuple[Event[PaymentReceived], Payment]] = []
    for event in events:
        if claim(work, event, event.data.payment_id, known):
            known[event.data.payment_id] = event.sha
            fresh.append((event, receipts.payment_of(event.data)))
    return fresh


class Finder:
    """Finds the account of a payment among the accounts and units that are known."""

    __slots__ = ("_accounts", "_units")

    def __init__(self, accounts: Mapping[str, str], units: Mapping[str, Unit]) -> None:
        self._accounts = accounts
        self._units = units

    def __call__(self, payment: Payment) -> str | None:
        """Return the account_id, or nothing: suspense."""
        return receipts.place(payment, self._accounts, self._units)


async def finder(connection: asyncpg.Connection, payments: Iterable[Payment]) -> Finder:
    """Load what the payments may be placed by."""
    wanted = list(payments)
    refs = {ref for payment in wanted for ref in receipts.candidate_refs(payment)}
    unit_ids = {payment.unit_id for payment in wanted if payment.unit_id is not None}
    accounts = await registry.accounts_by_ref(connection, refs)
    return Finder(accounts, await registry.load_units(connection, unit_ids) if unit_ids else {})


async def reverse(work: Work, events: Sequence[Event[PaymentReversed]]) -> None:
    """Take back what the bank took back; a reversal of a payment not known yet is held."""
    await work.lock(exclusive=(f"payment:{event.data.payment_id}" for event in events), shared=("structure",))
    connection = await driver(work.session)
    payment_ids = sorted({event.data.payment_id for event in events})
    known = await stored.load_payments(connection, payment_ids)
    reversals = await stored.load_reversals(connection, payment_ids)
    shas = await stored.reversal_shas(connection, (event.data.reversal_id for event in events))
    held = await overtaken(connection, (f"payment:{payment_id}" for payment_id in payment_ids), work.known_things)
    accepted: list[tuple[Event[PaymentReversed], Reversal]] = []
    for event in events:
        placed, name = known.get(event.data.payment_id), f"payment:{event.data.payment_id}"
        if placed is None or name in held:
            work.hold(event, name)
            continue
        earlier = reversals.setdefault(event.data.payment_id, [])
        if _accept(work, event, placed.payment, earlier, shas):
            earlier.append(receipts.reversal_of(event.data))
            accepted.append((event, earlier[-1]))
    if accepted:
        await stored.add_reversals(connection, work.book, accepted)
        await _post_reversals(work, connection, accepted, known, reversals)


def _accept(
    work: Work, event: Event[PaymentReversed], payment: Payment, earlier: Sequence[Reversal], shas: dict[str, bytes]
) -> bool:
    """Say whether a reversal is new and no rule refuses it."""
    if not claim(work, event, event.data.reversal_id, shas):
        return False
    refusal = rules.refuse_reversal(payment, earlier, event.data.amount_pence)
    if refusal is not None:
        work.refuse(event, refusal.rule, refusal.detail, refusal.field)
        return False
    shas[event.data.reversal_id] = event.sha
    return True


async def _post_reversals(
    work: Work,
    connection: asyncpg.Connection,
    accepted: Sequence[tuple[Event[PaymentReversed], Reversal]],
    known: Mapping[str, Placed],
    reversals: Mapping[str, Sequence[Reversal]],
) -> None:
    """Post each reversal where its payment stands."""
    journal = Journal(work)
    touched: dict[str, Event[PaymentReversed]] = {}
    for event, reversal in accepted:
        placed = known[reversal.payment_id]
        _, taken_back = receipts.target(placed.payment, (reversal,), placed.account_id)
        journal.post(event, postings.payment_postings(placed.payment, (reversal,), (taken_back,)))
        if placed.account_id is not None:
            say_reversal(work, Cause.of(event), reversal, event.data.reason, placed.account_id)
            touched[placed.account_id] = event
    await journal.write(connection)
    for payment_id in sorted({r.payment_id for _, r in accepted if known[r.payment_id].account_id is None}):
        last = [event for event, reversal in accepted if reversal.payment_id == payment_id][-1]
        say_suspended(work, Cause.of(last), known[payment_id].payment, reversals[payment_id])
    await work.lock(exclusive=(f"account:{account_id}" for account_id in touched))
    await follow(connection, journal, touched)
    await say_items(work, touched)


def say_arrival(
    work: Work, cause: Cause, payment: Payment, reversals: Mapping[Reversal, str], account_id: str | None
) -> None:
    """Say where a payment now stands: on an account, with what was taken back of it, or in suspense.

    ``reversals`` gives the reason of each.
    """
    if account_id is None:
        say_suspended(work, cause, payment, reversals)
        return
    data = AccountPaid(
        account_id=account_id, payment_id=payment.payment_id, amount_pence=payment.amount_pence,
        received_on=payment.received_on, method=payment.method,
    )  # fmt: skip
    work.stage(ACCOUNT_PAID, data, cause=cause)
    for reversal, reason in reversals.items():
        say_reversal(work, cause, reversal, reason, account_id)


def say_reversal(work: Work, cause: Cause, reversal: Reversal, reason: str, account_id: str) -> None:
    """Say that money of an account was taken back."""
    data = AccountPaymentReversed(
        account_id=account_id, payment_id=reversal.payment_id, reversal_id=reversal.reversal_id,
        amount_pence=reversal.amount_pence, reversed_on=reversal.reversed_on, reason=reason,
    )  # fmt: skip
    work.stage(ACCOUNT_REVERSED, data, cause=cause)


def say_suspended(work: Work, cause: Cause, payment: Payment, reversals: Iterable[Reversal]) -> None:
    """Say that what is left of a payment is in suspense."""
    left = receipts.live_pence(payment, reversals)
    data = PaymentSuspended(payment_id=payment.payment_id, amount_pence=left, received_on=payment.received_on)
    work.stage(PAYMENT_SUSPENDED, data, cause=cause)


def say_departure(
    work: Work, cause: Cause, payment: Payment, reversals: Iterable[Reversal], account_id: str | None
) -> None:
    """Say that what is left of a payment moves away from an account; nothing is said of suspense."""
    if account_id is None:
        return
    left = receipts.live_pence(payment, reversals)
    data = PaymentUnmatched(
        account_id=account_id, payment_id=payment.payment_id, amount_pence=left, received_on=payment.received_on
    )
    work.stage(PAYMENT_UNMATCHED, data, cause=cause)
