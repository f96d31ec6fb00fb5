"""Holds: set and lifted by staff, by the bank's word and with plans; the day's work decides what follows."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

from services.arrears.db import holds as rows
from services.arrears.db.holds import KeptHold
from services.arrears.domain import holds
from services.arrears.domain.ladder_policy import LadderPolicy
from services.arrears.settings import read_ladder_policies
from shared.bus.commands import Command, Json
from shared.bus.refusals import NotKnownError, NotNowError
from shared.bus.work import Cause, Work
from shared.dated import in_force
from shared.db.engine import driver
from shared.events.arrears import HoldChanged, HoldKind
from shared.events.base import Event
from shared.events.billing import AccountPaymentReversed
from shared.events.mandates import MandateWithdrawn
from shared.events.topics import HOLD_CHANGED
from shared.holds import FIRST_STAGE_STOPPED
from shared.returns import reason_of

BANK, PLAN = "bank", "plan"
"""Who set a hold that no person set."""
_LONGEST = 500
_SHOWN = ("hold_id", "account_id", "kind", "charge_id", "reason", "started_on", "review_on", "ended_on")


@dataclass(frozen=True, slots=True)
class NewHold:
    """What a member of staff asks for; without ``started_on`` it starts in the book it is given in."""

    hold_id: str
    account_ref: str
    kind: HoldKind
    charge_id: str | None
    reason: str
    started_on: date | None
    review_on: date | None
    by: str


class _Told(NamedTuple):
    """A bank's word: of what, which words, and the day it counts from."""

    what: str
    words: str
    on: date


async def set_hold(work: Work, asked: NewHold) -> KeptHold | None:
    """Set a hold on an account or on one charge of it; nothing when no such account is known."""
    connection = await driver(work.session)
    account_id = await rows.find_account_id(connection, asked.account_ref)
    if account_id is None:
        return None
    started_on = asked.started_on or work.book
    hold = KeptHold(
        asked.hold_id, account_id, asked.kind, asked.charge_id, asked.reason, started_on, asked.review_on
    )  # fmt: skip
    await keep(work, hold, asked.by)
    return hold


async def hold_for_death(
    work: Work, event: Event[AccountPaymentReversed] | Event[MandateWithdrawn]
) -> None:  # fmt: skip
    """Set the hold that a payer's death asks for, when the bank tells of it; an officer lifts it.

    One for each word, also beside others that stand: which of them are lifted in the same book plays no part.
    """
    told = _told(event.data)
    reason = f"The bank says of {told.what}: {told.words}"[:_LONGEST]
    hold = KeptHold(f"H-{event.uid}", event.data.account_id, HoldKind.DECEASED, None, reason, told.on)
    await keep(work, hold, BANK, Cause.of(event))


def _told(data: AccountPaymentReversed | MandateWithdrawn) -> _Told:
    """Return what the bank told, of what, and for which day."""
    match data:
        case AccountPaymentReversed():
            return _Told(f"payment {data.payment_id}", data.reason, data.reversed_on)
        case MandateWithdrawn():
            reason = reason_of(data.code)
            return _Told(f"mandate {data.mandate_id}", f"{reason.meaning} ({reason.code})", data.ended_on)


async def lift_hold(work: Work, hold_id: str, reason: str, by: str) -> KeptHold | None:
    """Lift a hold; letters wait for the days of grace.  Lifting it again changes nothing; nothing when unknown."""
    connection = await driver(work.session)
    hold = await rows.lock_hold(connection, hold_id)
    if hold is None or hold.ended_on is not None:
        return hold
    policy = in_force(read_ladder_policies(), work.book)
    grace_until = work.book + timedelta(days=policy.grace_days) if holds.gives_grace(hold.kind) else None
    await rows.end(connection, hold, on=work.book, reason=reason, by=by, grace_until=grace_until)
    _say(work, replace(hold, ended_on=work.book, reason=reason), by, policy, grace_until)
    return await rows.lock_hold(connection, hold_id)


async def give_hold(work: Work, content: Json) -> Json:
    """Set the hold of a command, now or again; the command names it.  Raises ``NotKnownError``: no such account."""
    days = {name: content[name] and date.fromisoformat(content[name]) for name in ("started_on", "review_on")}
    named = content | days | {"hold_id": f"H-{Command.of(work).uid}", "kind": HoldKind(content["kind"])}
    return _shown(await set_hold(work, NewHold(**named)), f"No account has the reference {content['account_ref']}.")


async def end_hold(work: Work, content: Json) -> Json:
    """Lift the hold of a command, now or again.

    Raises ``NotKnownError`` when there is no such hold, ``NotNowError`` when it is a plan's and stands as long as that.
    """
    if await rows.is_of(await driver(work.session), content["hold_id"], PLAN):
        raise NotNowError(f"Hold {content['hold_id']} is of a repayment plan, and stands as long as that.")
    hold = await lift_hold(work, content["hold_id"], content["reason"], content["by"])
    return _shown(hold, f"There is no hold {content['hold_id']}.")


def _shown(hold: KeptHold | None, otherwise: str) -> Json:
    """Return a hold as it is answered and recorded."""
    if hold is None:
        raise NotKnownError(otherwise)
    return {name: getattr(hold, name) for name in _SHOWN}


async def keep(work: Work, hold: KeptHold, by: str, cause: Cause | None = None) -> None:
    """Keep a new hold and say it; ``by``: who sets it."""
    await work.lock(exclusive=[f"account:{hold.account_id}"])
    await rows.add(await driver(work.session), hold, by, work.book)
    _say(work, hold, by, in_force(read_ladder_policies(), work.book), cause=cause)


def _say(
    work: Work,
    hold: KeptHold,
    by: str,
    policy: LadderPolicy,
    grace_until: date | None = None,
    cause: Cause | None = None,
) -> None:
    """Say how a hold stands now, with what it stops and the version of the ladder it was changed under."""
    work.stage(
        HOLD_CHANGED,
        HoldChanged(
            account_id=hold.account_id,
            hold_id=hold.hold_id,
            kind=hold.kind,
            charge_id=hold.charge_id,
            started_on=hold.started_on,
            review_on=hold.review_on,
            ended_on=hold.ended_on,
            reason=hold.reason,
            by=by,
            stops_from_stage=FIRST_STAGE_STOPPED.get(hold.kind),
            grace_until=grace_until,
            policy_version=policy.version,
        ),
        cause=cause,
    )
