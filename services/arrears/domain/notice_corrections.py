"""What takes a step back that was noted in error: the notice stands as it did before, and the day goes on."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from services.arrears.domain.notice_days import expired
from services.arrears.domain.notices import LIVE, STANDING, UNDER_WAY, Changed, Notice, changed
from shared.events.arrears import NoticeChange, NoticeState, NoticeStep

_DAYS = ("submitted_on", "registered_on", "renewed_on", "last_on", "consented_on", "ended_on", "seen_to_on")
_FACTS = ("state", "urgent", "reference", "left_to_expire", "breach", *_DAYS)
"""What a step may change of a notice; figures, and what sales make of it, are the day's."""
_STEPS: Mapping[NoticeChange, NoticeStep] = {
    **{NoticeChange(step): step for step in NoticeStep if step is not NoticeStep.CONSENT},
    NoticeChange.CONSENT_ISSUED: NoticeStep.CONSENT,
}
Facts = Mapping[str, Any]


class Past(NamedTuple):
    """A change of a notice as it is kept; ``before``: how it stood, of what people did, where that was kept."""

    change: NoticeChange
    by_people: bool
    before: Facts | None


class Step(NamedTuple):
    """The newest step of a notice that stands: not taken back yet."""

    step: NoticeStep
    before: Facts | None


def facts_of(notice: Notice) -> dict[str, Any]:
    """Return what a step may change of a notice, as JSON has it."""
    return {
        name: value.isoformat() if isinstance(value := getattr(notice, name), date) else value for name in _FACTS
    }  # fmt: skip


def _from_json(facts: Facts) -> dict[str, Any]:
    days = {name: date.fromisoformat(facts[name]) if facts[name] else None for name in _DAYS if name in facts}
    return {**facts, **days, "state": NoticeState(facts["state"])}


def newest_step(history: Iterable[Past]) -> Step | None:
    """Return the newest step that people noted and that was not taken back; ``history``: all changes, in order."""
    standing: list[Step] = []
    for past in history:
        if past.change is NoticeChange.TAKEN_BACK:
            standing.pop()
        elif past.by_people and past.change in _STEPS:
            standing.append(Step(_STEPS[past.change], past.before))
    return standing[-1] if standing else None


def refuse(notice: Notice, step: NoticeStep, newest: Step | None, of_account: Collection[Notice]) -> str | None:
    """Return why a step cannot be taken back; None: it can.  ``of_account``: all notices of the account."""
    name = notice.notice_id
    if newest is None:
        return f"Of {name} nothing was noted that stands."
    if newest.step is not step:
        return f"Of {name} only the newest step can be taken back: {newest.step.value}."
    if newest.before is None:
        kept = f"How {name} stood before it was noted as {step.value} was not kept then"
        return f"{kept}: `closebook rebuild arrears` finds out."
    return _refuse_beside(notice, NoticeState(newest.before["state"]), of_account)


def _refuse_beside(notice: Notice, state: NoticeState, of_account: Collection[Notice]) -> str | None:
    """Return why a notice cannot go back to a state beside the others of its account."""
    for one in of_account:
        if one.renews == notice.notice_id and one.state is not NoticeState.WITHDRAWN:
            return f"{one.notice_id} was registered in the place of {notice.notice_id}: take that back first."
        if state in UNDER_WAY and one.state in UNDER_WAY - {NoticeState.CANDIDATE} and one is not notice:
            return f"{one.notice_id} is {one.state.value}: two notices would be under way; reject it first."
    return None


def take_back(
    notice: Notice, newest: Step, reason: str, book: date, of_account: Collection[Notice]
) -> list[Changed]:  # fmt: skip
    """Return what taking back a step that is not refused makes of an account's notices; the notice comes last.

    A candidate gives way to one that is under way again; one that has ended by now lapses at once, as it would have.
    """
    assert newest.before is not None, "refused otherwise"
    facts = _with_consent(notice, newest.step, _from_json(newest.before))
    undone = changed(notice, NoticeChange.TAKEN_BACK, reason, **facts)
    now = undone.notice
    over = None
    if now.state in STANDING and now.last_on is not None and now.last_on < book:
        over = expired(now, of_account, now.last_on + timedelta(days=1))
    withdrawn = _give_way(notice, of_account, book) if now.state in UNDER_WAY else []
    return [*withdrawn, undone, *([over] if over else [])]


def _with_consent(notice: Notice, step: NoticeStep, facts: dict[str, Any]) -> dict[str, Any]:
    """Keep the consent that a day issued since the step: its letter has gone, whatever the step was."""
    issued = notice.consented_on is not None and facts["consented_on"] is None and step is not NoticeStep.CONSENT
    if not issued or facts["state"] not in LIVE | {NoticeState.CONSENT_DUE}:
        return facts
    return facts | {"state": NoticeState.CONSENT_ISSUED, "consented_on": notice.consented_on}


def _give_way(notice: Notice, of_account: Collection[Notice], book: date) -> list[Changed]:
    """Withdraw the account's candidate for a notice that is under way again."""
    over = {"state": NoticeState.WITHDRAWN, "ended_on": book}
    why = f"{notice.notice_id} is under way again"
    others = (one for one in of_account if one.state is NoticeState.CANDIDATE and one.notice_id != notice.notice_id)
    return [changed(one, NoticeChange.WITHDRAWN, why, **over) for one in others]
