"""What the letters about a repayment plan say: its schedule, what is missing and until when, what is left."""

from datetime import date

from services.notify.domain import spoken
from services.notify.domain.letter import Headline, InstalmentRow, ScheduleTable, Subject
from services.notify.domain.wording import Facts, Wording, fill
from shared.events.arrears import Frequency, PlanChanged, PlanInstalment, PlanState
from shared.events.housing import PaymentMethod
from shared.holds import PLAN_STAGE, PLAN_WARNING_STAGE
from shared.money import as_pounds

AGREED, WARNED, FAILED, COMPLETED = "plan-agreed", "plan-warned", "plan-failed", "plan-completed"
STAGE_OF = {AGREED: PLAN_STAGE, WARNED: PLAN_WARNING_STAGE, FAILED: PLAN_WARNING_STAGE, COMPLETED: PLAN_STAGE}
"""The letters about a plan, and the stage whose holds stop each."""
_LETTERS = {PlanState.WARNED: WARNED, PlanState.FAILED: FAILED, PlanState.COMPLETED: COMPLETED}
_EVERY = {
    Frequency.MONTHLY: "one a month",
    Frequency.FORTNIGHTLY: "one every other week",
    Frequency.WEEKLY: "one a week",
}
_INSTALMENT, _CURRENT = "instalment", "current"


def letter_of(changed: PlanChanged) -> str | None:
    """Return the letter that a change asks for.

    One that lets a plan stand again, or an officer's end of it, has none, nor has one said without its schedule.
    """
    if not changed.instalments or changed.changed_on is None:
        return None
    if changed.state == PlanState.AGREED:
        return AGREED if changed.change == 1 else None
    return next((letter for state, letter in _LETTERS.items() if changed.state == state), None)


def day_of(changed: PlanChanged) -> date:
    """Return the day of a change; every one that has a letter has it."""
    assert changed.changed_on is not None
    return changed.changed_on


def asked_pence(changed: PlanChanged) -> int:
    """Return what has to be paid to catch up, in pence: of that which the owner is warned of."""
    warned_of = changed.warned_of or ()
    short = (changed.short_pence or 0) if _INSTALMENT in warned_of else 0
    return short + ((changed.current_pence or 0) if _CURRENT in warned_of else 0)


def facts_of(changed: PlanChanged) -> dict[str, str]:
    """Return the facts that the letters' wordings may name."""
    instalments = _instalments(changed)
    return {
        "total": as_pounds(changed.total_pence),
        "left": as_pounds(_left_pence(changed)),
        "count": str(len(instalments)),
        "first_on": spoken.day(instalments[0].due_on),
        "every": _EVERY[changed.frequency or Frequency.MONTHLY],
        "method": f"by {(changed.method or PaymentMethod.BANK_TRANSFER).replace('-', ' ')}",
        "short": as_pounds(changed.short_pence or 0),
        "current": as_pounds(changed.current_pence or 0),
        "asked": as_pounds(asked_pence(changed)),
        "catch_up_by": spoken.day(changed.catch_up_by) if changed.catch_up_by else "",
        "grace_days": str(changed.grace_office_days),
        "catch_up_days": str(changed.catch_up_days),
        "fails_at_missed": str(changed.fails_at_missed),
        "in_a_row": str(changed.in_a_row),
    }


def _instalments(changed: PlanChanged) -> tuple[PlanInstalment, ...]:
    assert changed.instalments, "a letter is about a plan with a schedule"
    return changed.instalments


def _left_pence(changed: PlanChanged) -> int:
    return changed.total_pence - (changed.paid_pence or 0)


def describe(changed: PlanChanged, wording: Wording, facts: Facts) -> Subject:
    """Return what the letter adds: the one figure that matters, the schedule, and which of its words are printed."""
    figures = {WARNED: asked_pence(changed), FAILED: _left_pence(changed)}
    pence = figures.get(letter_of(changed) or "", changed.total_pence)
    headline = Headline(wording.headline["label"], as_pounds(pence), fill(wording.headline["note"], facts))
    return Subject((), headline, {"schedule": lambda: table(changed, wording)}, _conditions(changed))


def _conditions(changed: PlanChanged) -> frozenset[str]:
    if changed.state == PlanState.WARNED:
        return frozenset(changed.warned_of or ())
    clause = _CURRENT if changed.current_charges else "plan-alone"
    return frozenset({clause, "a-little-left" if _left_pence(changed) else "nothing-left"})


def table(changed: PlanChanged, wording: Wording) -> ScheduleTable:
    """Return the whole schedule."""
    rows = tuple(
        InstalmentRow(str(number), spoken.day(one.due_on), as_pounds(one.amount_pence))
        for number, one in enumerate(_instalments(changed), start=1)
    )
    return ScheduleTable(rows, wording.items["total"], as_pounds(changed.total_pence))
