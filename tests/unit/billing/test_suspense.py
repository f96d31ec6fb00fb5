"""Money that waits: by days, and whose such words were before."""

from dataclasses import asdict
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.suspense import Waited, days_waited, proposed, waited
from tests.unit.billing.builders import day


@pytest.mark.parametrize(
    ("days", "column"),
    [(0, "d0_30"), (30, "d0_30"), (31, "d31_60"), (60, "d31_60"), (61, "d61_90"), (90, "d61_90"), (91, "d91_120"),
     (120, "d91_120"), (121, "over_120")],
)  # fmt: skip
def test_money_waits_in_the_column_of_its_days(days: int, column: str) -> None:
    assert waited([(day("2026-05-20") - timedelta(days=days), 500)], day("2026-05-20")) == Waited(**{column: 500})


def test_money_dated_later_has_waited_no_day() -> None:
    assert days_waited(day("2026-05-21"), day("2026-05-20")) == 0


@given(st.lists(st.tuples(st.dates(date(2025, 1, 1), date(2026, 12, 31)), st.integers(1, 10**9))))
def test_the_columns_sum_to_all_that_waits(receipts: list[tuple[date, int]]) -> None:
    assert sum(asdict(waited(receipts, day("2026-06-30"))).values()) == sum(pence for _, pence in receipts)


def test_words_matched_to_one_account_before_propose_it() -> None:
    assert proposed("MRSCAMPBELL", {"MRSCAMPBELL": {"F1": 3}}) == ("F1", 3)


@pytest.mark.parametrize(
    ("text", "learnt"),
    [
        (None, {}),
        ("MRSCAMPBELL", {}),
        ("MRSCAMPBELL", {"MRSCAMPBELL": {"F1": 3, "F2": 1}}),
        ("RENT", {"RENT": {"F1": 9}}),
    ],
)
def test_words_unknown_too_short_or_of_two_accounts_propose_nothing(
    text: str | None, learnt: dict[str, dict[str, int]]
) -> None:
    assert proposed(text, learnt) is None
