"""Whose days a cost is, by kind of charge: dated versions of the rule, as data (contract.md 6, who owes)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from services.billing.domain.facts import Charge
from shared.dated import in_force
from shared.events.housing import ChargeKind, ChargeRaised


class OwedOn(StrEnum):
    """A day of a charge that may decide who owes it."""

    DECIDED = "decided_on"
    INSTRUCTED = "instructed_on"
    COMPLETED = "completed_on"
    INVOICED = "invoiced_on"
    RAISED = "raised_on"


PERIOD = "period"
"""What decided when a charge accrues over its days."""


@dataclass(frozen=True, slots=True)
class KindRule:
    """How one kind is owed: day by day over its period if it ``accrues`` and has one, else on the first day given."""

    accrues: bool
    owed_on: tuple[OwedOn, ...]


@dataclass(frozen=True, slots=True)
class Liability:
    """One version of the rule, in force for charges raised from ``effective_from`` until the next version's."""

    version: str
    effective_from: date
    kinds: Mapping[ChargeKind, KindRule]


def check(versions: Sequence[Liability]) -> None:
    """Raise ``AssertionError`` unless some version decides every charge.

    Each version has a rule for every kind, and each rule ends with the day that every charge has; the first is in force
    from the first day of the calendar on, because no charge is too old to be somebody's.
    """
    assert min(one.effective_from for one in versions) == date.min, "one version is in force from the first day on"
    for one in versions:
        assert set(one.kinds) == set(ChargeKind), f"{one.version}: a rule for every kind of charge"
        assert all(OwedOn.RAISED in rule.owed_on for rule in one.kinds.values()), f"{one.version}: raised_on ends"


class Owed(NamedTuple):
    """The days a charge is owed for (both included), what decided them, and under which version."""

    first_on: date
    last_on: date
    decided_by: str
    version: str


def owed(data: ChargeRaised, policies: Sequence[Liability]) -> Owed:
    """Return the days of a charge's owners: of its period, else of the first day that its kind's rule finds given.

    ``raised_on`` is always given and ends every rule.  Source: contract.md 6, who owes.
    """
    policy = in_force(policies, data.raised_on)
    rule = policy.kinds[data.kind]
    if rule.accrues and data.period is not None:
        return Owed(data.period.from_, data.period.to, PERIOD, policy.version)
    for name in rule.owed_on:
        day = getattr(data, name)
        if day is not None:
            return Owed(day, day, name, policy.version)
    raise AssertionError("raised_on is always given")


def owed_as_kept(charge: Charge, given: Mapping[str, date | None], policies: Sequence[Liability]) -> Owed:
    """Return ``owed`` of a charge that was taken in; ``given`` are the days it came with, by name.

    Its period is kept as its days alone: a single day that would decide without it, too, is told by that day's name.
    """
    policy = in_force(policies, charge.raised_on)
    name = next(name for name in policy.kinds[charge.kind].owed_on if given.get(name) is not None)
    by_day = charge.liable_from == charge.liable_to == given[name]
    return Owed(charge.liable_from, charge.liable_to, str(name) if by_day else PERIOD, policy.version)


def asked(kind: ChargeKind, raised_on: date, policies: Sequence[Liability]) -> OwedOn:
    """Return which day of a charge of a kind, raised on a day, decides before any other: one we raise gives it."""
    return in_force(policies, raised_on).kinds[kind].owed_on[0]
