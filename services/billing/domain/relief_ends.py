"""The end of a relief: from when a unit pays more by it, or by an increase; which owners are told before."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from services.billing.domain.attribution import Account
from services.billing.domain.instalments import Amount, Days, yearly
from services.billing.domain.reliefs import Relief, points_on, with_renewals
from services.billing.domain.schedule_policy import SchedulePolicy
from services.billing.domain.schedules import DAY, Increase, Notice, Terms, holding_on, period_on


class Loss(NamedTuple):
    """What the end of a relief costs: from ``charged_from`` on a unit pays ``new`` instead of ``old``, a year's."""

    terms: Terms
    charged_from: date
    old: Amount
    new: Amount


def loss(
    versions: Sequence[Terms],
    notices: Iterable[Notice],
    policy: SchedulePolicy,
    own: Sequence[Relief],
    ended: Relief,
    raised: Collection[Days],
    book: date,
) -> Loss | None:
    """Return what a unit pays more when one of its ``own`` reliefs is ``ended`` in a book; None: no more than before.

    ``raised`` are the days that the schedule charged it for already: they keep their price.
    """
    after = with_renewals([ended if one.relief_id == ended.relief_id else one for one in own])
    charged_from = _charged_from(own, after, raised, book)
    if charged_from is None:
        return None
    period = period_on(versions[0], charged_from)
    terms, _ = holding_on(versions, notices, policy.notice_days, period.first_on)
    if terms is None:
        return None
    rate = policy.tax_on(terms.kind, period.first_on)
    old, new = (yearly(terms, charged_from, rate, points_on(reliefs, charged_from)) for reliefs in (own, after))
    return Loss(terms, charged_from, old, new) if sum(new) > sum(old) else None


def _charged_from(own: Iterable[Relief], after: Sequence[Relief], raised: Collection[Days], book: date) -> date | None:
    """Return the first day not raised yet on which a unit pays more than on the book's day, and because of the end.

    None: there is no such day; other reliefs may hold on each, or this one never began.
    """
    own, now = list(own), points_on(own, book)
    ends = {one.last_on for one in after if one.last_on is not None and one.last_on < date.max}
    free = (last_on + DAY for last_on in sorted(ends | {days.last_on for days in raised}))
    return next(
        (
            day
            for day in free
            if points_on(after, day) < min(now, points_on(own, day))
            and not any(days.first_on <= day <= days.last_on for days in raised)
        ),
        None,
    )


class Dearer(NamedTuple):
    """What an increase costs a unit: from ``first_on`` on it pays ``new`` instead of ``old``, a year's."""

    first_on: date
    old: Amount
    new: Amount


def dearer(raised: Increase, policy: SchedulePolicy, own: Sequence[Relief]) -> Dearer | None:
    """Return the first day on which a unit pays more than the day before by an increase; None: it does not.

    A unit that is let off all of it until a day that is known pays the new price from then on: its owner was told the
    old one.
    """
    ends = sorted(one.last_on + DAY for one in own if one.last_on is not None and one.last_on < date.max)
    for day in (raised.first_on, *(day for day in ends if day > raised.first_on)):
        before = raised.old if day == raised.first_on else raised.new
        old, new = (
            yearly(terms, on, policy.tax_on(terms.kind, period_on(terms, on).first_on), points_on(own, on))
            for terms, on in ((before, day - DAY), (raised.new, day))
        )
        if sum(new) > sum(old):
            return Dearer(day, old, new)
    return None


def losers(accounts: Iterable[Account], ended_on: date, charged_from: date) -> list[Account]:
    """Return the owners who had a relief on its last day and pay more from ``charged_from`` on.

    None when the unit was sold with that last day or before the book (``charged_from`` comes after it): the relief was
    the seller's, and who comes after never had it.  The association pays itself.
    """
    return [
        one
        for one in accounts
        if not one.internal
        and one.from_on is not None
        and one.from_on <= ended_on
        and (one.to_on is None or one.to_on > charged_from)
    ]


def refuse_untold(charged_from: date, notice_days: int, book: date) -> str | None:
    """Return why a unit may not be charged again from a day on when its owner is told in a book; None: it may."""
    first = book + timedelta(days=notice_days)
    if charged_from >= first:
        return None
    return (
        f"The owner is told {notice_days} days before: {first} is the first day on which the unit may be charged again,"
        f" so the last day of the relief is {first - DAY} or later."
    )
