"""Money that follows what we learn: targets are derived anew, and only the difference is posted."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from uuid import UUID

import asyncpg

from services.billing.db import charges as stored_charges
from services.billing.db import ledger
from services.billing.db import payments as stored_payments
from services.billing.domain import charges, postings
from services.billing.domain.facts import Charge, Part, Payment
from services.billing.usecases.charges import say_shares, surroundings_of
from services.billing.usecases.items import say_items
from services.billing.usecases.journal import Journal
from services.billing.usecases.payment_events import say_change
from services.billing.usecases.payments import accounts_in, finder
from services.billing.usecases.write_offs import follow
from shared.bus.work import Cause, Work
from shared.events.base import Event, EventData
from shared.events.billing import ShareReason
from shared.log_events import LogEvent

CauseOfPart = Callable[[Charge, Part], "Event[EventData]"]
CauseOfPayment = Callable[[Payment], "Event[EventData]"]

PORTION = 200
"""Charges that are attributed anew together."""


class Moves:
    """The moves of one batch: differences posted under their causes, accounts touched, all written at the end."""

    __slots__ = ("_connection", "_journal", "_moved", "_movers", "_touched", "_work")

    def __init__(self, work: Work, connection: asyncpg.Connection) -> None:
        self._work = work
        self._connection = connection
        self._journal = Journal(work)
        self._touched: dict[str, Event[EventData]] = {}
        self._moved: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
        self._movers: dict[UUID, Event[EventData]] = {}

    async def charges(
        self, charge_ids: Iterable[str], cause_of: CauseOfPart, only: Collection[str] | None = None
    ) -> None:
        """Attribute charges and their credits anew; ``only``: the parts of these units, nothing else has changed.

        A unit's parts of a fact sum to the same before and after (and so do a charge's), so each cause balances.
        """
        wanted = sorted(charge_ids)
        for start in range(0, len(wanted), PORTION):
            await self._portion(wanted[start : start + PORTION], cause_of, only)

    async def _portion(self, wanted: Sequence[str], cause_of: CauseOfPart, only: Collection[str] | None) -> None:
        known = await stored_charges.load_charges(self._connection, wanted)
        credits_ = await stored_charges.load_credits(self._connection, wanted)
        standing = await stored_charges.load_parts(self._connection, wanted, only)
        around = await surroundings_of(self._connection, known.values(), only)
        parts, shares = {}, {}
        for charge_id in wanted:
            charge, own = known[charge_id], credits_.get(charge_id, [])
            target, version = around.target(charge, own), around.version_of(charge)
            if only is not None:
                target = tuple(part for part in target if part.unit_id in only)
            changes = charges.difference(standing.get(charge_id, ()), target)
            if not changes:
                continue
            parts[charge_id], shares[charge_id] = target, version.shares if version is not None else {}
            for cause, moved in _by_cause(charge, changes, cause_of):
                posted = postings.charge_postings(charge, own, moved)
                self._journal.post(cause, posted)
                say_shares(self._work, Cause.of(cause), charge, own, moved, version, ShareReason.REDIVIDED)
                self._touch(moved, cause)
                self._count(cause, "charges", posted)
        if parts:
            await stored_charges.replace_parts(self._connection, parts, shares, only)
            await self._journal.write(self._connection)

    async def payments(self, payment_ids: Iterable[str], cause_of: CauseOfPayment) -> None:
        """Place payments anew; their reversals go with them."""
        wanted = sorted(payment_ids)
        if not wanted:
            return
        known = await stored_payments.load_payments(self._connection, wanted)
        reversals = await stored_payments.load_reversals(self._connection, wanted)
        find = await finder(self._connection, (placed.payment for placed in known.values()))
        moved: list[tuple[str, str | None]] = []
        for payment_id in wanted:
            was, own = known[payment_id], reversals.get(payment_id, [])
            now = replace(was, account_id=find(was.payment))
            if now == was:
                continue
            cause, old, new = cause_of(was.payment), was.target(own), now.target(own)
            # Where a person matched it to it stays; only where its references would place it is noted.
            changes = charges.difference(old, new)
            posted = postings.payment_postings(was.payment, own, changes)
            self._journal.post(cause, posted)
            say_change(self._work, Cause.of(cause), was.payment, own, old, new, learnt=True)
            self._touch(changes, cause)
            self._count(cause, "payments", posted)
            moved.append((payment_id, now.account_id))
        await stored_payments.move_payments(self._connection, moved)

    async def settle(self) -> None:
        """Write the postings with their causes, and say what is open on the accounts touched."""
        named = ((cause.uid, cause.source, cause.id, cause.type) for cause in self._journal.causes())
        await ledger.add_causes(self._connection, named)
        await self._journal.write(self._connection)
        await follow(self._connection, self._journal, self._touched)
        await say_items(self._work, self._touched)
        for event in self._movers.values():
            facts = {"event_id": event.id, "correlation_id": Cause.of(event).correlation_id}
            self._work.tell(LogEvent.RECLASSIFIED, **facts, **self._moved[event.uid])

    def _count(self, cause: Event[EventData], what: str, posted: Sequence[postings.Posting]) -> None:
        """Count what an event moves in the ledger; what waits for another thing than before has not moved."""
        if posted:
            self._movers[cause.uid] = cause
            moved_pence = sum(max(posting.amount_pence, 0) for posting in posted)
            self._moved[cause.uid].update({what: 1, "pence": moved_pence})

    def _touch(self, changes: Iterable[Part], cause: Event[EventData]) -> None:
        self._touched.update(dict.fromkeys(accounts_in(changes), cause))


def _by_cause(
    charge: Charge, changes: Iterable[Part], cause_of: CauseOfPart
) -> list[tuple[Event[EventData], list[Part]]]:
    """Return the changes of a charge by the event that led to them, in the order of the changes."""
    groups: dict[object, tuple[Event[EventData], list[Part]]] = {}
    for part in changes:
        cause = cause_of(charge, part)
        groups.setdefault(cause.uid, (cause, []))[1].append(part)
    return list(groups.values())
