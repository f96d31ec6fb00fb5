"""Door 1, Kafka: what arrears hears, each batch to one use case."""

from collections.abc import Sequence

from services.arrears.usecases import accounts, collections, payments
from shared.bus.handlers import Router
from shared.bus.work import Work
from shared.events import billing as said
from shared.events import topics
from shared.events.base import Event
from shared.events.mandates import MandateWithdrawn
from shared.events.owners import OwnershipLineChanged

router = Router()


@router.hears(topics.OWNERS_LINE)
async def lines_changed(work: Work, events: Sequence[Event[OwnershipLineChanged]]) -> None:
    """Note who owned each unit when."""
    await accounts.note_lines(work, events)


@router.hears(topics.ACCOUNT_OPENED)
async def accounts_opened(work: Work, events: Sequence[Event[said.AccountOpened]]) -> None:
    """Take accounts in."""
    await accounts.open_accounts(work, events)


@router.hears(topics.ACCOUNT_CLOSED)
async def accounts_closed(work: Work, events: Sequence[Event[said.AccountClosed]]) -> None:
    """Note ended ownerships."""
    await accounts.close_accounts(work, events)


@router.hears(topics.ACCOUNT_CHARGED)
async def accounts_charged(work: Work, events: Sequence[Event[said.AccountCharged]]) -> None:
    """Add up what was charged."""
    await accounts.add_charges(work, events)


@router.hears(topics.ACCOUNT_PAID)
async def accounts_paid(work: Work, events: Sequence[Event[said.AccountPaid]]) -> None:
    """Take money in."""
    await payments.add_payments(work, events)


@router.hears(topics.ACCOUNT_REVERSED)
async def payments_reversed(work: Work, events: Sequence[Event[said.AccountPaymentReversed]]) -> None:
    """Take money out that the bank took back."""
    await payments.reverse_payments(work, events)


@router.hears(topics.PAYMENT_UNMATCHED)
async def payments_unmatched(work: Work, events: Sequence[Event[said.PaymentUnmatched]]) -> None:
    """Take money out that belongs elsewhere."""
    await payments.unmatch_payments(work, events)


@router.hears(topics.ITEMS_CHANGED)
async def items_changed(work: Work, events: Sequence[Event[said.ItemsChanged]]) -> None:
    """Take over the open items."""
    await accounts.replace_items(work, events)


@router.hears(topics.COLLECTION_ANNOUNCED)
async def collections_announced(work: Work, events: Sequence[Event[said.CollectionAnnounced]]) -> None:
    """Note what owners were told is taken."""
    await collections.note_announced(work, events)


@router.hears(topics.COLLECTION_ENDED)
async def collections_ended(work: Work, events: Sequence[Event[said.CollectionEnded]]) -> None:
    """Note what is not taken after all."""
    await collections.note_ended(work, events)


@router.hears(topics.MANDATE_WITHDRAWN)
async def mandates_withdrawn(work: Work, events: Sequence[Event[MandateWithdrawn]]) -> None:
    """Stop letters to a payer whose death the bank tells."""
    await payments.note_withdrawn(work, events)


@router.hears(topics.STATEMENT_ISSUED)
async def statements_issued(work: Work, events: Sequence[Event[said.StatementIssued]]) -> None:
    """Note the newest statements."""
    await accounts.note_statements(work, events)


@router.hears(topics.FINAL_ACCOUNT)
async def final_accounts_issued(work: Work, events: Sequence[Event[said.FinalAccountIssued]]) -> None:
    """Note final accounts like any other statement."""
    await accounts.note_statements(work, events)
