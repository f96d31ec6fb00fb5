"""Money, open items, holds and disputes: kept for the check at dispatch, nothing else."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from services.notify.db import dispatch_facts, open_items
from services.notify.db.dispatch_facts import Dispute, Receipt
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.arrears import HoldChanged
from shared.events.base import Event
from shared.events.billing import AccountPaid, AccountPaymentReversed, DisputeRaised, ItemsChanged, PaymentUnmatched

_Money = TypeVar("_Money", AccountPaid, AccountPaymentReversed, PaymentUnmatched)


async def count_received(work: Work, events: Sequence[Event[AccountPaid]]) -> None:
    """Count money that reached accounts."""
    await _count(work, events, lambda paid: paid.amount_pence)


async def count_reversed(work: Work, events: Sequence[Event[AccountPaymentReversed]]) -> None:
    """Count money that the bank took back."""
    await _count(work, events, lambda back: -back.amount_pence)


async def count_moved_away(work: Work, events: Sequence[Event[PaymentUnmatched]]) -> None:
    """Count money that moved away to where it belongs."""
    await _count(work, events, lambda moved: -moved.amount_pence)


async def _count(work: Work, events: Sequence[Event[_Money]], pence_of: Callable[[_Money], int]) -> None:
    receipts = [
        Receipt(event.uid, event.data.account_id, event.book or work.book, pence_of(event.data)) for event in events
    ]
    await dispatch_facts.add_receipts(await driver(work.session), receipts)


async def change_holds(work: Work, events: Sequence[Event[HoldChanged]]) -> None:
    """Keep which holds were set, in which of arrears' books, and which are lifted."""
    told = [(event.data, event.book or work.book) for event in events]
    await dispatch_facts.store_holds(await driver(work.session), told)


async def note_disputes(work: Work, events: Sequence[Event[DisputeRaised]]) -> None:
    """Keep what was disputed of which account, by billing's book."""
    disputes = [
        Dispute(event.data.dispute_id, event.data.account_id, event.data.charge_id, event.book or work.book)
        for event in events
    ]
    await dispatch_facts.add_disputes(await driver(work.session), disputes)


async def note_items(work: Work, events: Sequence[Event[ItemsChanged]]) -> None:
    """Keep what was open of each account at the end of each of billing's books."""
    told = [(event.data, event.book or work.book) for event in events]
    await open_items.store(await driver(work.session), told)
