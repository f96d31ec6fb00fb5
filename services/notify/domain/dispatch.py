"""What becomes of a message: the check before it goes out, and what each answer of a mail server leads to."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import assert_never

from shared.events.arrears import HoldKind, OverdueItem, PlanChanged, PlanState, StageReached
from shared.holds import stops, stops_plan


class State(StrEnum):
    """Where a message stands."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENDING = "sending"
    DEFERRED = "deferred"
    UNKNOWN = "unknown"
    HANDED_OVER = "handed-over"
    SUPPRESSED = "suppressed"
    BOUNCED = "bounced"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


FINAL = frozenset({State.HANDED_OVER, State.SUPPRESSED, State.BOUNCED, State.FAILED, State.WITHDRAWN})
"""Nothing more happens to a message in one of these states."""

FAILURES = frozenset({State.BOUNCED, State.FAILED})
"""These are said as ``notify.message-failed``: the owner did not get the letter, and a person must act."""


BOOKS_APART = {"reminder-1": 7, "reminder-2": 14}
"""The stages of the ladder that are letters of ours, and how many books after the account's reminder before it was
handed over each may leave at the earliest: days, not hours, for days may be played faster (domain.md 4.2)."""


_NOBODY_IS_THERE = frozenset({HoldKind.DECEASED, HoldKind.RETURNED_MAIL})
_CAREFUL = _NOBODY_IS_THERE | {HoldKind.MORATORIUM, HoldKind.VULNERABLE}
KEPT_BACK_BY: Mapping[str, frozenset[HoldKind]] = {
    "mandate-ended": frozenset({HoldKind.DECEASED}),
    "notice-warning": _CAREFUL,
    "notice-registered": _CAREFUL,
    "notice-consent": _NOBODY_IS_THERE,
}
"""Letters beside the ladder that a hold keeps here, however it is on the account (domain.md 4.3, 9.21): one that bears
hard on somebody goes to nobody whom a person is to talk to first, nor in a moratorium."""


class Answer(StrEnum):
    """What a mail server's answer, or its silence, means."""

    ACCEPTED = "accepted"
    NOT_NOW = "not-now"
    NO_CONNECTION = "no-connection"
    REFUSED = "refused"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long a message is tried (reliability.md b6)."""

    first_wait: timedelta = timedelta(minutes=1)
    longest_wait: timedelta = timedelta(hours=6)
    give_up_after: timedelta = timedelta(hours=72)
    silence_wait: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of a message after an attempt; ``wait`` only where it is tried again."""

    state: State
    wait: timedelta = timedelta(0)


def after(answer: Answer, *, attempts: int, silences: int, tried_for: timedelta, patience: Patience) -> Step:
    """Return the step after an attempt; ``attempts`` and ``silences`` count those before it.

    Silence after the last byte may hide a letter that was taken: it is sent once more, under the same Message-ID, and
    after a second silence a person looks.  Refusals that may pass are retried at growing intervals, for a time.
    """
    match answer:
        case Answer.ACCEPTED:
            return Step(State.HANDED_OVER)
        case Answer.REFUSED:
            return Step(State.BOUNCED)
        case Answer.SILENCE:
            return Step(State.UNKNOWN, patience.silence_wait) if silences == 0 else Step(State.FAILED)
        case Answer.NOT_NOW | Answer.NO_CONNECTION:
            if tried_for >= patience.give_up_after:
                return Step(State.FAILED)
            return Step(State.DEFERRED, min(patience.longest_wait, patience.first_wait * 2 ** min(attempts, 20)))
        case _:
            assert_never(answer)


Debts = Mapping[tuple[str, date], int]
"""What may be chased of each open item, in pence, by its charge and due day."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold on an account, or on one charge of it, set in a book of arrears; old ones lack the days."""

    kind: HoldKind
    charge_id: str | None
    started_on: date | None = None
    set_in: date | None = None
    is_lifted: bool = False

    def counts(self, decided_on: date) -> bool:
        """Tell whether it stops a letter decided that day: in force, or set since; grace follows (domain.md 4.3)."""
        return not self.is_lifted or (self.set_in is not None and self.set_in > decided_on)


