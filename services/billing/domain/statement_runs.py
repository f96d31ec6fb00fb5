"""Reviewed statement runs: what stood when one was struck, what is looked at, and when it may be released."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from heapq import nsmallest

from services.billing.domain.facts import BILLED
from services.billing.domain.items import StatementHead
from services.billing.domain.lines import Cut, Line, netted
from services.billing.domain.statements import Draft, is_issue_day, quarter_billed
from shared.calendar import quarter_days

_DAY = timedelta(days=1)


class Release(StrEnum):
    """How statements get out: at once on their day, or after people have looked at them."""

    AUTOMATIC = "automatic"
    REVIEWED = "reviewed"


@dataclass(frozen=True, slots=True)
class ReleasePolicy:
    """What holds for runs from the book it was agreed in; as shipped, nobody has to look at them.

    ``sample_size`` statements are drawn by lot, and as many at most for each reason to look at one; one has ``changed``
    if what it bills differs by more than ``outlier_percent`` from the account's last.
    """

    release: Release = Release.AUTOMATIC
    sample_size: int = 5
    outlier_percent: int = 50


SHIPPED = ReleasePolicy()


@dataclass(frozen=True, slots=True)
class Run:
    """The statements of a quarter as they were struck in the work of ``known_at``, the ``run_no``-th time."""

    quarter: str
    run_no: int
    known_at: date

    @property
    def run_id(self) -> str:
        """The run's name for ever, and the seed of its sample."""
        return f"{self.quarter}-{self.run_no}"

    @property
    def cut(self) -> Cut:
        """What its statements carry: value dates of the quarter and before, known by the book it was struck in."""
        return Cut(quarter_days(self.quarter)[1] + _DAY, self.known_at)


class State(StrEnum):
    """How far a run is."""

    OPEN = "open"
    RELEASED = "released"
    ISSUED = "issued"
    SUPERSEDED = "superseded"
    LAPSED = "lapsed"


def state_of(run: Run, book: date, last_no: int, asked_anew: bool, released_in: date | None) -> State:
    """Return how far a run is in the book being written, with the number of the quarter's last run.

    A release is issued in the work of its own book.  On the next quarter's first day a run that was not released has
    lapsed: what it would have carried is on the next statements.
    """
    if released_in is not None:
        return State.ISSUED if released_in < book else State.RELEASED
    if run.run_no < last_no or asked_anew:
        return State.SUPERSEDED
    return State.OPEN if in_hand(book) == run.quarter else State.LAPSED


def in_hand(book: date) -> str | None:
    """Return the quarter whose statements people may look at in a book: none on the day that strikes or issues."""
    return None if is_issue_day(book) else quarter_billed(book)


class Flag(StrEnum):
    """What is out of the ordinary about a statement."""

    FIRST = "first-statement"
    CHANGED = "changed"
    CREDIT = "in-credit"
    ZERO = "nothing-to-pay"


@dataclass(frozen=True, slots=True)
class Struck:
    """What a statement would say, in pence; ``billed_pence`` are its charges and credits, before those of the last."""

    account_id: str
    account_ref: str
    brought_forward_pence: int
    total_pence: int
    balance_pence: int
    billed_pence: int
    before_pence: int | None
    flags: tuple[Flag, ...]

    @property
    def change_pence(self) -> int:
        """How much more it bills than the account's last one; of the first, all."""
        return self.billed_pence - (self.before_pence or 0)


def strike(
    account_id: str, account_ref: str, draft: Draft, lines: Iterable[Line], earlier: Sequence[StatementHead],
    percent: int,
) -> Struck:  # fmt: skip
    """Return what stands of an account's draft, compared with its last statement (the newest of ``earlier``)."""
    billed, before = billed_pence(draft.lines), _billed_before(lines, earlier) if earlier else None
    return Struck(
        account_id, account_ref, draft.brought_forward_pence, draft.total_pence, draft.balance_pence, billed, before,
        tuple(_flags(draft.balance_pence, billed, before, percent)),
    )  # fmt: skip


def billed_pence(lines: Iterable[Line]) -> int:
    """Return what lines bill: charges and fees less credits, whatever was paid."""
    return sum(line.amount_pence for line in lines if line.kind in BILLED)


