"""Who holds the days of a unit: an account, or what is still to be known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from services.billing.domain import refs
from services.billing.domain.facts import Stay, Unit
from shared.events.housing import Tenure
from shared.events.owners import NoPeriod, OwnershipLineChanged, OwnershipPeriod

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Account:
    """An account a unit's line implies: of an ownership, or the unit's internal one (no ``ownership_id``, no days).

    ``void``: the chain of changes behind it no longer stands.  An ownership whose days belong to the association, or
    that has none, keeps its account, without days.
    """

    account_id: str
    account_ref: str
    unit_id: str
    ownership_id: str | None
    internal: bool
    from_on: date | None = None
    to_on: date | None = None
    void: bool = False


def unit_with_line(
    unit_id: str, managed_from: date, managed_to: date | None, tenure: Tenure, line: OwnershipLineChanged | None
) -> Unit:
    """Return a registered unit with the newest ownership line known of it (none known: no stays)."""
    stays = stays_of(line) if line is not None else ()
    first = first_account_id(unit_id, tenure)
    return Unit(unit_id, managed_from, managed_to, stays, first)


def stays_of(line: OwnershipLineChanged) -> tuple[Stay, ...]:
    """Return whose the days of a line are, in order of days; the association's are the unit's internal account's."""
    return tuple(
        Stay(refs.account_id(line.unit_id, _owner(period)), period.from_, period.to)
        for period in sorted(line.line, key=lambda period: period.from_)
    )


def _owner(period: OwnershipPeriod) -> str | None:
    """Return the ownership whose account a period's days belong to; None: the unit's internal account."""
    return None if period.internal else period.ownership_id


def first_account_id(unit_id: str, tenure: str) -> str | None:
    """Return whose the days before the first entry are: the association's own, or an owner not yet known."""
    return refs.account_id(unit_id, None) if tenure == Tenure.ASSOCIATION else None


def accounts_of(unit_id: str, tenure: Tenure | None, line: OwnershipLineChanged | None) -> tuple[Account, ...]:
    """Return every account that a unit's registration and line imply, the internal one first, then by ownership_id.

    ``tenure`` is absent while the unit is not registered.  Accounts are only ever added: a chain without days of its
    own stays listed by its line, if it ever named an owner other than the association.  Source: contract.md 6.
    """
    periods = line.line if line is not None else ()
    found: dict[str, Account] = {}
    if tenure == Tenure.ASSOCIATION or any(_owner(period) is None for period in periods):
        found[""] = _account(unit_id, None)
    for period in periods:
        owner = _owner(period)
        if owner is not None:
            found[owner] = _account(unit_id, owner, period.from_, period.to)
    for chain in line.without_period if line is not None else ():
        void = chain.reason == NoPeriod.VOID
        found.setdefault(chain.ownership_id, _account(unit_id, chain.ownership_id, void=void))
    return tuple(found[ownership_id] for ownership_id in sorted(found))


def _account(
    unit_id: str,
    ownership_id: str | None,
    from_on: date | None = None,
    to_on: date | None = None,
    *,
    void: bool = False,
) -> Account:
    return Account(
        refs.account_id(unit_id, ownership_id), refs.account_ref(unit_id, ownership_id), unit_id, ownership_id,
        ownership_id is None, from_on, to_on, void,
    )  # fmt: skip


def holder_on(units: Mapping[str, Unit], unit_id: str, day: date) -> str:
    """Return who holds a unit on a day: an account_id, or ``unit:U``, ``managed:U``, ``owner:U`` to wait for."""
    unit = units.get(unit_id)
    return _holder(unit, day) if unit is not None else f"unit:{unit_id}"


def _holder(unit: Unit, day: date) -> str:
    if day < unit.managed_from or (unit.managed_to is not None and day > unit.managed_to):
        return f"managed:{unit.unit_id}"
    for stay in reversed(unit.stays):
        if stay.from_on <= day:
            return stay.account_id if stay.to_on is None or day < stay.to_on else f"owner:{unit.unit_id}"
    return unit.first_account_id or f"owner:{unit.unit_id}"


def stretches(units: Mapping[str, Unit], unit_id: str, first: date, last: date) -> tuple[list[int], list[str]]:
    """Return how the days ``first`` to ``last`` of a unit fall to holders: after how many days each ends, and who.

    In order of days; days that wait are a stretch like any other (contract.md 6, who owes).
    """
    unit = units.get(unit_id)
    if unit is None:
        return [(last - first).days + 1], [f"unit:{unit_id}"]
    holder = _holder(unit, first) if first == last else _sole_holder(unit, first, last)
    if holder is not None:
        return [(last - first).days + 1], [holder]
    starts = [first, *_changes(unit, first, last)]
    ends = [(start - first).days for start in starts[1:]] + [(last - first).days + 1]
    return ends, [_holder(unit, start) for start in starts]


class OwnedDays(NamedTuple):
    """Which days of a cost over days are one account's, and the days of the whole cost; first and last of each."""

    period_from: date
    period_to: date
    owned_from: date
    owned_to: date


def owned_days(units: Mapping[str, Unit], unit_id: str, account_id: str, first: date, last: date) -> OwnedDays | None:
    """Return which of the days ``first`` to ``last`` are an account's, as ``stretches`` divides them.

    None where all are or none is, and where others' lie between them: no first and last day would say it.
    """
    ends, holders = stretches(units, unit_id, first, last)
    own = [place for place, holder in enumerate(holders) if holder == account_id]
    if not own or len(own) == len(holders) or own[-1] - own[0] + 1 != len(own):
        return None
    before = ends[own[0] - 1] if own[0] else 0
    return OwnedDays(first, last, first + before * _DAY, first + (ends[own[-1]] - 1) * _DAY)


def days_held(units: Mapping[str, Unit], unit_id: str, account_id: str, first: date, last: date) -> int:
    """Return how many of the days ``first`` to ``last`` of a unit are an account's."""
    ends, holders = stretches(units, unit_id, first, last)
    begins = (0, *ends[:-1])
    return sum(end - begin for begin, end, holder in zip(begins, ends, holders, strict=True) if holder == account_id)


def _sole_holder(unit: Unit, first: date, last: date) -> str | None:
    """Return the account that holds all of the days, if one does: most periods see no change of owner."""
    if first < unit.managed_from or (unit.managed_to is not None and last > unit.managed_to):
        return None
    for stay in unit.stays:
        if stay.from_on <= first and (stay.to_on is None or last < stay.to_on):
            return stay.account_id
    return None


def _changes(unit: Unit, first: date, last: date) -> list[date]:
    """Return the days after ``first`` on which the holder may change."""
    days = {unit.managed_from, *_boundaries(unit.stays)}
    if unit.managed_to is not None and unit.managed_to < last:
        days.add(unit.managed_to + _DAY)
    return sorted(day for day in days if first < day <= last)


def _boundaries(stays: Iterable[Stay]) -> Iterable[date]:
    for stay in stays:
        yield stay.from_on
        if stay.to_on is not None:
            yield stay.to_on
