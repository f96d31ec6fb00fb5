"""Letters: what billing and arrears decided asks for one, once."""

from collections.abc import Sequence
from typing import Any

from services.notify.db import address_book, letters, notices
from services.notify.db import plans as plan_rows
from services.notify.db.address_book import Claimed
from services.notify.db.letters import Wanted
from services.notify.domain import identity, plans
from services.notify.domain.dispatch import BOOKS_APART
from services.notify.domain.liability_notices import known, letter_of
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.arrears import NoticeChanged, PlanChanged, StageReached
from shared.events.base import Event
from shared.events.billing import (
    AccountOpened,
    AnnualStatementIssued,
    CollectionAnnounced,
    FeeNoticeGiven,
    ReliefEnded,
    ShareCarried,
    StatementIssued,
)
from shared.events.mandates import MandateEnded, MandateWithdrawn
from shared.returns import tells_of_death

REMINDERS = frozenset(BOOKS_APART)
"""The stages of the ladder that are letters of ours."""


async def open_accounts(work: Work, events: Sequence[Event[AccountOpened]]) -> None:
    """Keep whose account it is; each owner's account asks for one welcome letter, the association's own for none."""
    claimed = await address_book.add_accounts(await driver(work.session), events)
    _settle(work, claimed, [(event, event.data.account_id) for event in events])
    owners = [event for event in events if event.uid not in work.verdicts and not event.data.internal]
    keyed = [(event, identity.welcome_key(event.data.account_id)) for event in owners]
    await _want(work, [(event, _wanted(event, "welcome", key)) for event, key in keyed])


async def issue_statements(work: Work, events: Sequence[Event[Any]], template: str) -> None:
    """Ask for the letter of each statement or final account."""
    statements: Sequence[Event[StatementIssued]] = events
    keyed = [(event, identity.statement_key(template, event.data.statement_no)) for event in statements]
    await _want(work, [(event, _wanted(event, template, key)) for event, key in keyed])


async def issue_annual_statements(work: Work, events: Sequence[Event[AnnualStatementIssued]]) -> None:
    """Ask for the letter of each annual statement: one for an account and a year, ever."""
    keyed = [(event, identity.annual_key(event.data.account_id, event.data.year)) for event in events]
    await _want(work, [(event, _wanted(event, "annual-statement", key)) for event, key in keyed])


async def tell_increases(work: Work, events: Sequence[Event[FeeNoticeGiven]]) -> None:
    """Ask for the letter of each increase: one for an account and a version of a schedule, ever."""
    keyed = [
        (event, identity.increase_key(event.data.account_id, event.data.schedule_id, event.data.version))
        for event in events
    ]
    await _want(work, [(event, _wanted(event, "fee-increase", key)) for event, key in keyed])


async def tell_carriers(work: Work, events: Sequence[Event[ShareCarried]]) -> None:
    """Ask for the notice of each missing share: one for an account and a charge, ever."""
    keyed = [(event, identity.missing_share_key(event.data.account_id, event.data.charge_id)) for event in events]
    await _want(work, [(event, _wanted(event, "missing-share", key)) for event, key in keyed])


async def end_reliefs(work: Work, events: Sequence[Event[ReliefEnded]]) -> None:
    """Ask for the letter of each relief that ends: one for an account and a relief, ever."""
    keyed = [(event, identity.relief_key(event.data.account_id, event.data.relief_id)) for event in events]
    await _want(work, [(event, _wanted(event, "relief-ended", key)) for event, key in keyed])


async def announce_collections(work: Work, events: Sequence[Event[CollectionAnnounced]]) -> None:
    """Ask for the advance notice of each direct debit."""
    keyed = [(event, identity.collection_key(event.data.collection_id, event.data.account_id)) for event in events]
    await _want(work, [(event, _wanted(event, "collection-notice", key)) for event, key in keyed])


async def tell_of_ended_mandates(work: Work, events: Sequence[Event[MandateEnded]]) -> None:
    """Ask for the letter to each owner whose direct debit the bank ended: one for an account and a reversal, ever."""
    keyed = [(event, identity.mandate_end_key(event.data.account_id, event.data.reversal_id)) for event in events]
    await _want(work, [(event, _wanted(event, "mandate-ended", key)) for event, key in keyed])


async def tell_of_notices(work: Work, events: Sequence[Event[NoticeChanged]]) -> None:
    """Ask for the letter of each notice that was approved, registered, renewed, or is consented to be discharged.

    How each stands is kept, too: a letter that is not so any more does not leave.
    """
    await notices.store(await driver(work.session), [event.data for event in events])
    told = [(event, letter_of(event.data), event.data) for event in events]
    await _want(
        work,
        [
            (event, _wanted(event, name, identity.notice_key(data.notice_id, known(data.number))))
            for event, name, data in told
            if name is not None
        ],
    )


async def tell_of_withdrawn_mandates(work: Work, events: Sequence[Event[MandateWithdrawn]]) -> None:
    """Ask for the same letter where no money came back: one for a mandate, ever, and none when the payer has died."""
    keyed = [
        (event, identity.mandate_withdrawn_key(event.data.account_id, event.data.mandate_id))
        for event in events
        if not tells_of_death(event.data.code)
    ]
    await _want(work, [(event, _wanted(event, "mandate-ended", key)) for event, key in keyed])


async def tell_of_plans(work: Work, events: Sequence[Event[PlanChanged]]) -> None:
    """Keep each change of a plan, and ask for the letter of one that has one: one for a plan and a change, ever."""
    asked = [(event, plans.letter_of(event.data)) for event in events]
    await _want(
        work,
        [
            (event, _wanted(event, template, identity.plan_key(event.data.plan_id, event.data.change or 1)))
            for event, template in asked
            if template is not None
        ],
    )
    told = [(event.data, event.book or work.book) for event in events if event.uid not in work.verdicts]
    await plan_rows.add(await driver(work.session), told)


async def reach_stages(work: Work, events: Sequence[Event[StageReached]]) -> None:
    """Ask for the letter of each stage; a stage whose letter we do not have is refused, so that nobody misses it."""
    known = [event for event in events if event.data.name in REMINDERS]
    for event in events:
        if event.data.name not in REMINDERS:
            work.refuse(event, "no-such-letter", f"there is no letter for the stage {event.data.name}", "name")
    keyed = [
        (event, identity.reminder_key(event.data.account_id, event.data.cycle, event.data.stage)) for event in known
    ]
    await _want(work, [(event, _wanted(event, event.data.name, key)) for event, key in keyed])


def _wanted(event: Event[Any], template: str, dedup_key: str) -> Wanted:
    return Wanted(
        dedup_key=dedup_key,
        template=template,
        account_id=event.data.account_id,
        sha=event.sha,
        matter=event.data.model_dump_json(by_alias=True, exclude_none=True),
        source=event.source,
        event_id=event.id,
        correlation_id=event.correlation_id or event.id,
    )


async def _want(work: Work, asked: Sequence[tuple[Event[Any], Wanted]]) -> None:
    if not asked:
        return
    claimed = await letters.add_letters(await driver(work.session), [wanted for _, wanted in asked], work.book)
    _settle(work, claimed, [(event, wanted.dedup_key) for event, wanted in asked])


def _settle(work: Work, claimed: Claimed, named: Sequence[tuple[Event[Any], str]]) -> None:
    """The first to say a business fact stands; the same content again is a duplicate, other content a conflict."""
    new = set(claimed.new)
    for event, name in named:
        if claimed.shas[name] != event.sha:
            work.conflict(event, "the same business fact was said before with other content")
        elif name not in new:
            work.duplicate(event)
        new.discard(name)
