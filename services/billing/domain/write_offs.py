"""Write-offs: debts given up by two people, and what later money writes back; derived like everything that stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from services.billing.domain.chart import RECEIVABLE, loss_ledger
from services.billing.domain.facts import FactKind
from services.billing.domain.lines import Line
from services.billing.domain.postings import Posting
from shared.events.housing import ChargeKind


class Ground(StrEnum):
    """Why a debt is given up (domain.md 4.2, stage W)."""

    UNECONOMIC = "uneconomic"
    PRESCRIBED = "prescribed"
    INSOLVENT = "insolvency-closed"
    UNTRACEABLE = "untraceable"
    NO_ESTATE = "deceased-no-estate"
    RULE_5 = "rule-5"
    """The other owners carry it (``redistribution.py``); the owner stays liable to them: a memo debt."""


@dataclass(frozen=True, slots=True)
class WriteOff:
    """Pence of one charge on one account that were given up on a day; the id names it for ever."""

    write_off_id: str
    account_id: str
    charge_id: str
    amount_pence: int
    written_off_on: date


class Movement(NamedTuple):
    """What a write-off does to its account on a day, owed positive: given up is negative, written back positive."""

    write_off_id: str
    charge_id: str
    value_on: date
    amount_pence: int


def standing(lines: Iterable[Line], write_offs: Iterable[WriteOff]) -> dict[str, int]:
    """Return the pence that are still given up by each write-off, from all facts of its account.

    The days are gone through in order: charges less their credits, payments less their reversals, then write-offs.  One
    takes no more than is left of its charge, and never makes a credit.  Money that would leave a credit writes back,
    the oldest charge first: so it pays live debts before given-up ones, and once all is paid it is as if nothing had
    been written off.  Neither the order in which facts were learnt nor any statement plays a part.
    """
    rows = [line for line in lines if line.kind is not FactKind.WRITE_OFF]
    debts = _net(((line.charge_id, line) for line in rows), FactKind.CHARGE)
    money = _net(((line.payment_id, line) for line in rows), FactKind.PAYMENT)
    steps: list[tuple[date, int, str, int | WriteOff]] = []
    steps += [(net.on, 0, charge_id, net.pence) for charge_id, net in debts.items()]
    steps += [(net.on, 1, payment_id, net.pence) for payment_id, net in money.items()]
    steps += [(one.written_off_on, 2, one.write_off_id, one) for one in write_offs]
    path = _Path(debts)
    for *_, step in sorted(steps, key=lambda step: step[:3]):
        if isinstance(step, WriteOff):
            path.give_up(step)
        else:
            path.owe(step)
    return {one.write_off_id: pence for one, pence in path.standing.items() if pence}


def movements(lines: Iterable[Line], write_offs: Iterable[WriteOff]) -> tuple[Movement, ...]:
    """Return what an account's write-offs amount to, by write-off and day: on each day what it changes in ``standing``.

    So the books of any day show what was given up and not paid by then, whatever came later.
    """
    rows, known = list(lines), list(write_offs)
    first = min((one.written_off_on for one in known), default=date.max)
    days = {line.value_on for line in rows if line.value_on > first} | {one.written_off_on for one in known}
    moved, before = [], dict.fromkeys((one.write_off_id for one in known), 0)
    for day in sorted(days):
        by_then = (one for one in known if one.written_off_on <= day)
        now = standing((line for line in rows if line.value_on <= day), by_then)
        for one in known:
            pence = before[one.write_off_id] - now.get(one.write_off_id, 0)
            if pence:
                moved.append(Movement(one.write_off_id, one.charge_id, day, pence))
        before |= dict.fromkeys(before, 0) | now
    return tuple(sorted(moved))


class _Net(NamedTuple):
    """What is left of a charge or payment on the account, counted on its own day, owed positive."""

    on: date
    pence: int


def _net(named: Iterable[tuple[str | None, Line]], main: FactKind) -> dict[str, _Net]:
    """Return pence by name; a credit or reversal counts on the day of what it lowers."""
    found: dict[str, _Net] = {}
    for name, line in sorted(named, key=lambda pair: (pair[1].kind is not main, pair[1].value_on)):
        if name is not None:
            known = found.get(name, _Net(line.value_on, 0))
            found[name] = _Net(known.on, known.pence + line.amount_pence)
    return found


class _Path:
    """An account on its way through the days: ``live`` is owed and chased, ``standing`` given up."""

    def __init__(self, debts: Mapping[str, _Net]) -> None:
        self._debts = debts
        self._live = 0
        self.standing: dict[WriteOff, int] = {}

    def owe(self, pence: int) -> None:
        """Add what a charge or payment comes to; what would be a credit writes back."""
        self._live += pence
        for one in sorted(self.standing, key=self._age):
            back = max(0, min(-self._live, self.standing[one]))
            self._live += back
            self.standing[one] -= back

    def give_up(self, one: WriteOff) -> None:
        """Take a debt out of what is owed, as far as there is one."""
        debt = self._debts.get(one.charge_id, _Net(date.max, 0)).pence
        given_up = sum(pence for other, pence in self.standing.items() if other.charge_id == one.charge_id)
        pence = max(0, min(one.amount_pence, debt - given_up, self._live))
        self._live -= pence
        self.standing[one] = pence

    def _age(self, one: WriteOff) -> tuple[date, str, str]:
        on = self._debts[one.charge_id].on if one.charge_id in self._debts else date.max
        return (on, one.charge_id, one.write_off_id)


def posted(lines: Iterable[Line]) -> tuple[Movement, ...]:
    """Return what an account's ledger says of its write-offs: the state that ``movements`` is compared with."""
    found: dict[tuple[str, str, date], int] = {}
    for line in lines:
        if line.kind is FactKind.WRITE_OFF:
            key = (line.fact_id, line.charge_id or "", line.value_on)
            found[key] = found.get(key, 0) + line.amount_pence
    return tuple(Movement(*key, pence) for key, pence in sorted(found.items()) if pence)


def standing_pence(lines: Iterable[Line]) -> int:
    """Return what an account's ledger says is written off still: given up, less what was paid of it after all."""
    return -sum(line.amount_pence for line in lines if line.kind is FactKind.WRITE_OFF)


def difference(old: Iterable[Movement], new: Iterable[Movement]) -> tuple[Movement, ...]:
    """Return the movements that turn ``old`` into ``new``; none of nothing."""
    changed = {one[:3]: one.amount_pence for one in new}
    for one in old:
        changed[one[:3]] = changed.get(one[:3], 0) - one.amount_pence
    return tuple(Movement(*key, pence) for key, pence in sorted(changed.items()) if pence)


def kinds_of(lines: Iterable[Line]) -> dict[str, ChargeKind]:
    """Return the kind of each charge on an account."""
    return {line.charge_id: line.charge_kind for line in lines if line.charge_id and line.charge_kind is not None}


def postings(account_id: str, changes: Iterable[Movement], kinds: Mapping[str, ChargeKind]) -> Sequence[Posting]:
    """Return the postings of changes: the account's receivable against who bears the loss; each sums to nothing.

    That is ``bad-debt``, or, of ``kinds`` that are owners' own money, the liability they were asked for.
    The tax inside a debt stays where it was booked: relief for it is claimed outside this ledger.
    """
    return [
        Posting(ledger, holder, pence, 0, one.value_on, FactKind.WRITE_OFF, one.write_off_id, one.charge_id)
        for one in changes
        for ledger, holder, pence in (
            (RECEIVABLE, account_id, one.amount_pence),
            (loss_ledger(kinds.get(one.charge_id)), None, -one.amount_pence),
        )
    ]
