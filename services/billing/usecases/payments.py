"""Payments received and reversed: placed on the account they are for, or in suspense."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import asyncpg

from services.billing.db import ledger, registry
from services.billing.db import payments as stored
from services.billing.db.payments import Placed
from services.billing.db.waiting import overtaken
from services.billing.domain import charges, payments, postings, rules
from services.billing.domain.facts import Part, Payment, Reversal, Unit, is_waiting
from services.billing.usecases.claims import claim
from services.billing.usecases.items import say_items
from services.billing.usecases.journal import Journal
from services.billing.usecases.payment_events import say_change
from services.billing.usecases.write_offs import follow
from shared.bus.work import Cause, Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.housing import PaymentReceived, PaymentReversed
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
        target = payments.target(placed.payment, (), placed.account_id)
        journal.post(event, postings.payment_postings(placed.payment, (), target))
        say_change(work, Cause.of(event), placed.payment, (), (), target)
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
            fresh.append((event, payments.payment_of(event.data)))
    return fresh


class Finder:
    """Finds the account of a payment among the accounts and units that are known."""

    __slots__ = ("_accounts", "_units")

    def __init__(self, accounts: Mapping[str, str], units: Mapping[str, Unit]) -> None:
        self._accounts = accounts
        self._units = units

    def __call__(self, payment: Payment) -> str | None:
        """Return the account_id, or nothing: suspense."""
        return payments.place(payment, self._accounts, self._units)


async def finder(
    connection: asyncpg.Connection, of: Iterable[Payment], supposed: Mapping[str, Unit] | None = None
) -> Finder:
    """Load what some payments may be placed by; ``supposed``: other units than are registered."""
    wanted = list(of)
    refs = {ref for payment in wanted for ref in payments.candidate_refs(payment)}
    accounts = await registry.accounts_by_ref(connection, refs)
    if supposed is not None:
        return Finder(accounts, supposed)
    unit_ids = {payment.unit_id for payment in wanted if payment.unit_id is not None}
    return Finder(accounts, await registry.load_units(connection, unit_ids) if unit_ids else {})


class Taken(NamedTuple):
    """An accepted reversal, where its payment stands, and the reversals accepted before it."""

    event: Event[PaymentReversed]
    reversal: Reversal
    placed: Placed
    earlier: tuple[Reversal, ...]


async def reverse(work: Work, events: Sequence[Event[PaymentReversed]]) -> None:
    """Take back what the bank took back; a reversal of a payment not known yet is held."""
    told = [event.data for event in events]
    things = (name for data in told for name in (f"payment:{data.payment_id}", f"reversal:{data.reversal_id}"))
    await work.lock(exclusive=things, shared=("structure",))
    connection = await driver(work.session)
    payment_ids = sorted({event.data.payment_id for event in events})
    known = await stored.load_payments(connection, payment_ids)
    reversals = await stored.load_reversals(connection, payment_ids)
    shas = await stored.reversal_shas(connection, (event.data.reversal_id for event in events))
    held = await overtaken(connection, (f"payment:{payment_id}" for payment_id in payment_ids), work.known_things)
    accepted: list[Taken] = []
    for event in events:
        placed, name = known.get(event.data.payment_id), f"payment:{event.data.payment_id}"
        if placed is None or name in held:
            work.hold(event, name)
            continue
        earlier = reversals.setdefault(event.data.payment_id, [])
        if _accept(work, event, placed.payment, earlier, shas):
            reversal = payments.reversal_of(event.data)
            accepted.append(Taken(event, reversal, placed, tuple(earlier)))
            earlier.append(reversal)
    if accepted:
        await stored.add_reversals(connection, work.book, [(taken.event, taken.reversal) for taken in accepted])
        await _post_reversals(work, connection, accepted)


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


async def _post_reversals(work: Work, connection: asyncpg.Connection, accepted: Sequence[Taken]) -> None:
    """Post each reversal where its payment stands; of a shared payment it may shift what later ones took from whom."""
    journal = Journal(work)
    touched: dict[str, Event[PaymentReversed]] = {}
    shifting: list[Event[PaymentReversed]] = []
    for taken in accepted:
        payment, all_ = taken.placed.payment, (*taken.earlier, taken.reversal)
        old, new = taken.placed.target(taken.earlier), taken.placed.target(all_)
        changes = charges.difference(old, new)
        journal.post(taken.event, postings.payment_postings(payment, all_, changes))
        say_change(work, Cause.of(taken.event), payment, all_, old, new)
        touched.update(dict.fromkeys(accounts_in(changes), taken.event))
        if any(part.fact_id != taken.reversal.reversal_id for part in changes):
            shifting.append(taken.event)
    await ledger.add_causes(connection, ((event.uid, event.source, event.id, event.type) for event in shifting))
    await journal.write(connection)
    await work.lock(exclusive=(f"account:{account_id}" for account_id in touched))
    await follow(connection, journal, touched)
    await say_items(work, touched)


def accounts_in(changes: Iterable[Part]) -> set[str]:
    """Return the accounts that parts stand on."""
    return {part.holder for part in changes if not is_waiting(part.holder)}
