"""Final accounts: when an owner who has left gets the closing document, and until when at the latest.

A document beside the statements: it changes no line, balance or due day, and what it lists as not billed yet is on the
next statement all the same.  When it is issued, the policy in force on the exit's day says.  Source: domain.md 8.6.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from services.billing.domain.attribution import Account
from services.billing.domain.lines import Cut, Line
from services.billing.domain.statement_policy import MOST_MONTHS, StatementPolicy
from services.billing.domain.statements import Draft
from shared.calendar import months_later, quarter_days, quarter_of
from shared.dated import in_force

_DAY = timedelta(days=1)
_NO_END = date(9999, 1, 1)
_LONGEST_DAYS = 31 * MOST_MONTHS
"""No exit waits longer than its three months."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """The days of one exit: ``exit_on`` is the first day that is no longer the owner's."""

    exit_on: date
    due_on: date
    hard_stop_on: date


def timetable(exit_on: date, policies: Iterable[StatementPolicy]) -> Timetable:
    """Return when the final account of an exit is issued, and the day it must be out by at the latest.

    So many days after the quarter of the last day that was the owner's, so many months after the exit: the earlier of
    both is due, as the version in force on the day of the exit says.  Who leaves on a quarter's first day owes nothing
    of that quarter (domain.md 9.49); an exit at the end of the calendar has no day after it.
    """
    if exit_on >= _NO_END:
        return Timetable(exit_on, date.max, date.max)
    policy = in_force(policies, exit_on)
    hard_stop = months_later(exit_on, policy.final_account_months)
    after_quarter = quarter_days(quarter_of(exit_on - _DAY))[1] + timedelta(days=policy.final_account_days)
    return Timetable(exit_on, min(after_quarter, hard_stop), hard_stop)


def earliest_exit(day: date) -> date:
    """Return a day before every exit whose final account is due on ``day`` or later."""
    return day - timedelta(days=_LONGEST_DAYS + 1)


def exits_due_on(day: date, policies: Sequence[StatementPolicy]) -> list[date]:
    """Return the exits whose final account is due on ``day``."""
    exits = (day - timedelta(days=days) for days in range(_LONGEST_DAYS + 1))
    return [exit_on for exit_on in exits if timetable(exit_on, policies).due_on == day]


def within_management(account: Account, managed_to: date | None) -> Account:
    """Return an owner's account with the end of its days: their own, or the unit's management's, if that comes first.

    Either way the factor has to account to them, within three months (Code of Conduct 3.5).  ``managed_to`` is the last
    managed day; the end of the calendar is how some systems write that there is none.  Who came after it has never been
    served.
    """
    if managed_to is None or managed_to >= _NO_END or account.from_on is None or account.from_on > managed_to:
        return account
    ends_on = managed_to + _DAY
    return account if account.to_on is not None and account.to_on <= ends_on else replace(account, to_on=ends_on)


def has_left(account: Account) -> bool:
    """Say whether an owner's days have an end; the association's account and a void one have none to account for."""
    return account.to_on is not None and not account.internal and not account.void


def is_issued_on(day: date, now: Account, before: Account | None, policies: Iterable[StatementPolicy]) -> bool:
    """Say whether an account's final account is issued in the work of ``day``.

    ``before`` is the account as known at the end of the book before: an exit learnt after its due day is issued in the
    work of the day it was learnt, every other on the due day.  So each exit is issued once, without a note of it.
    """
    if now.to_on is None or not has_left(now):
        return False
    due_on = timetable(now.to_on, policies).due_on
    learnt_today = before is None or before.to_on != now.to_on
    return due_on == day or (due_on < day and learnt_today)


def state_of(days: Timetable, issued_on: date | None, lines: Sequence[Line], closed: date) -> str:
    """Return where an exit's final account stands when ``closed`` is the last closed day.

    ``issued``, ``to-come``, ``settled`` (nothing to account for), or ``late`` (owed, and never issued).  What was
    billed after the due day to somebody who owed nothing then is on the next statement, and makes nothing late.
    """
    if issued_on is not None:
        return "issued"
    if closed < days.due_on:
        return "to-come"
    then = Cut(days.due_on, days.due_on)
    owed_then = sum(line.amount_pence for line in lines if then.carries(line))
    return "late" if owed_then and sum(line.amount_pence for line in lines) else "settled"


def final_draft(draft: Draft, account_ref: str, exit_on: date) -> Draft:
    """Return the figures of a statement drafted for the day as the final account of an exit: its own number.

    Its quarter is that of the owner's last day.
    """
    return replace(draft, statement_no=final_no(account_ref, exit_on), quarter=quarter_of(exit_on - _DAY))


def final_no(account_ref: str, exit_on: date) -> str:
    """Return the number of the final account of an exit; payments that quote it find the account."""
    return f"{account_ref}-FINAL-{exit_on:%Y%m%d}"
