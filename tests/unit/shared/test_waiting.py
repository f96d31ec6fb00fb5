from datetime import date
from itertools import pairwise

from shared.bus.waiting import DIFFERS, Waiting
from shared.logs import capture

FIRST, SECOND = date(2026, 4, 1), date(2026, 4, 2)


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def test_a_wait_that_passes_at_once_is_not_worth_a_line() -> None:
    clock = Clock()
    waiting = Waiting(clock)
    with capture() as lines:
        for reason in ("owners to close 2026-04-01", "owners.line-changed partition 0: 7 to read"):
            waiting.note(FIRST, reason)
            clock.now += 0.9
            waiting.note(FIRST, reason)
    assert (lines, waiting.over(FIRST), waiting.reason) == ([], 1800, "")


def test_a_wait_that_lasts_is_said_after_a_second_and_then_ever_more_seldom() -> None:
    clock = Clock()
    waiting = Waiting(clock)
    with capture() as lines:
        for _ in range(4 * 3600):
            waiting.note(FIRST, f"owners.line-changed partition 0: {clock.now} to read")
            clock.now += 0.25
    said = [line["app.waited_ms"] // 1000 for line in lines]
    assert said[:6] == [1, 5, 25, 125, 625, 1225]
    assert max(later - earlier for earlier, later in pairwise(said)) <= 600
    assert lines[0]["app.detail"] == "owners.line-changed partition 0: 51.0 to read"


def test_totals_that_differ_have_an_alarm_of_their_own() -> None:
    clock = Clock()
    waiting = Waiting(clock)
    with capture() as lines:
        for _ in range(20):
            waiting.note(FIRST, DIFFERS + "billing.items-changed book 2026-04-01")
            clock.now += 1
    assert lines == []


def test_a_day_that_has_not_ended_waits_for_nothing() -> None:
    waiting = Waiting(Clock())
    waiting.note(FIRST, "owners to close 2026-04-01")
    waiting.note(SECOND, "")
    assert (waiting.reason, waiting.over(SECOND)) == ("", 0)
