"""Schedules of fees and premiums: versions, their periods, the notice an increase needs."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

from services.billing.domain.scopes import REGISTERED, Place, Scope
from shared.events.housing import ChargeKind

KINDS = (ChargeKind.MANAGEMENT_FEE, ChargeKind.INSURANCE, ChargeKind.RESERVE_FUND)
KEPT = ("kind", "scope", "scope_id", "instalments", "year_starts")
"""What all versions of a schedule have in common: only its price and its words change."""

DAY = timedelta(days=1)
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of a schedule, meant to hold from ``effective_from``: net pence a year, in 1, 2 or 4 ``instalments``.

    The year begins with month ``year_starts``.  For a share set the pence are the pool's, else each unit's own.  No
    pence: the schedule ends.  ``replaces_pence``: what the schedule came to from which this one takes over, net a year.
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
    replaces_pence: int | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """The day on which owners were told of a version."""

    schedule_id: str
    version: int
    notified_on: date


class Period(NamedTuple):
    """The days one instalment is for, both included; the ``number``-th of ``of`` in its year."""

    first_on: date
    last_on: date
    number: int
    of: int


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


def holding_on(
    versions: Iterable[Terms], notices: Iterable[Notice], notice_days: int, day: date
) -> tuple[Terms | None, Terms | None]:
    """Return the terms that hold on a day, and a dearer version that was meant to hold but lacks its notice.

    An increase holds from its day, but no sooner than ``notice_days`` after owners were told, and never untold.  A
    version that is not dearer than the one before it holds from its day; before the first stands what it replaces.
    Source: domain.md 2.2, 5, 9.54.
    """
    told: dict[int, date] = {}
    for notice in notices:
        told[notice.version] = min(notice.notified_on, told.get(notice.version, notice.notified_on))
    holds: Terms | None = None
    refused: Terms | None = None
    for one in sorted(versions, key=lambda one: (one.effective_from, one.version)):
        if one.effective_from > day:
            break
        before = one.replaces_pence if holds is None else holds.annual_net_pence
        dearer = before is not None and one.annual_net_pence > before
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
    old = old or _replaced(new)
    holds, _ = holding_on(versions, told, notice_days, first_on)
    dearer = old is not None and new.annual_net_pence > old.annual_net_pence
    return Increase(old, new, first_on) if old and dearer and holds == new and first_on > notified_on else None


def _replaced(new: Terms) -> Terms | None:
    """Return the price that a schedule takes over from, as terms of its own; None: it takes over from none."""
    return None if new.replaces_pence is None else replace(new, version=0, annual_net_pence=new.replaces_pence)


def is_within(terms: Terms, place: Place) -> bool:
    """Say whether a schedule of units charges one; a pool's charge goes to its share set instead."""
    return place.is_in(terms.scope, terms.scope_id)


def is_left(terms: Terms, place: Place) -> bool:
    """Say whether a schedule is of a block or development that a unit is not in (any more)."""
    return terms.scope in REGISTERED and not is_within(terms, place)


def overlap(terms: Iterable[Terms], kinds: Collection[ChargeKind]) -> bool:
    """Say whether periods of the ``kinds`` may overlap from one block or development to another."""
    placed = [one for one in terms if one.scope in REGISTERED and one.kind in kinds]
    return any((one.instalments, one.year_starts) != (placed[0].instalments, placed[0].year_starts) for one in placed)


def period_on(terms: Terms, day: date) -> Period:
    """Return the instalment's period that a day is in."""
    months = _MONTHS // terms.instalments
    number = (day.month - terms.year_starts) % _MONTHS // months
    first = _month(day.year, day.month - (day.month - terms.year_starts) % months)
    return Period(first, _month(first.year, first.month + months) - DAY, number + 1, terms.instalments)


def _month(year: int, month: int) -> date:
    """Return the first day of a month that may lie in a neighbouring year (0 is December before, 13 January after)."""
    return date(year + (month - 1) // _MONTHS, (month - 1) % _MONTHS + 1, 1)
