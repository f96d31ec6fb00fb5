"""Guessing can be followed address by address, and no flood of it fills the disk."""

import time
from typing import Any

import pytest

from shared import log_limits
from shared.log_events import LogEvent
from shared.logs import capture, log


def lines_of(lines: list[dict[str, Any]], address: str) -> list[int]:
    return [line.get("app.repeats", 1) for line in lines if line.get("client.address") == address]


def guess(address: str, reason: str = "bad_signature") -> None:
    log(LogEvent.AUTHN_FAILED, reason_code=reason, address=address)


def test_each_address_is_counted_by_itself() -> None:
    with capture() as lines:
        for _ in range(40):
            guess("10.0.0.1")
        for _ in range(3):
            guess("10.0.0.2")
    assert lines_of(lines, "10.0.0.1") == [1, 2, 4, 8, 16, 32]
    assert lines_of(lines, "10.0.0.2") == [1, 2]


def test_a_flood_from_everywhere_is_thinned_as_one_and_known_addresses_go_on_being_counted() -> None:
    with capture() as lines:
        for _ in range(5):
            guess("10.0.0.1")
        for number in range(20_000):
            guess(f"2001:db8::{number:x}")
        for _ in range(4):
            guess("10.0.0.1")
    assert lines_of(lines, "10.0.0.1") == [1, 2, 4, 8]
    crowd = [line for line in lines if line["client.address"].startswith("2001:")]
    assert log_limits.MOST_ADDRESSES <= len(crowd) < log_limits.MOST_ADDRESSES + 20
    assert crowd[-1]["app.repeats"] == 16_384


def test_a_flood_does_not_make_other_warnings_new_again() -> None:
    with capture() as lines:
        for number in range(20_000):
            if not number % 5000:
                log(LogEvent.RETRYING, part="relay")
            guess(f"2001:db8::{number:x}")
    assert len([line for line in lines if line["event.name"] == LogEvent.RETRYING.value]) == 3


def test_after_two_quiet_minutes_an_address_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with capture() as lines:
        for number in range(2 * log_limits.MOST_ADDRESSES):
            guess(f"2001:db8::{number:x}")
        now += 121
        guess("10.0.0.1")
        guess("10.0.0.1")
    assert lines_of(lines, "10.0.0.1") == [1, 2]
