"""Chains of ownership changes: what stands of a sale after its corrections and cancellations.

Source: contract.md section 6, "Ownership line of a unit".  Everything here is a function of the *set* of changes.
"""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shared.events.housing import TitleForm


@dataclass(frozen=True, slots=True)
class Change:
    """One accepted change of owner, or a correction of one (``corrects``), without personal data.

    ``is_internal`` says that every party is the association.
    """

    change_id: str
    notified_on: date
    entry_on: date
    party_ids: tuple[str, ...]
    form: TitleForm | None = None
    is_internal: bool = False
    has_billing_contact: bool = False
    corrects: str | None = None

    @property
    def rank(self) -> tuple[date, str]:
        """The order that decides between changes: the later notified, then the greater id."""
        return self.notified_on, self.change_id


@dataclass(frozen=True, slots=True)
class Cancellation:
    """One accepted statement that a change, or another cancellation, did not happen."""

    change_id: str
    notified_on: date
    cancels: str

    @property
    def rank(self) -> tuple[date, str]:
        """The order of changes: the later notified, then the greater id."""
        return self.notified_on, self.change_id


@dataclass(frozen=True, slots=True)
class Chain:
    """A first change and all that corrects it (``members``, the first one first).

    ``ownership_id`` is the first one's ``change_id``.  ``standing`` is the one member that holds, absent when the chain
    is void.  ``has_owner`` says that some member, standing or not, named a party other than the association: then the
    ownership's account exists for ever.
    """

    ownership_id: str
    members: tuple[Change, ...]
    standing: Change | None

    @property
    def has_owner(self) -> bool:
        """Whether any change of the chain ever named a party that is not the association."""
        return not all(member.is_internal for member in self.members)


def chains_of(history: Iterable[Change | Cancellation]) -> tuple[Chain, ...]:
    """Return the chains of a unit's changes, in order of ownership id.

    A correction of a cancellation belongs to no chain: it has nothing to replace.
    """
    known = tuple(history)
    changes = [one for one in known if isinstance(one, Change)]
    cancelled = cancellations_that_count(one for one in known if isinstance(one, Cancellation))
    corrections: defaultdict[str, list[Change]] = defaultdict(list)
    for change in changes:
        if change.corrects is not None:
            corrections[change.corrects].append(change)
    firsts = sorted((change for change in changes if change.corrects is None), key=lambda change: change.change_id)
    return tuple(_chain(first, corrections, cancelled) for first in firsts)


def cancellations_that_count(cancellations: Iterable[Cancellation]) -> dict[str, Cancellation]:
    """Return what is cancelled: the id of each target with the greatest of the cancellations that count against it.

    A cancellation counts unless a counting cancellation names it.  So those that nothing names are decided first.
    """
    by_id = {one.change_id: one for one in cancellations}
    undecided = Counter(one.cancels for one in by_id.values() if one.cancels in by_id)
    ready = [change_id for change_id in by_id if undecided[change_id] == 0]
    cancelled: dict[str, Cancellation] = {}
    for change_id in ready:  # grows while it is read: a target is ready once all that name it are decided
        one = by_id[change_id]
        if change_id not in cancelled:
            cancelled[one.cancels] = max(one, cancelled.get(one.cancels, one), key=lambda each: each.rank)
        undecided[one.cancels] -= 1
        if one.cancels in by_id and undecided[one.cancels] == 0:
            ready.append(one.cancels)
    return cancelled


def _chain(first: Change, corrections: Mapping[str, Sequence[Change]], cancelled: Container[str]) -> Chain:
    """Walk from the first change to every correction for the members, and to the greatest one left for what stands."""
    members = [first]
    for member in members:  # grows while it is read, so that a chain may be as long as it likes
        members.extend(sorted(corrections.get(member.change_id, ()), key=lambda one: one.rank))
    standing = None
    following = None if first.change_id in cancelled else first
    while following is not None:
        standing = following
        left = (one for one in corrections.get(standing.change_id, ()) if one.change_id not in cancelled)
        following = max(left, key=lambda one: one.rank, default=None)
    return Chain(first.change_id, tuple(members), standing)