def reason_to_suppress(
    stage: StageReached,
    paid_since_pence: int,
    holds: Collection[Hold],
    disputed: Collection[str] = (),
    still_open: Debts | None = None,
) -> str | None:
    """Return why a reminder must not go out any more, or None.

    ``paid_since_pence``: money that reached the account in billing's books after the stage's, up to the last day that
    billing has closed; the stage's minimum is inclusive.  ``disputed``: the charges disputed in those books, whatever
    became of it.  ``still_open``: all that is open of the account by then, if that changed in those books; a debt may
    have been credited, written off or moved to another owner.  The letter is written and names its charges, so one that
    is disputed, held or frozen since stops all of it, and the ladder goes on with the next stage.
    Source: contract.md 6 (Ladder: the check at dispatch), domain.md 4.2, 4.3.
    """
    if held := _held(stage, [hold for hold in holds if hold.counts(stage.stage_on)]):
        return held
    if {item.charge_id for item in stage.items} & set(disputed):
        return "disputed-since"
    least = max(stage.minimum_pence, 1)
    if stage.overdue_pence - paid_since_pence < least:
        return "paid-since"
    return "no-longer-open" if still_open is not None and _left(stage, still_open) < least else None


def reason_to_keep_back(template: str, holds: Collection[Hold]) -> str | None:
    """Return which hold that stands keeps a letter beside the ladder here, or None.

    Such a letter chases nothing, so no other hold does.
    """
    standing = sorted(hold.kind for hold in holds if not hold.is_lifted)
    return next((f"hold:{kind}" for kind in standing if kind in KEPT_BACK_BY.get(template, ())), None)


def reason_to_keep_plan_back(
    changed: PlanChanged,
    stage: int,
    asked_pence: int,
    paid_since_pence: int,
    holds: Collection[Hold],
    disputed: Collection[str] = (),
) -> str | None:
    """Return why a letter about a plan must not go out any more, or None.

    A hold that stops letters like it (``stage``) on the account or on a charge of the plan does, but the plan's own; so
    does money since, if it is all that a warning asks for, a dispute since of a charge that it is about, and the plan's
    end, or that it stands again.  Source: domain.md 4.3.
    """
    named = {item.charge_id for item in changed.items or ()}
    standing = [hold for hold in holds if not hold.is_lifted and (hold.charge_id is None or hold.charge_id in named)]
    kinds = {hold.kind for hold in standing if stops_plan(hold.kind, stage)}
    if kinds:
        return f"hold:{min(kinds)}"
    if 0 < asked_pence <= paid_since_pence:
        return "paid-since"
    if changed.state == PlanState.WARNED and named & set(disputed):
        return "disputed-since"
    return "plan-moved-on" if _has_moved_on(changed, holds, named) else None


def _has_moved_on(changed: PlanChanged, holds: Collection[Hold], named: Collection[str]) -> bool:
    """Tell whether what a letter says of a plan is so no more: the plan's own holds stand as long as it does."""
    own = [(hold, hold.set_in) for hold in holds if hold.kind is HoldKind.PLAN_ACTIVE and hold.charge_id in named]
    on = changed.changed_on
    if changed.state == PlanState.COMPLETED:
        return any(on and set_in and set_in > on and not hold.is_lifted for hold, set_in in own)
    ended = [hold.is_lifted for hold, set_in in own if on and set_in and set_in <= on]
    return changed.state in (PlanState.AGREED, PlanState.WARNED) and bool(ended) and all(ended)


def _held(stage: StageReached, holds: Collection[Hold]) -> str | None:
    """Return the hold on the account, or on what the letter names, that stops it."""
    for hold in sorted(holds, key=lambda hold: hold.kind):
        if (hold.charge_id is None and stops(hold.kind, stage.stage)) or any(_freezes(hold, it) for it in stage.items):
            return f"hold:{hold.kind}"
    held = {hold.charge_id for hold in holds if stops(hold.kind, stage.stage)}
    return "held-charges" if held & {item.charge_id for item in stage.items} else None


def _left(stage: StageReached, still_open: Debts) -> int:
    """Return what is left of all that the letter names, in pence."""
    return sum(still_open.get((item.charge_id, item.due_on), 0) for item in stage.items)


def _freezes(hold: Hold, item: OverdueItem) -> bool:
    """An insolvency takes the debt due by its day away; what falls due later is chased like any other (R-INS-2)."""
    on_it = hold.charge_id is None or hold.charge_id == item.charge_id
    by_then = hold.started_on is None or item.due_on <= hold.started_on
    return hold.kind is HoldKind.INSOLVENCY and on_it and by_then


def is_allowed(mailbox: str, domains: Collection[str]) -> bool:
    """Tell whether mail may go to a mailbox: anywhere if no domains are named, else only to those (S37)."""
    return not domains or mailbox.rpartition("@")[2].lower() in domains


def counts(states: Mapping[str, int]) -> dict[str, int]:
    """Return how many messages stand in each state, all states named."""
    return {state.value: states.get(state.value, 0) for state in State}
