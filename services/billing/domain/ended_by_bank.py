"""Whom the bank's own word leaves without a direct debit: they are asked for another way to pay (domain.md 9.22).

The word comes with money that is taken back, or an officer gives its code with a mandate that is cancelled.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.billing.domain.direct_debits import Mandate, Return, asks_for_method, ends_mandate, standing
from shared.returns import REASONS, NextStep, reason_of, tells_of_death

ENDING_CODES = tuple(code for code in REASONS if ends_mandate(code))
"""The bank's codes that say that an instruction is no more."""
_GOES_ON = "the bureau goes on collecting under the instruction; leave the mandate as it is"
_INSTEAD = {
    "addacs-3": _GOES_ON, "addacs-c": _GOES_ON, "addacs-e": _GOES_ON,
    "addacs-r": "leave the mandate as it is; one that was cancelled here is set anew under another name",
    NextStep.COLLECT_AGAIN: "the sum is due again by itself when it is taken back; announce another collection",
    NextStep.CHECK_OURS: "look into what was announced for that day, and talk to the owner",
    NextStep.ANSWER_CLAIM: "answer the claim; the money that is taken back is told by the housing system",
}  # fmt: skip
"""What to do about the codes that end no mandate, by the code, else by what follows from it."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A direct debit taken back from an owner's account, in pence, and the bank's words.

    ``unit_id`` is the unit that its payment names, if it names one.
    """

    account_id: str
    account_ref: str
    payment_id: str
    unit_id: str | None
    reversal_id: str
    amount_pence: int
    collected_on: date
    returned_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Before:
    """What was so before a day's book: who bore each reversal, by its id, and the payments that name a unit alone.

    Those (``by_unit``) go with the unit's owner, and who paid is not learnt anew.
    """

    bearers: Mapping[str, Collection[str]]
    by_unit: Collection[str]


def refuse_code(words: str) -> str | None:
    """Return why no mandate is cancelled by a code that the bank told outside a return; None: one is."""
    reason = reason_of(words)
    if reason.code in ENDING_CODES:
        return None
    if reason.code not in REASONS:
        return f"{words} is no code of the bank's for a mandate that is no more: {', '.join(ENDING_CODES)}."
    instead = _INSTEAD.get(reason.code, _INSTEAD.get(reason.next_step, "cancel the mandate without a code"))
    return f"{reason.code} ({reason.meaning}) ends no mandate: {instead}."


def to_tell(
    returned: Iterable[Returned], mandates: Collection[Mandate], returns: Collection[Return], before: Before
) -> list[tuple[Returned, Mandate | None]]:
    """Return which owners are told, of what, and the mandate that ended, if known; in order of account and reversal.

    Not who has another mandate by now, nor of whose death the bank told; and each account once for a reversal,
    however its payment moves.  ``mandates`` and ``returns`` are all that the accounts have, the day's included: the
    order inside a book changes nothing.
    """
    left_alone = _left_alone(mandates, returns)
    found = []
    for one in sorted(returned, key=lambda one: (one.account_id, one.reversal_id)):
        under = collected_under(mandates, one)
        if one.account_id not in left_alone and not _is_known(one, under, before):
            found.append((one, under))
    return found


def to_ask(on: date, mandates: Collection[Mandate], returns: Collection[Return]) -> list[Mandate]:
    """Return the mandates that the bank's code ended on a day and whose owners are told so, in order of their names.

    Left alone is whom ``to_tell`` leaves alone; and a mandate that a return had ended, for its own letter says so.
    ``mandates`` and ``returns`` are all that the accounts have, the day's included.
    """
    left_alone = _left_alone(mandates, returns)
    return [
        one
        for one in sorted(mandates, key=lambda one: one.mandate_id)
        if one.ended_on == on and one.bank_code is not None and asks_for_method(one.bank_code)
        and one.account_id not in left_alone and not _returned_under(one, returns)
    ]  # fmt: skip


def _left_alone(mandates: Collection[Mandate], returns: Collection[Return]) -> set[str]:
    """Return the accounts that are asked for nothing: another mandate stands, or the bank told of the payer's death."""
    words = [(one.account_id, one.reason) for one in returns]
    words += [(one.account_id, one.bank_code) for one in mandates if one.bank_code is not None]
    return {*standing(mandates, returns), *(account_id for account_id, said in words if tells_of_death(said))}


def _returned_under(mandate: Mandate, returns: Iterable[Return]) -> bool:
    """Say whether money that was collected under a mandate came back with words that end it."""
    return any(
        one.account_id == mandate.account_id and one.collected_on > mandate.set_on and ends_mandate(one.reason)
        for one in returns
    )


def collected_under(mandates: Iterable[Mandate], returned: Returned) -> Mandate | None:
    """Return the mandate that money was collected under: the last one that was set on its account before that day."""
    older = (one for one in mandates if one.account_id == returned.account_id and one.set_on < returned.collected_on)
    return max(older, key=lambda one: (one.set_on, one.mandate_id), default=None)


def _is_known(returned: Returned, under: Mandate | None, before: Before) -> bool:
    """Say whether the account was told, or another one was that the money leaves with its unit: who paid it was asked.

    A mandate that this ends is told of in any case.
    """
    bearers = before.bearers.get(returned.reversal_id, ())
    moved = bool(bearers) and returned.payment_id in before.by_unit
    return returned.account_id in bearers or (moved and under is None)
