"""The schedule of a plan: equal instalments, the last takes the remainder, and the day of the month is kept."""

from dataclasses import dataclass
from datetime import date, timedelta

from shared.calendar import months_later
from shared.events.arrears import Frequency

_DAYS = {Frequency.WEEKLY: 7, Frequency.FORTNIGHTLY: 14}


@dataclass(frozen=True, slots=True)
class Instalment:
    """What is due of a plan on a day, in pence; ``number`` counts from 1."""

    number: int
    due_on: date
    amount_pence: int


def schedule(total_pence: int, count: int, first_on: date, frequency: Frequency) -> tuple[Instalment, ...]:
    """Return ``count`` instalments that make the total; the last takes what does not divide (domain.md 3.10)."""
    base = total_pence // count
    last = total_pence - base * (count - 1)
    return tuple(
        Instalment(number, due_day(first_on, number, frequency), last if number == count else base)
        for number in range(1, count + 1)
    )


def due_day(first_on: date, number: int, frequency: Frequency) -> date:
    """Return the day of an instalment: after 31 January comes 28 February, then 31 March."""
    if frequency is Frequency.MONTHLY:
        return months_later(first_on, number - 1)
    return first_on + timedelta(days=_DAYS[frequency] * (number - 1))


def months_of(count: int, first_on: date, frequency: Frequency) -> int:
    """Return how many months a plan lasts, the one begun last counted whole: twelve monthly instalments last twelve."""
    end = due_day(first_on, count + 1, frequency)
    months = (end.year - first_on.year) * 12 + end.month - first_on.month
    return months if end <= months_later(first_on, months) else months + 1
