"""The check before anything leaves: money, what is still open, holds, disputes, the list of allowed recipients."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

import asyncpg

from services.notify.db import dispatch_facts, messages, notices, open_items
from services.notify.domain import plans
from services.notify.domain.dispatch import (
    KEPT_BACK_BY,
    reason_to_keep_back,
    reason_to_keep_plan_back,
    reason_to_suppress,
)
from services.notify.domain.liability_notices import LETTERS, is_overtaken
from services.notify.usecases.letters import REMINDERS
from shared.events.arrears import NoticeChanged, PlanChanged, StageReached

_OF_NOTICES = frozenset(LETTERS.values())


class Outgoing(Protocol):
    """A message about to leave."""

    @property
    def message_id(self) -> UUID:
        """Its name."""
        ...

    @property
    def account_id(self) -> str:
        """The account it is about."""
        ...

    @property
    def correlation_id(self) -> str:
        """The story it belongs to."""
        ...

    @property
    def letter_no(self) -> int:
        """The letter it carries."""
        ...

    @property
    def template(self) -> str:
        """The letter's template."""
        ...


def story(message: Outgoing) -> dict[str, str]:
    """Return what every log line about a message carries, so that it is found with its account and its story."""
    return {
        "message_id": str(message.message_id),
        "account_id": message.account_id,
        "template": message.template,
        "correlation_id": message.correlation_id,
    }


async def reasons_to_suppress(connection: asyncpg.Connection, outgoing: Sequence[Outgoing]) -> Mapping[UUID, str]:
    """Return which letters must not go out any more, and why (contract.md 6: the check at dispatch)."""
    reminders = [message for message in outgoing if message.template in REMINDERS]
    planned = [message for message in outgoing if message.template in plans.STAGE_OF]
    others = [message for message in outgoing if message.template in KEPT_BACK_BY]
    stopped = await _reminders(connection, reminders) if reminders else {}
    stopped |= await _plans(connection, planned) if planned else {}
    stopped |= await _others(connection, others) if others else {}
    told = [message for message in outgoing if message.template in _OF_NOTICES and message.message_id not in stopped]
    return stopped | (await _overtaken(connection, told) if told else {})


async def _overtaken(connection: asyncpg.Connection, told: Sequence[Outgoing]) -> dict[UUID, str]:
    """Return which letters tell of a notice what is so no more."""
    matters = await messages.load_matters(connection, {message.letter_no for message in told})
    changes = {number: NoticeChanged.model_validate_json(matter) for number, matter in matters.items()}
    standing = await notices.stand(connection, {change.notice_id for change in changes.values()})
    said = [(message.message_id, changes[message.letter_no]) for message in told]
    overtaken = [name for name, change in said if is_overtaken(change, standing.get(change.notice_id))]
    return dict.fromkeys(overtaken, "notice-moved-on")


async def _others(connection: asyncpg.Connection, others: Sequence[Outgoing]) -> dict[UUID, str]:
    """Return which letters beside the ladder a hold keeps here."""
    holds = await dispatch_facts.load_holds(connection, {message.account_id for message in others})
    found = {one.message_id: reason_to_keep_back(one.template, holds.get(one.account_id, [])) for one in others}
    return {name: reason for name, reason in found.items() if reason is not None}


async def _plans(connection: asyncpg.Connection, planned: Sequence[Outgoing]) -> dict[UUID, str]:
    """Return which letters about plans are stopped by a hold, or warn of what is paid or disputed since."""
    matters = await messages.load_matters(connection, {message.letter_no for message in planned})
    changes = {number: PlanChanged.model_validate_json(matter) for number, matter in matters.items()}
    holds = await dispatch_facts.load_holds(connection, {message.account_id for message in planned})
    days = {(one.account_id, plans.day_of(one)) for one in changes.values()}
    paid = await dispatch_facts.paid_since(connection, days)
    disputed = await dispatch_facts.load_disputed(connection, {message.account_id for message in planned})
    found = {}
    for message in planned:
        changed, stage = changes[message.letter_no], plans.STAGE_OF[message.template]
        on = plans.day_of(changed)
        since, held = paid[changed.account_id, on], holds.get(changed.account_id, [])
        charges = {charge_id for charge_id, book in disputed.get(changed.account_id, ()) if book > on}
        found[message.message_id] = reason_to_keep_plan_back(
            changed, stage, plans.asked_pence(changed), since, held, charges
        )
    return {name: reason for name, reason in found.items() if reason is not None}


async def _reminders(connection: asyncpg.Connection, reminders: Sequence[Outgoing]) -> dict[UUID, str]:
    """Return which reminders chase what is paid, held, disputed or open no more since they were decided."""
    matters = await messages.load_matters(connection, {message.letter_no for message in reminders})
    stages = {number: StageReached.model_validate_json(matter) for number, matter in matters.items()}
    accounts = {stage.account_id for stage in stages.values()}
    # From the day a stage was decided on, also when its event was heard later than that.
    decided = {(stage.account_id, stage.stage_on) for stage in stages.values()}
    paid = await dispatch_facts.paid_since(connection, decided)
    still_open = await open_items.changed_since(connection, decided)
    holds = await dispatch_facts.load_holds(connection, accounts)
    disputed = await dispatch_facts.load_disputed(connection, accounts)
    found = {}
    for message in reminders:
        stage = stages[message.letter_no]
        name, since = stage.account_id, stage.stage_on
        charges = {charge_id for charge_id, book in disputed.get(name, ()) if book > since}
        reason = reason_to_suppress(
            stage, paid[name, since], holds.get(name, []), charges, still_open.get((name, since))
        )
        if reason is not None:
            found[message.message_id] = reason
    return found
