"""Schedules: fees and premiums that the business day raises, with cumulative rounding, tax, reliefs and notices."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from services.billing.domain.refs import other_name
from shared.events.housing import ChargeKind
from shared.money import divide_half_up

WHOLE = 10_000
"""Basis points of the whole: 2,000 are 20 %, a relief of all of it is an opt-out."""

KINDS = (ChargeKind.MANAGEMENT_FEE, ChargeKind.INSURANCE, ChargeKind.RESERVE_FUND)
KEPT = ("kind", "scope", "scope_id", "instalments", "year_starts")
"""What all versions of a schedule have in common: only its price and its words change."""

DAY = timedelta(days=1)
_MONTHS = 12
_LONGEST_ID = 64


class Scope(StrEnum):
    """Whom a schedule charges: one unit, each unit of a block or development, or a share set as one pool."""

    UNIT = "unit"
    BLOCK = "block"
    DEVELOPMENT = "development"
    SHARE_SET = "share-set"


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of a schedule, meant to hold from ``effective_from``: net pence a year, in 1, 2 or 4 ``instalments``.

    The year begins with month ``year_starts``.  For a share set the pence are the pool's, else each unit's own.  No
    pence: the schedule ends.
    """

    schedule_id: str
    version: int
    kind: ChargeKind
    scope: Scope
    scope_id: str
    effective_from: date
    annual_net_pence: int
    instalments: int
    year_starts: int
    description: str


@dataclass(frozen=True, slots=True)
class Notice:
    """The day on which owners were told of a version."""

    schedule_id: str
    version: int
    notified_on: date


@dataclass(frozen=True, slots=True)
class Relief:
    """What a unit is let off of a schedule from a day on, until the last day that its proof covers (None: for good)."""

    relief_id: str
    schedule_id: str
    unit_id: str
    basis_points: int
    from_on: date
    proven_to: date | None = None

    def covers(self, day: date) -> bool:
        """Say whether it holds on a day."""
        return self.from_on <= day and (self.proven_to is None or self.proven_to >= day)


class Period(NamedTuple):
    """The days one instalment is for, both included; the ``number``-th of ``of`` in its year."""

    first_on: date
    last_on: date
    number: int
    of: int


@dataclass(frozen=True, slots=True)
class TaxRate:
    """The tax of a kind of charge from a day on; a premium is exempt, its own premium tax is inside (domain.md 2.6)."""

    kind: ChargeKind
    code: str
    effective_from: date
    basis_points: int


@dataclass(frozen=True, slots=True)
class SchedulePolicy:
    """What holds for all fees: how long before an increase owners are told, and the tax of each kind by date.

    An account that was charged more than ``late_fee_cap_pence`` of late fees within a year is looked at before it is
    billed (domain.md 9.55): they come from the housing system, and are never refused.
    """

    notice_days: int
    late_fee_cap_pence: int
    taxes: tuple[TaxRate, ...]

    def tax_on(self, kind: ChargeKind, day: date) -> TaxRate:
        """Return the rate in force; there is one for every kind and day, or the data is wrong."""
        begun = [rate for rate in self.taxes if rate.kind == kind and rate.effective_from <= day]
        assert begun, f"no tax of {kind} is in force on {day}"
        return max(begun, key=lambda rate: rate.effective_from)


class Amount(NamedTuple):
    """Net and tax in pence."""

    net_pence: int
    tax_pence: int


class Days(NamedTuple):
    """Days of a period in a row, both included."""

    first_on: date
    last_on: date


def refuse_terms(terms: Terms, earlier: Sequence[Terms], book: date) -> str | None:
    """Return why a version may not be added in a book, after its ``earlier`` ones; None: it may."""
    if terms.kind not in KINDS:
        return f"Schedules are for {', '.join(KINDS)}; {terms.kind} is charged as it arises."
    if period_on(terms, terms.effective_from).first_on != terms.effective_from:
        return f"{terms.effective_from} is not the first day of an instalment's period."
    if terms.effective_from < book:
        return f"{terms.effective_from} is past; a version holds from {book} on at the earliest."
    changed = [name for name in KEPT if earlier and getattr(earlier[0], name) != getattr(terms, name)]
    if changed:
        return f"{', '.join(changed)} of {terms.schedule_id} cannot change; end it and make another."
    return None


