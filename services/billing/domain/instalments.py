"""Instalments of schedules: their days, what each comes to with cumulative rounding, tax and reliefs, their names."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from services.billing.domain.refs import other_name
from services.billing.domain.reliefs import WHOLE, Relief, points_on
from services.billing.domain.schedule_policy import TaxRate
from services.billing.domain.schedules import DAY, Notice, Period, Terms, holding_on, is_left, period_on
from services.billing.domain.scopes import Place
from shared.money import divide_half_up

_LONGEST_ID = 64


class Amount(NamedTuple):
    """Net and tax in pence."""

    net_pence: int
    tax_pence: int


class Days(NamedTuple):
    """Days of a period in a row, both included."""

    first_on: date
    last_on: date

    def touch(self, period: Period) -> bool:
        """Say whether any of them is in a period."""
        return self.first_on <= period.last_on and period.first_on <= self.last_on


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


def uncharged(
    period: Period | Days, managed_from: date, managed_to: date | None, charged: Collection[Days]
) -> Iterator[Days]:
    """Yield the days of a period, or of a part of it, that are managed and not charged yet, in rows, oldest first."""
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


def stretches(reliefs: Collection[Relief], period: Period) -> list[tuple[Days, int]]:
    """Return a period as rows of days on which a unit is let off the same, each with how much of the whole.

    Day by day: who has cover of their own for a part of the period pays for the rest (domain.md 9.60).
    """
    begins = {relief.from_on for relief in reliefs if period.first_on < relief.from_on <= period.last_on}
    ends = {relief.last_on for relief in reliefs if relief.last_on is not None}
    changes = {period.first_on, *begins, *(day + DAY for day in ends if period.first_on <= day < period.last_on)}
    rows: list[tuple[Days, int]] = []
    for first, following in pairwise(sorted({*changes, period.last_on + DAY})):
        points = points_on(reliefs, first)
        same = rows.pop()[0].first_on if rows and rows[-1][1] == points else first
        rows.append((Days(same, following - DAY), points))
    return rows


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


def charged_elsewhere(
    terms: Terms,
    period: Period,
    charged: Iterable[tuple[str, Days]],
    known: Mapping[str, Sequence[Terms]],
    place: Place,
) -> Iterator[Days]:
    """Yield the days of a period that a unit was charged for where it was registered before: nobody pays twice.

    ``charged`` are our own charges of the unit, each by its name, which begins with its schedule; ``known`` are all
    schedules.  Only what is of the same kind as ``terms`` counts.
    """
    for name, days in charged:
        versions = known.get(name.partition(":")[0])
        is_elsewhere = versions is not None and versions[0].kind == terms.kind and is_left(versions[0], place)
        if is_elsewhere and days.touch(period):
            yield days


def _short(name: str, schedule_id: str, first_on: date, rest: str) -> str:
    if len(name) <= _LONGEST_ID:
        return name
    return f"{schedule_id}:{first_on}:{hashlib.sha256(rest.encode()).hexdigest()[:24]}"
