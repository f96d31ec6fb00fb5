"""The books of the day gate, without a database."""

from datetime import date

from shared.bus.gate import GateState


def gate(first_ended: date | None) -> GateState:
    return GateState(None, "open", "", None, first_ended)


def test_what_was_learnt_before_the_first_day_counts_as_learnt_on_it() -> None:
    state = gate(date(2026, 3, 30))
    assert state.book_before(date(2026, 4, 12), 14) == date.min
    assert state.book_before(date(2026, 4, 13), 14) == date(2026, 3, 30)


def test_later_books_are_counted_by_the_calendar() -> None:
    assert gate(date(2026, 1, 1)).book_before(date(2026, 5, 15), 14) == date(2026, 5, 1)
    assert gate(None).book_before(date(2026, 5, 15), 14) == date(2026, 5, 1)