def refuse_relief(relief: Relief, terms: Terms) -> str | None:
    """Return why a unit may not be let off; None: it may.  An opt-out from insurance needs proof (domain.md 9.60)."""
    if terms.scope is Scope.SHARE_SET:
        return "Who shares in a pool is said by its share set: publish one without the unit."
    if relief.basis_points == WHOLE and terms.kind is ChargeKind.INSURANCE and relief.proven_to is None:
        return "Opting out of buildings insurance needs proof of own cover: say until when (proven_to)."
    if relief.proven_to is not None and relief.proven_to < relief.from_on:
        return "proven_to is before from_on."
    return None


def holding_on(
    versions: Iterable[Terms], notices: Iterable[Notice], notice_days: int, day: date
) -> tuple[Terms | None, Terms | None]:
    """Return the terms that hold on a day, and a dearer version that was meant to hold but lacks its notice.

    An increase holds from its day, but no sooner than ``notice_days`` after owners were told, and never untold.  A
    version that is not dearer than the one before it holds from its day.  Source: domain.md 2.2, 5, 9.54.
    """
    told: dict[int, date] = {}
    for notice in notices:
        told[notice.version] = min(notice.notified_on, told.get(notice.version, notice.notified_on))
    holds: Terms | None = None
    refused: Terms | None = None
    for one in sorted(versions, key=lambda one: (one.effective_from, one.version)):
        if one.effective_from > day:
            break
        dearer = holds is not None and one.annual_net_pence > holds.annual_net_pence
        if dearer and (one.version not in told or told[one.version] + timedelta(days=notice_days) > day):
            refused = one
        else:
            holds, refused = one, None
    return holds, refused


class Increase(NamedTuple):
    """What owners are told of a dearer version: the terms until then, the new ones, and the first day of theirs."""

    old: Terms
    new: Terms
    first_on: date


def increase(
    versions: Sequence[Terms], notices: Iterable[Notice], notice_days: int, version: int, notified_on: date
) -> Increase | None:
    """Return what a version changes if owners are (also) told on ``notified_on``; None: nothing goes up by it later.

    The first day is that of the first period which begins once the version is in force and its notice has run.
    """
    new = next(one for one in versions if one.version == version)
    told = [*notices, Notice(new.schedule_id, version, notified_on)]
    since = min(notice.notified_on for notice in told if notice.version == version)
    in_force = max(new.effective_from, since + timedelta(days=notice_days))
    period = period_on(new, in_force)
    first_on = in_force if period.first_on == in_force else period.last_on + DAY
    old, _ = holding_on(versions, told, notice_days, period_on(new, first_on - DAY).first_on)
    holds, _ = holding_on(versions, told, notice_days, first_on)
    dearer = old is not None and new.annual_net_pence > old.annual_net_pence
    return Increase(old, new, first_on) if old and dearer and holds == new and first_on > notified_on else None


def yearly(terms: Terms, day: date, rate: TaxRate, relief_points: int = 0) -> Amount:
    """Return what a year comes to, net and tax; all instalments of it together."""
    return amount_of(terms, Period(day, day, 1, 1), rate, relief_points)


def begun(
    versions: Sequence[Terms], notices: Collection[Notice], notice_days: int, after: date, day: date
) -> Iterator[tuple[Terms, Period]]:
    """Yield a schedule's periods that begin after one day and by another, each with the terms that hold on its first.

    What came before ``after`` (``date.min``: nothing) costs nothing.
    """
    period = period_on(versions[0], max(after, min(one.effective_from for one in versions)))
    while period.first_on <= day:
        holds, _ = holding_on(versions, notices, notice_days, period.first_on)
        if holds is not None and period.first_on > after:
            yield holds, period
        period = period_on(versions[0], period.last_on + DAY)


def is_within(terms: Terms, unit_id: str, block_id: str | None, development_id: str) -> bool:
    """Say whether a schedule of units charges one; a pool's charge goes to its share set instead."""
    names = {Scope.UNIT: unit_id, Scope.BLOCK: block_id, Scope.DEVELOPMENT: development_id}
    return names.get(terms.scope) == terms.scope_id


def period_on(terms: Terms, day: date) -> Period:
    """Return the instalment's period that a day is in."""
    months = _MONTHS // terms.instalments
    number = (day.month - terms.year_starts) % _MONTHS // months
    first = _month(day.year, day.month - (day.month - terms.year_starts) % months)
    return Period(first, _month(first.year, first.month + months) - DAY, number + 1, terms.instalments)


