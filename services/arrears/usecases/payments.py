"""Follow the money of each account: recent money stops reminders, money taken back takes the cycle up again."""

from collections.abc import Sequence

from services.arrears.db import payments
from services.arrears.db.payments import Movement
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.billing import AccountPaid, AccountPaymentReversed, PaymentUnmatched


async def add_payments(work: Work, events: Sequence[Event[AccountPaid]]) -> None:
    """Money was matched to accounts."""
    told = [event.data for event in events]
    moves = [Movement(one.account_id, one.payment_id, one.amount_pence, one.received_on) for one in told]
    await payments.move(await driver(work.session), moves, work.book)


async def reverse_payments(work: Work, events: Sequence[Event[AccountPaymentReversed]]) -> None:
    """The bank took money back."""
    told = [event.data for event in events]
    moves = [Movement(one.account_id, one.payment_id, -one.amount_pence) for one in told]
    await payments.move(await driver(work.session), moves, work.book)


async def unmatch_payments(work: Work, events: Sequence[Event[PaymentUnmatched]]) -> None:
    """Money moved away to where it belongs."""
    told = [event.data for event in events]
    moves = [Movement(one.account_id, one.payment_id, -one.amount_pence, one.received_on) for one in told]
    await payments.move(await driver(work.session), moves, work.book)
