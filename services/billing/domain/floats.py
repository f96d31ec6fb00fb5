"""Floats: a deposit asked of an owner when they come, theirs until it is used or given back with their final account.

A float is a charge of its own kind, posted against a liability.  Giving it back credits the charge, so what was never
paid lowers a debt and what was paid is the owner's: nobody gets back what they did not pay.  Source: domain.md 1, 2.2,
3.8, 8, 9.56.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from services.billing.domain.attribution import Account
from services.billing.domain.final_accounts import timetable
from services.billing.domain.scopes import Place, Scope
from services.billing.domain.statement_policy import StatementPolicy

PREFIX = "FLOAT:"
_NARROWEST_FIRST = (Scope.UNIT, Scope.BLOCK, Scope.DEVELOPMENT)


@dataclass(frozen=True, slots=True)
class FloatTerms:
    """The pence asked of every owner who comes from a day on to a unit, a block or a development; 0: none is asked."""

    scope: Scope
    scope_id: str
    version: int
    effective_from: date
    amount_pence: int


@dataclass(frozen=True, slots=True)
class Newcomer:
    """An owner's account that was never asked for a float: the first day that is both theirs and managed."""

    account: Account
    place: Place
    first_on: date


@dataclass(frozen=True, slots=True)
class FloatState:
    """A charge of a float: who has it (None: it waits), what is left of it, what was given back with final accounts.

    ``owner_ref`` is whose float it is, if we asked for it; None: the housing system did, it is whose its day is.
    """

    charge_id: str
    owner_ref: str | None
    unit_id: str
    account_ref: str | None
    left_pence: int
    returned_pence: int


class Managed(NamedTuple):
    """The days on which a unit is managed, both included; no ``to_on``: until further notice."""

    from_on: date
    to_on: date | None = None


class Asking(NamedTuple):
    """A float to charge to the owner of a unit's day."""

    charge_id: str
    unit_id: str
    first_on: date
    amount_pence: int


class Step(NamedTuple):
    """What turns the floats that stand into those that should: charges to make, and charges to give back whole."""

    asked: tuple[Asking, ...]
    back: tuple[str, ...]


def terms_on(terms: Iterable[FloatTerms], place: Place, day: date) -> FloatTerms | None:
    """Return what is asked of an owner who comes on a day: the narrowest scope's, its last version in force."""
    begun = [one for one in terms if one.effective_from <= day and place.is_in(one.scope, one.scope_id)]
    return min(
        begun,
        key=lambda one: (_NARROWEST_FIRST.index(one.scope), -one.effective_from.toordinal(), -one.version),
        default=None,
    )


def step(
    states: Iterable[FloatState],
    accounts: Mapping[str, Account],
    managed: Mapping[str, Managed],
    made: Collection[str],
    policies: Collection[StatementPolicy],
    day: date,
) -> Step:
    """Return what to do about floats that were charged, in the work of ``day``.

    A float goes back on the day of its owner's final account; one of ours that a corrected line put on somebody else
    (or on nobody) goes back at once.  Whoever turns out to own the unit still is asked again for what went back, once:
    ``made`` names the charges there are, ``policies`` say when final accounts are issued.  ``accounts`` are by
    reference, ``managed`` is by unit.
    """
    asked, back = [], []
    for one in states:
        owner = accounts.get(one.owner_ref or one.account_ref or "")
        gone = one.left_pence > 0 and _goes_back(one, accounts.get(one.account_ref or ""), policies, day)
        if gone:
            back.append(one.charge_id)
        returned = one.returned_pence or (one.left_pence if gone else 0)
        first_on = _first_day(owner, managed.get(one.unit_id)) if owner is not None else None
        if owner is None or first_on is None or first_on > day or not returned or not _keeps(owner, policies, day):
            continue
        name = again(owner.account_ref, one.charge_id)
        if name not in made:
            asked.append(Asking(name, one.unit_id, first_on, returned))
    return Step(tuple(asked), tuple(back))


def _first_day(owner: Account, managed: Managed | None) -> date | None:
    """Return the first day that is both the owner's and managed: a float of any other day would be nobody's."""
    if owner.from_on is None or managed is None:
        return None
    first_on = max(owner.from_on, managed.from_on)
    is_owned = owner.to_on is None or first_on < owner.to_on
    is_managed = managed.to_on is None or first_on <= managed.to_on
    return first_on if is_owned and is_managed else None


def first_asked(
    newcomers: Iterable[Newcomer], terms: Collection[FloatTerms], policies: Collection[StatementPolicy], day: date
) -> tuple[Asking, ...]:
    """Return the floats to charge to owners who have come by ``day``, as the terms of their first day say."""
    found = []
    for one in newcomers:
        asked = terms_on(terms, one.place, one.first_on)
        if asked is not None and asked.amount_pence and one.first_on <= day and _keeps(one.account, policies, day):
            name = f"{PREFIX}{one.account.account_ref}"
            found.append(Asking(name, one.place.unit_id, one.first_on, asked.amount_pence))
    return tuple(found)


def _goes_back(one: FloatState, holder: Account | None, policies: Collection[StatementPolicy], day: date) -> bool:
    if one.owner_ref is not None and one.owner_ref != one.account_ref:
        return True
    return holder is not None and not _stays(holder, policies, day)


def _keeps(account: Account, policies: Collection[StatementPolicy], day: date) -> bool:
    """Say whether an account is an owner's who has come, and whose final account is not due yet."""
    return account.from_on is not None and account.from_on <= day and _stays(account, policies, day)


def _stays(account: Account, policies: Collection[StatementPolicy], day: date) -> bool:
    return account.to_on is None or timetable(account.to_on, policies).due_on > day


def again(account_ref: str, charge_id: str) -> str:
    """Return the name of the charge that asks an owner again for what of another went back."""
    return f"{PREFIX}{account_ref}:{_short(charge_id)}"


def credit_id(charge_id: str) -> str:
    """Return the name of the credit that gives a float back: one for each charge, for ever."""
    return f"FLOAT-BACK:{_short(charge_id)}"


def _short(charge_id: str) -> str:
    return hashlib.sha256(charge_id.encode()).hexdigest()[:16]