def _month(year: int, month: int) -> date:
    """Return the first day of a month that may lie in a neighbouring year (0 is December before, 13 January after)."""
    return date(year + (month - 1) // _MONTHS, (month - 1) % _MONTHS + 1, 1)


def amount_of(terms: Terms, period: Period, rate: TaxRate, relief_points: int = 0) -> Amount:
    """Return what an instalment comes to: net and tax of the year, each rounded cumulatively over the instalments.

    So the instalments of a year make the year to the penny.  Reliefs are taken off the year's net.  Source: domain.md
    3.3.
    """
    off = divide_half_up(terms.annual_net_pence * min(relief_points, WHOLE), WHOLE)
    net = terms.annual_net_pence - off
    tax = divide_half_up(net * rate.basis_points, WHOLE)
    return Amount(_instalment(net, period), _instalment(tax, period))


def _instalment(annual: int, period: Period) -> int:
    return divide_half_up(annual * period.number, period.of) - divide_half_up(annual * (period.number - 1), period.of)


def uncharged(period: Period, managed_from: date, managed_to: date | None, charged: Collection[Days]) -> Iterator[Days]:
    """Yield the days of a period on which a unit is managed and that no charge is for yet, in rows, oldest first."""
    first = max(period.first_on, managed_from)
    last = period.last_on if managed_to is None else min(period.last_on, managed_to)
    for days in sorted(charged):
        if first <= min(last, days.first_on - DAY):
            yield Days(first, min(last, days.first_on - DAY))
        first = max(first, days.last_on + DAY)
    if first <= last:
        yield Days(first, last)


def part_of(amount: Amount, period: Period, days: Days) -> Amount:
    """Return what an instalment comes to for some of its days: net and tax, each rounded half up cumulatively.

    So the parts make the instalment to the penny, in whatever order they are charged, and what a charge for the whole
    period would leave to the owner of these days is the same.  Source: domain.md 3.3, 9.8; contract.md 6, who owes.
    """
    before, through = (days.first_on - period.first_on).days, (days.last_on - period.first_on).days + 1
    of = (period.last_on - period.first_on).days + 1
    return Amount(*(divide_half_up(pence * through, of) - divide_half_up(pence * before, of) for pence in amount))


def relief_points(reliefs: Collection[Relief], period: Period) -> int:
    """Return what a unit is let off in a period: what all its reliefs together come to on every day of it, at most all.

    Proofs that follow one another without a gap are one; if cover runs out on the way, the unit is back in from the
    start (domain.md 9.60).
    """
    ends = (relief.proven_to for relief in reliefs if relief.proven_to is not None)
    changes = [
        period.first_on,
        *(relief.from_on for relief in reliefs if period.first_on <= relief.from_on <= period.last_on),
        *(day + DAY for day in ends if period.first_on <= day < period.last_on),
    ]
    return min(min(WHOLE, sum(relief.basis_points for relief in reliefs if relief.covers(day))) for day in changes)


def charge_id(schedule_id: str, period: Period, unit_id: str | None) -> str:
    """Return the name of an instalment's charge: once for each schedule, period and unit (none: the pool), for ever."""
    name = f"{schedule_id}:{period.first_on}" + (f":{unit_id}" if unit_id is not None else "")
    return _short(name, schedule_id, period.first_on, unit_id or "")


def completing_id(schedule_id: str, days: Days, unit_id: str) -> str:
    """Return the name of the charge that adds days to an instalment of which others are charged already."""
    name = f"{schedule_id}:{days.first_on}/{days.last_on}:{unit_id}"
    return _short(name, schedule_id, days.first_on, f"{days.last_on}:{unit_id}")


def is_part(name: str, days: Days, schedule_id: str, period: Period, unit_id: str) -> bool:
    """Say whether a charge of ours, by its name and the days it is for, is an instalment of a unit or completes it."""
    own = (charge_id(schedule_id, period, unit_id), completing_id(schedule_id, days, unit_id))
    in_period = period.first_on <= days.first_on <= days.last_on <= period.last_on
    return in_period and name in {*own, *map(other_name, own)}


def _short(name: str, schedule_id: str, first_on: date, rest: str) -> str:
    if len(name) <= _LONGEST_ID:
        return name
    return f"{schedule_id}:{first_on}:{hashlib.sha256(rest.encode()).hexdigest()[:24]}"


def lapsed(reliefs: Mapping[str, Sequence[Relief]], day: date) -> list[Relief]:
    """Return the reliefs whose proof no longer covers a day, where the unit has no newer one (domain.md 9.60)."""
    return [
        last
        for own in reliefs.values()
        for last in [max(own, key=lambda relief: (relief.proven_to or date.max, relief.relief_id))]
        if last.proven_to is not None and last.proven_to < day
    ]
