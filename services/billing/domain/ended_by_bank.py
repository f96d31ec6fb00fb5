"""Whom the bank's own word leaves without a direct debit: they are asked for another way to pay (domain.md 9.22)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.billing.domain.direct_debits import Mandate, Return, standing
from shared.returns import tells_of_death


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


def to_tell(
    returned: Iterable[Returned], mandates: Collection[Mandate], returns: Collection[Return], before: Before
) -> list[tuple[Returned, Mandate | None]]:
    """Return which owners are told, of what, and the mandate that ended, if known; in order of account and reversal.

    Not who has another mandate by now, nor of whose death the bank told; and each account once for a reversal,
    however its payment moves.  ``mandates`` and ``returns`` are all that the accounts have, the day's included: the
    order inside a book changes nothing.
    """
    left_alone = {*standing(mandates, returns), *(one.account_id for one in returns if tells_of_death(one.reason))}
    found = []
    for one in sorted(returned, key=lambda one: (one.account_id, one.reversal_id)):
        under = collected_under(mandates, one)
        if one.account_id not in left_alone and not _is_known(one, under, before):
            found.append((one, under))
    return found


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
