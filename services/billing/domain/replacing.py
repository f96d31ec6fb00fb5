"""Schedules that take over from one that ended: ending one and making a dearer one is an increase like any other."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from services.billing.domain.schedules import DAY, Notice, Terms, holding_on
from services.billing.domain.scopes import Scope
from shared.events.housing import ChargeKind

Versions = Mapping[str, Sequence[Terms]]
Notices = Mapping[str, Sequence[Notice]]
_Same = tuple[ChargeKind, Scope, str]


class _Ended(NamedTuple):
    """The first day on which a schedule charges nothing any more, and its price until then in net pence a year."""

    on: date
    annual_net_pence: int


def with_replaced(terms: Versions, notices: Notices, notice_days: int) -> dict[str, list[Terms]]:
    """Return all schedules, each with what the one it takes over from came to (``replaces_pence``).

    That is the one of the same kind and for the same unit, block, development or share set that ended last, at the
    latest when the new one was meant to begin; several that ended on that day come to their sum.  What never charged
    anything is not replaced.  Source: domain.md 2.2 (no fee change takes effect before a notice).
    """
    known: dict[str, list[Terms]] = {}
    earlier: defaultdict[_Same, list[Sequence[Terms]]] = defaultdict(list)
    for schedule_id in sorted(terms, key=lambda name: (_first_day(terms[name]), name)):
        versions = terms[schedule_id]
        same = earlier[versions[0].kind, versions[0].scope, versions[0].scope_id]
        others = (_ended(other, _first_day(versions), notices, notice_days) for other in same)
        ended = [one for one in others if one is not None]
        last = max((one.on for one in ended), default=None)
        pence = sum(one.annual_net_pence for one in ended if one.on == last) if ended else None
        known[schedule_id] = [replace(one, replaces_pence=pence) for one in versions]
        same.append(known[schedule_id])
    return {schedule_id: known[schedule_id] for schedule_id in terms}


def _first_day(versions: Sequence[Terms]) -> date:
    return min(one.effective_from for one in versions)


def _ended(other: Sequence[Terms], first_on: date, notices: Notices, notice_days: int) -> _Ended | None:
    """Return when another schedule for the same ended, by the day on which one begins, and its last price; None: never.

    A price without its notice was never charged: then what was charged before it is the last one.
    """
    told = notices.get(other[0].schedule_id, ())
    holds, _ = holding_on(other, told, notice_days, first_on)
    if holds is None or holds.annual_net_pence:
        return None
    for on in sorted({one.effective_from for one in other if one.effective_from <= first_on}, reverse=True):
        holds, _ = holding_on(other, told, notice_days, on - DAY)
        if holds is not None and holds.annual_net_pence:
            return _Ended(on, holds.annual_net_pence)
    return None