def _billed_before(lines: Iterable[Line], earlier: Sequence[StatementHead]) -> int:
    last, older = earlier[-1].cut, earlier[-2].cut if len(earlier) > 1 else None
    return billed_pence(
        line for line in netted(lines) if last.carries(line) and (older is None or not older.carries(line))
    )


def _flags(balance: int, billed: int, before: int | None, percent: int) -> Iterable[Flag]:
    if before is None:
        yield Flag.FIRST
    elif abs(billed - before) * 100 > abs(before) * percent:
        yield Flag.CHANGED
    if balance <= 0:
        yield Flag.CREDIT if balance < 0 else Flag.ZERO


class Reason(StrEnum):
    """Why somebody looks at a statement."""

    LOT = "lot"
    CHANGED = "changed"
    FIRST = "first-statement"
    LARGEST = "largest"


Sample = Mapping[Reason, Sequence[Struck]]


def lot(run_id: str, account_ref: str) -> str:
    """Return an account's lot in a run; anyone can draw it again: SHA-256 of ``run_id|account_ref``, the lowest win."""
    return hashlib.sha256(f"{run_id}|{account_ref}".encode()).hexdigest()


def drawn(kept: Sample, page: Iterable[Struck], run_id: str, size: int) -> Sample:
    """Return the sample after a page of statements more: the best of those kept and those new, for each reason.

    Which are drawn does not depend on the pages.
    """
    rows = list(page)
    keys = {
        Reason.LOT: (rows, lambda one: (lot(run_id, one.account_ref),)),
        Reason.CHANGED: ([one for one in rows if Flag.CHANGED in one.flags], _by_change),
        Reason.FIRST: ([one for one in rows if Flag.FIRST in one.flags], _by_change),
        Reason.LARGEST: (rows, lambda one: (-abs(one.balance_pence), one.account_ref)),
    }
    return {reason: nsmallest(size, [*kept.get(reason, ()), *new], key=key) for reason, (new, key) in keys.items()}


def _by_change(one: Struck) -> tuple[int, str]:
    return (-abs(one.change_pence), one.account_ref)


def reasons(sample: Sample) -> dict[str, list[Reason]]:
    """Return for each account of a sample why it is in it."""
    found: dict[str, list[Reason]] = {}
    for reason, members in sample.items():
        for one in members:
            found.setdefault(one.account_id, []).append(reason)
    return found


@dataclass(slots=True)
class Tally:
    """The totals of a run in pence, how many statements have each flag, and ``most`` of each that changed most."""

    most: int
    statements: int = 0
    brought_forward_pence: int = 0
    total_pence: int = 0
    balance_pence: int = 0
    billed_pence: int = 0
    flags: Counter[Flag] = field(default_factory=Counter)
    flagged: dict[Flag, list[Struck]] = field(default_factory=dict)
    changes: list[Struck] = field(default_factory=list)

    def add(self, page: Sequence[Struck]) -> None:
        """Count a page of statements in."""
        self.statements += len(page)
        for one in page:
            self.brought_forward_pence += one.brought_forward_pence
            self.total_pence += one.total_pence
            self.balance_pence += one.balance_pence
            self.billed_pence += one.billed_pence
            self.flags.update(one.flags)
        self.changes = self._largest(self.changes, (one for one in page if one.change_pence))
        for flag in Flag:
            self.flagged[flag] = self._largest(self.flagged.get(flag, ()), (one for one in page if flag in one.flags))

    def _largest(self, kept: Iterable[Struck], new: Iterable[Struck]) -> list[Struck]:
        return nsmallest(self.most, [*kept, *new], key=_by_change)


def refuse_release(verdicts: Mapping[str, bool | None]) -> str | None:
    """Return why an open run may not be released; None: it may.

    ``verdicts`` are those of its sample by account_ref; None: nobody looked yet.
    """
    failed = sorted(ref for ref, passed in verdicts.items() if passed is False)
    if failed:
        return f"{', '.join(failed)} failed the sample check"
    unchecked = sorted(ref for ref, passed in verdicts.items() if passed is None)
    if unchecked:
        return f"{len(unchecked)} of its sample are not checked yet, {unchecked[0]} first"
    return None
