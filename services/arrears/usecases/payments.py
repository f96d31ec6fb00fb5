"""Follow the money of each account: recent money stops reminders, money taken back takes the cycle up again."""

from collections.abc import Sequence

from services.arrears.db import collections, payments
from services.arrears.db.payments import Movement
from services.arrears.usecases import holds
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.billing import AccountPaid, AccountPaymentReversed, PaymentUnmatched
from shared.events.housing import PaymentMethod
from shared.events.mandates import MandateWithdrawn
from shared.returns import tells_of_death


async def add_payments(work: Work, events: Sequence[Event[AccountPaid]]) -> None:
    """Money was matched to accounts; a direct debit is on its way no more, whether it stays or is taken back."""
    told = [event.data for event in events]
    moves = [Movement(one.account_id, one.payment_id, one.amount_pence, one.received_on) for one in told]
    await payments.move(await driver(work.session), moves, work.book)
    debits = [one for one in told if one.method is PaymentMethod.DIRECT_DEBIT]
    if debits:
        ids, days = [one.account_id for one in debits], [one.received_on for one in debits]
        await collections.collected(await driver(work.session), ids, days)


async def reverse_payments(work: Work, events: Sequence[Event[AccountPaymentReversed]]) -> None:
    """The bank took money back; if it says that the payer has died, letters stop.

    Not once more when the money moves to the owner of a unit sold before it came: that is not who died.
    """
    told = [event.data for event in events]
    moves = [Movement(one.account_id, one.payment_id, -one.amount_pence) for one in told]
    await payments.move(await driver(work.session), moves, work.book)
    for event in events:
        if tells_of_death(event.data.reason) and not event.data.moved:
            await holds.hold_for_death(work, event)


async def note_withdrawn(work: Work, events: Sequence[Event[MandateWithdrawn]]) -> None:
    """The bank told, with no money taken back, that a mandate is no more; if the payer has died, letters stop."""
    for event in events:
        if tells_of_death(event.data.code):
            await holds.hold_for_death(work, event)


async def unmatch_payments(work: Work, events: Sequence[Event[PaymentUnmatched]]) -> None:
    """Money moved away to where it belongs."""
    told = [event.data for event in events]
    moves = [Movement(one.account_id, one.payment_id, -one.amount_pence, one.received_on) for one in told]
    await payments.move(await driver(work.session), moves, work.book)
