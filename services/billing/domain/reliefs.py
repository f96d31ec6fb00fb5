"""Reliefs: what units are let off a schedule, on which days, whose proof has lapsed, and which outlive their owner."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.billing.domain.schedules import DAY, Terms
from services.billing.domain.scopes import Scope
from shared.events.housing import ChargeKind

WHOLE = 10_000
"""Basis points of the whole: 2,000 are 20 %, a relief of all of it is an opt-out."""


@dataclass(frozen=True, slots=True)
class Relief:
    """What a unit is let off of a schedule from a day on; ``proven_to`` is the last day of its proof (None: for good).

    ``ended_on`` is its last day once people have ended it, ``ended_in`` the book in which they did; ``renewed_from`` is
    the first day of another one of its sort that lasts longer than its proof.
    """

    relief_id: str
    schedule_id: str
    unit_id: str
    basis_points: int
    from_on: date
    proven_to: date | None = None
    ended_on: date | None = None
    ended_in: date | None = None
    renewed_from: date | None = None

    @property
    def is_opt_out(self) -> bool:
        """Say whether it is all of the schedule."""
        return self.basis_points == WHOLE

    @property
    def last_on(self) -> date | None:
        """Return the last day it holds, for what is charged; None: until people end it.

        A discount ends with its proof.  An opt-out outlasts it until it is renewed or ended: nobody is charged again
        without having been told (domain.md 9.60).  What people end holds through the book they end it in, whatever
        last day they say: days that have passed are charged to nobody.
        """
        ends = max(self.ended_on, self.ended_in or self.ended_on) if self.ended_on is not None else None
        return min((day for day in (self._proof_holds_to(), ends) if day is not None), default=None)

    def _proof_holds_to(self) -> date | None:
        if self.proven_to is None or not self.is_opt_out:
            return self.proven_to
        if self.renewed_from is None:
            return None
        return self.renewed_from - DAY if self.renewed_from > self.proven_to else self.proven_to

    def covers(self, day: date) -> bool:
        """Say whether it holds on a day."""
        return self.from_on <= day and (self.last_on is None or self.last_on >= day)


def with_renewals(own: Sequence[Relief]) -> list[Relief]:
    """Return a unit's reliefs of one schedule, each with the day from which another of its sort renews it."""
    return [replace(one, renewed_from=_renewed_from(one, own)) for one in own]


def _renewed_from(relief: Relief, own: Iterable[Relief]) -> date | None:
    """Return from when another of the same sort, opt-out or discount, holds that lasts longer than a relief's proof.

    One that people ended lasts until then, whatever its proof says.  Of two that last as long the later one renews.
    """
    since = (relief.proven_to or date.max, relief.from_on, relief.relief_id)
    return min(
        (
            one.from_on
            for one in own
            if one.is_opt_out == relief.is_opt_out and (_lasts_to(one), one.from_on, one.relief_id) > since
        ),
        default=None,
    )


def _lasts_to(relief: Relief) -> date:
    return min(relief.proven_to or date.max, relief.ended_on or date.max)


def points_on(reliefs: Iterable[Relief], day: date) -> int:
    """Return what a unit is let off on a day: what its reliefs together come to, at most all."""
    return min(WHOLE, sum(relief.basis_points for relief in reliefs if relief.covers(day)))


def refuse_relief(relief: Relief, terms: Terms) -> str | None:
    """Return why a unit may not be let off; None: it may.  An opt-out from insurance needs proof (domain.md 9.60)."""
    if terms.scope is Scope.SHARE_SET:
        return "Who shares in a pool is said by its share set: publish one without the unit."
    if relief.is_opt_out and terms.kind is ChargeKind.INSURANCE and relief.proven_to is None:
        return "Opting out of buildings insurance needs proof of own cover: say until when (proven_to)."
    if relief.proven_to is not None and relief.proven_to < relief.from_on:
        return "proven_to is before from_on."
    return None


def refuse_end(relief: Relief, ended_on: date) -> str | None:
    """Return why a relief may not end with a day; None: it may."""
    if relief.ended_on is not None:
        return f"{relief.relief_id} ends on {relief.ended_on} already; what a unit is let off later is another relief."
    if ended_on < relief.from_on:
        return f"{ended_on} is before {relief.relief_id} begins, on {relief.from_on}."
    if relief.last_on is not None and ended_on >= relief.last_on:
        return f"{relief.relief_id} holds until {relief.last_on} at the latest: it ends by itself."
    return None


def lapsed(reliefs: Iterable[Relief], day: date) -> list[Relief]:
    """Return the reliefs whose proof no longer covers a day and that nothing renews (domain.md 9.60).

    Those that people ended are theirs to know.
    """
    return [
        one
        for one in reliefs
        if one.ended_on is None and one.renewed_from is None and one.proven_to is not None and one.proven_to < day
    ]


def outlived(reliefs: Iterable[Relief], owner_since: Mapping[str, date], day: date) -> list[Relief]:
    """Return the reliefs that hold on a day or later and began under an owner before the newest one.

    What people ended with the last day of that owner is done, also on the day they do it.
    ``owner_since``: by unit, the first day of its newest owner, which may be to come.  Cover of one's own goes with the
    owner, and so does a discount for how one pays; which of them stay with the flat, people know.
    """
    return [
        relief
        for relief in reliefs
        if relief.from_on < owner_since.get(relief.unit_id, date.min)
        and _goes_on(relief, max(day, owner_since[relief.unit_id]))
    ]


def _goes_on(relief: Relief, day: date) -> bool:
    return all(last_on is None or last_on >= day for last_on in (relief.last_on, relief.ended_on))
