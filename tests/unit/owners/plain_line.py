"""The rules of contract.md 6 written a second time, as plainly as they read: what the real line is checked against."""

from collections.abc import Sequence
from datetime import date

from services.owners.domain.line import UnitFacts
from shared.events.housing import OwnershipChanged, PartyKind, Tenure

PlainPeriod = tuple[str | None, date, date | None, bool]


class PlainLine:
    """One unit's line by recursion over the set of its changes; slow and simple."""

    def __init__(self, unit: UnitFacts, changes: Sequence[OwnershipChanged]) -> None:
        self.unit = unit
        self.by_id = {change.change_id: change for change in changes}

    def counts(self, cancellation: OwnershipChanged) -> bool:
        """Say whether no counting cancellation names this one."""
        return not self.is_cancelled(cancellation.change_id)

    def is_cancelled(self, change_id: str) -> bool:
        """Say whether a counting cancellation names the change."""
        return any(one.cancels == change_id and self.counts(one) for one in self.by_id.values())

    def has_fallen(self, change: OwnershipChanged) -> bool:
        """Say whether the change, or one it is built on, is cancelled."""
        on = self.by_id[change.corrects] if change.corrects else None
        return self.is_cancelled(change.change_id) or (on is not None and self.has_fallen(on))

    def first_of(self, change: OwnershipChanged) -> OwnershipChanged:
        """Return the first change of the chain, or the cancellation it leads to."""
        return self.first_of(self.by_id[change.corrects]) if change.corrects else change

    def chain(self, first: OwnershipChanged) -> list[OwnershipChanged]:
        """Return all changes of a chain."""
        return [one for one in self.by_id.values() if one.cancels is None and self.first_of(one) is first]

    def standing(self, change: OwnershipChanged) -> OwnershipChanged | None:
        """Return what stands from this change on."""
        if self.has_fallen(change):
            return None
        left = [one for one in self.by_id.values() if one.corrects == change.change_id and not self.has_fallen(one)]
        return self.standing(max(left, key=rank)) if left else change

    def firsts(self) -> list[OwnershipChanged]:
        """Return the first change of every chain, in order of id."""
        found = [one for one in self.by_id.values() if one.corrects is None and one.cancels is None]
        return sorted(found, key=lambda one: one.change_id)

    def entries(self) -> dict[date, OwnershipChanged]:
        """Return the first change of the chain that has the period beginning on each day."""
        best: dict[date, tuple[OwnershipChanged, OwnershipChanged]] = {}
        for first in self.firsts():
            now = self.standing(first)
            if now is None or now.date_of_entry is None or now.date_of_entry > (self.unit.managed_to or date.max):
                continue
            if now.date_of_entry not in best or rank(best[now.date_of_entry][1]) < rank(now):
                best[now.date_of_entry] = (first, now)
        return {day: best[day][0] for day in sorted(best)}

    def periods(self) -> list[PlainPeriod]:
        """Return ``(ownership_id, from, to, internal)`` of every period."""
        entries = self.entries()
        starts = list(entries)
        found: list[PlainPeriod] = []
        if self.unit.tenure is Tenure.ASSOCIATION and (not starts or starts[0] > self.unit.managed_from):
            found.append((None, self.unit.managed_from, starts[0] if starts else None, True))
        for number, start in enumerate(starts):
            end = starts[number + 1] if number + 1 < len(starts) else None
            found.append((entries[start].change_id, start, end, self.is_internal(entries[start])))
        return found

    def is_internal(self, first: OwnershipChanged) -> bool:
        """Say whether what stands of the chain names the association alone."""
        now = self.standing(first)
        return now is not None and all(party.kind is PartyKind.ASSOCIATION for party in now.parties)

    def accounts_without_days(self) -> list[str]:
        """Return the ownerships that ever named an owner and have no days of their own."""
        with_days = {first.change_id for first in self.entries().values() if not self.is_internal(first)}
        return [
            first.change_id
            for first in self.firsts()
            if first.change_id not in with_days
            and any(party.kind is not PartyKind.ASSOCIATION for one in self.chain(first) for party in one.parties)
        ]


def rank(change: OwnershipChanged) -> tuple[date, str]:
    """Return the order between changes."""
    return change.notified_on, change.change_id
