"""The dated terms of statements and final accounts: a new version is for what is issued, or left, from its day on."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.billing.domain import statement_policy
from services.billing.domain.final_accounts import earliest_exit, exits_due_on, timetable
from services.billing.domain.statements import due_day
from services.billing.settings import read_statement_policies
from tests.unit.billing.builders import day

(SHIPPED,) = read_statement_policies()
NEWER = replace(
    SHIPPED, version="statements-2026-2", effective_from=date(2026, 7, 1), due_days=14, final_account_days=10,
    final_account_months=1,
)  # fmt: skip
BOTH = (NEWER, SHIPPED)


def test_the_shipped_terms_are_28_days_and_three_months_from_the_first_day_on() -> None:
    assert (SHIPPED.due_days, SHIPPED.final_account_days, SHIPPED.final_account_months) == (28, 28, 3)
    assert SHIPPED.effective_from == date.min


def test_a_document_is_due_as_the_version_of_its_day_of_issue_says() -> None:
    issued = ("2026-04-01", "2026-06-30", "2026-07-01", "2026-10-01")
    assert [f"{due_day(BOTH, day(on)):%m-%d}" for on in issued] == ["04-29", "07-28", "07-15", "10-15"]


@pytest.mark.parametrize(
    ("exit_on", "due_on", "hard_stop_on"),
    [
        ("2026-06-15", "2026-07-28", "2026-09-15"),
        ("2026-06-30", "2026-07-28", "2026-09-30"),
        ("2026-07-01", "2026-07-10", "2026-08-01"),
        ("2026-07-15", "2026-08-15", "2026-08-15"),
    ],
)
def test_an_exit_is_accounted_for_as_the_version_of_its_day_says(exit_on: str, due_on: str, hard_stop_on: str) -> None:
    days = timetable(day(exit_on), BOTH)
    assert (days.due_on, days.hard_stop_on) == (day(due_on), day(hard_stop_on))


def test_every_exit_is_found_on_its_day_across_a_change_of_terms() -> None:
    exits = [date(2026, 4, 1) + timedelta(days=number) for number in range(200)]
    for exit_on in exits:
        due_on = timetable(exit_on, BOTH).due_on
        assert exit_on in exits_due_on(due_on, BOTH)
        assert earliest_exit(due_on) < exit_on


@pytest.mark.parametrize(
    ("versions", "words"),
    [
        ([NEWER], "from the first day on"),
        ([SHIPPED, replace(NEWER, version=SHIPPED.version)], "name of its own"),
        ([SHIPPED, replace(NEWER, due_days=0)], "due after it was issued"),
        ([SHIPPED, replace(NEWER, final_account_days=0)], "after the quarter"),
        ([SHIPPED, replace(NEWER, final_account_months=4)], "within three months"),
        ([SHIPPED, replace(NEWER, final_account_months=0)], "within three months"),
    ],
)
def test_terms_that_cannot_be_meant_stop_the_process(
    versions: list[statement_policy.StatementPolicy], words: str
) -> None:
    with pytest.raises(AssertionError, match=words):
        statement_policy.check(versions)
