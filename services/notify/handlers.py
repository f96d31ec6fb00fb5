"""Door 1, Kafka: each handler names its event and calls one use case with the batch."""

from collections.abc import Sequence

from services.notify.usecases import address_book, dispatch_facts, letters
from shared.bus.handlers import Router
from shared.bus.work import Work
from shared.events import topics
from shared.events.arrears import HoldChanged, NoticeChanged, PlanChanged, StageReached, WriteOffChanged
from shared.events.base import Event
from shared.events.billing import (
    AccountOpened,
    AccountPaid,
    AccountPaymentReversed,
    AnnualStatementIssued,
    CollectionAnnounced,
    DisputeRaised,
    FeeNoticeGiven,
    FinalAccountIssued,
    ItemsChanged,
    PaymentUnmatched,
    ReliefEnded,
    ShareCarried,
    StatementIssued,
)
from shared.events.mandates import MandateEnded, MandateWithdrawn
from shared.events.owners import ContactDetailsChanged, OwnershipLineChanged, UnitChanged

router = Router()


@router.hears(topics.OWNERS_CONTACT)
async def contacts_changed(work: Work, events: Sequence[Event[ContactDetailsChanged]]) -> None:
    """Keep how to reach people."""
    await address_book.change_contacts(work, events)


@router.hears(topics.OWNERS_UNIT)
async def units_changed(work: Work, events: Sequence[Event[UnitChanged]]) -> None:
    """Keep where units are."""
    await address_book.change_units(work, events)


@router.hears(topics.OWNERS_LINE)
async def lines_changed(work: Work, events: Sequence[Event[OwnershipLineChanged]]) -> None:
    """Keep who owned what when."""
    await address_book.change_lines(work, events)


@router.hears(topics.ACCOUNT_OPENED)
async def accounts_opened(work: Work, events: Sequence[Event[AccountOpened]]) -> None:
    """Ask for the welcome letters of new accounts."""
    await letters.open_accounts(work, events)


@router.hears(topics.STATEMENT_ISSUED)
async def statements_issued(work: Work, events: Sequence[Event[StatementIssued]]) -> None:
    """Ask for the letters of statements."""
    await letters.issue_statements(work, events, "statement")


@router.hears(topics.FINAL_ACCOUNT)
async def final_accounts_issued(work: Work, events: Sequence[Event[FinalAccountIssued]]) -> None:
    """Ask for the letters of final accounts."""
    await letters.issue_statements(work, events, "final-account")


@router.hears(topics.ANNUAL_STATEMENT)
async def annual_statements_issued(work: Work, events: Sequence[Event[AnnualStatementIssued]]) -> None:
    """Ask for the letters of annual statements."""
    await letters.issue_annual_statements(work, events)


@router.hears(topics.FEE_NOTICE)
async def fee_notices_given(work: Work, events: Sequence[Event[FeeNoticeGiven]]) -> None:
    """Ask for the letters of an increase."""
    await letters.tell_increases(work, events)


@router.hears(topics.SHARE_CARRIED)
async def shares_carried(work: Work, events: Sequence[Event[ShareCarried]]) -> None:
    """Ask for the notices of missing shares."""
    await letters.tell_carriers(work, events)


@router.hears(topics.RELIEF_ENDED)
async def reliefs_ended(work: Work, events: Sequence[Event[ReliefEnded]]) -> None:
    """Ask for the letters of reliefs that end."""
    await letters.end_reliefs(work, events)


@router.hears(topics.COLLECTION_ANNOUNCED)
async def collections_announced(work: Work, events: Sequence[Event[CollectionAnnounced]]) -> None:
    """Ask for the advance notices of direct debits."""
    await letters.announce_collections(work, events)


@router.hears(topics.MANDATE_ENDED)
async def mandates_ended(work: Work, events: Sequence[Event[MandateEnded]]) -> None:
    """Ask for the letters to owners whose direct debit the bank ended."""
    await letters.tell_of_ended_mandates(work, events)


@router.hears(topics.MANDATE_WITHDRAWN)
async def mandates_withdrawn(work: Work, events: Sequence[Event[MandateWithdrawn]]) -> None:
    """Ask for the letters to owners whose direct debit the bank ended with no money taken back."""
    await letters.tell_of_withdrawn_mandates(work, events)


@router.hears(topics.STAGE_REACHED)
async def stages_reached(work: Work, events: Sequence[Event[StageReached]]) -> None:
    """Ask for the reminders."""
    await letters.reach_stages(work, events)


@router.hears(topics.ACCOUNT_PAID)
async def money_received(work: Work, events: Sequence[Event[AccountPaid]]) -> None:
    """Count money for the check at dispatch."""
    await dispatch_facts.count_received(work, events)


@router.hears(topics.ACCOUNT_REVERSED)
async def money_reversed(work: Work, events: Sequence[Event[AccountPaymentReversed]]) -> None:
    """Count money taken back."""
    await dispatch_facts.count_reversed(work, events)


@router.hears(topics.PAYMENT_UNMATCHED)
async def money_moved_away(work: Work, events: Sequence[Event[PaymentUnmatched]]) -> None:
    """Count money moved away."""
    await dispatch_facts.count_moved_away(work, events)


@router.hears(topics.HOLD_CHANGED)
async def holds_changed(work: Work, events: Sequence[Event[HoldChanged]]) -> None:
    """Keep holds for the check at dispatch."""
    await dispatch_facts.change_holds(work, events)


@router.hears(topics.DISPUTE_RAISED)
async def disputes_raised(work: Work, events: Sequence[Event[DisputeRaised]]) -> None:
    """Keep disputes for the check at dispatch."""
    await dispatch_facts.note_disputes(work, events)


@router.hears(topics.ITEMS_CHANGED)
async def items_changed(work: Work, events: Sequence[Event[ItemsChanged]]) -> None:
    """Keep what is open for the check at dispatch."""
    await dispatch_facts.note_items(work, events)


@router.hears(topics.PLAN_CHANGED)
async def plans_changed(work: Work, events: Sequence[Event[PlanChanged]]) -> None:
    """Ask for the letters about repayment plans."""
    await letters.tell_of_plans(work, events)


@router.hears(topics.NOTICE_CHANGED)
async def notices_changed(work: Work, events: Sequence[Event[NoticeChanged]]) -> None:
    """Ask for the letters of notices of potential liability."""
    await letters.tell_of_notices(work, events)


@router.hears(topics.WRITE_OFF_CHANGED)
async def write_offs_changed(work: Work, events: Sequence[Event[WriteOffChanged]]) -> None:
    """Write no letter: nobody says this yet (docs/decisions/0028); one that comes is in the inbox."""
