"""Who is collected from, when and how much: domain.md 9, cases 21, 22, 24 and 25, and the file."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.direct_debits import (
    Announced,
    Coming,
    Mandate,
    Return,
    collection_day,
    coming_under,
    ends_mandate,
    file_of,
    payable,
    standing,
    why_skipped,
)
from services.billing.domain.position import Open
from services.billing.settings import read_direct_debit_policies
from shared.calendar import bank_days_earlier, bank_days_later, is_bank_day, office_day_from
from shared.events.billing import NotTaken
from tests.unit.billing.builders import an_item, day

(POLICY,) = read_direct_debit_policies()
TOLD = Announced("A1", "F0000000001Z", "MD1", 95_50)
MANDATE = Mandate("MD1", "A1", day("2026-04-01"))


@pytest.mark.parametrize(
    ("asked", "taken", "office"),
    [
        ("2026-12-25", "2026-12-29", "2026-12-29"),
        ("2027-01-02", "2027-01-04", "2027-01-05"),
        ("2026-01-02", "2026-01-02", "2026-01-05"),
        ("2026-11-30", "2026-11-30", "2026-12-01"),
        ("2026-08-31", "2026-09-01", "2026-08-31"),
    ],
)
def test_case_25_money_is_taken_by_the_english_calendar_and_the_office_works_by_the_scottish(
    asked: str, taken: str, office: str
) -> None:
    assert (collection_day(day(asked)), office_day_from(day(asked))) == (day(taken), day(office))


def test_ten_working_days_lie_between_the_notice_and_the_collection() -> None:
    told_on = day("2026-04-01")  # Good Friday and Easter Monday are the 3rd and the 6th
    assert bank_days_later(told_on, 10) == day("2026-04-17")
    assert POLICY.refuse_day(day("2026-04-17"), told_on) is None
    refusal = POLICY.refuse_day(day("2026-04-16"), told_on)
    assert refusal == "Owners are told 10 working days before; 2026-04-17 is the first day possible."
    assert POLICY.last_release(day("2026-04-07")) == day("2026-04-01")


@given(st.dates(date(2024, 1, 1), date(2032, 12, 31)), st.integers(1, 15))
def test_bank_days_are_counted_forth_and_back(start: date, count: int) -> None:
    later = bank_days_later(start, count)
    between = [start + timedelta(days=number) for number in range(1, (later - start).days + 1)]
    assert sum(map(is_bank_day, between)) == count
    assert is_bank_day(later)
    if is_bank_day(start):
        assert bank_days_earlier(later, count) == start


def test_what_is_due_by_the_day_and_not_disputed_may_be_collected() -> None:
    items = (
        Open(an_item(120_00, "C1", "2026-04-29"), 100_00),
        Open(an_item(95_50, "C2", "2026-04-29"), 95_50, disputed_pence=40_00),
        Open(an_item(10_00, "C3", "2026-04-30"), 10_00),
    )
    assert payable(items, day("2026-04-29")) == 155_50


@pytest.mark.parametrize(
    ("owed", "why"), [(95_49, NotTaken.OWES_LESS), (95_50, None), (200_00, None), (0, NotTaken.OWES_LESS)]
)
def test_case_24_what_was_announced_is_taken_or_nothing(owed: int, why: NotTaken | None) -> None:
    assert why_skipped(TOLD, MANDATE, owed) is why


def test_nothing_is_taken_under_another_mandate_than_the_one_named() -> None:
    assert why_skipped(TOLD, None, 95_50) is NotTaken.MANDATE_ENDED
    assert why_skipped(TOLD, Mandate("MD2", "A1", day("2026-04-10")), 95_50) is NotTaken.MANDATE_ENDED


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        ("ARUDD 0", False), ("arudd-1", True), ("ARUDD 2", True), ("arudd-b", True), ("ADDACS 1", True),
        ("addacs-2", True), ("addacs-3", False), ("addacs-c", False), ("indemnity-claim", False),
        ("cheque-returned", False), ("who knows", False),
    ],
)  # fmt: skip
def test_cases_21_and_22_the_banks_words_end_a_mandate(words: str, ends: bool) -> None:
    assert ends_mandate(words) is ends


def test_a_mandate_stands_until_it_is_cancelled_or_the_bank_ends_it() -> None:
    assert standing([MANDATE], []) == {"A1": MANDATE}
    assert standing([Mandate("MD1", "A1", day("2026-04-01"), day("2026-04-02"))], []) == {}
    ended = Return("A1", day("2026-04-20"), "arudd-1")
    assert standing([MANDATE], [ended]) == {}
    assert standing(
        [MANDATE], [Return("A1", day("2026-04-20"), "arudd-0"), Return("A2", ended.collected_on, "arudd-1")]
    )
    new = Mandate("MD2", "A1", day("2026-04-20"))
    assert standing([MANDATE, new], [ended]) == {"A1": new}


def test_what_was_announced_under_another_mandate_or_of_another_account_is_not_to_be_taken_under_this_one() -> None:
    mine = Coming("A1", "MD1", 95_50, day("2026-04-29"))
    assert coming_under(MANDATE, [replace(mine, mandate_id="MD0"), mine, replace(mine, account_id="A2")]) == [mine]


def test_money_is_in_flight_until_the_bank_has_told_of_it_and_an_announcement_while_its_file_may_go() -> None:
    (policy,) = read_direct_debit_policies()
    taken = day("2026-04-29")
    assert policy.is_in_flight(taken, day("2026-05-07"), released=True)  # 4 May is a bank holiday
    assert not policy.is_in_flight(taken, day("2026-05-08"), released=True)
    assert policy.is_in_flight(taken, day("2026-04-27"), released=False)
    assert not policy.is_in_flight(taken, day("2026-04-28"), released=False)


def test_the_file_has_a_line_an_account_and_no_bank_details() -> None:
    other = Announced("A2", "F0000000000A", "MD2", 1_234_05)
    text = file_of("DD-2026-04-29-1", day("2026-04-29"), [TOLD, other])
    assert text == file_of("DD-2026-04-29-1", day("2026-04-29"), [other, TOLD])
    head, *lines = text.split("\r\n")
    assert head == (
        "mandate.id,customer.id,customer.given_name,customer.family_name,customer.company_name,customer.email,"
        "payment.amount,payment.currency,payment.description,payment.charge_date,payment.metadata.account_ref"
    )
    assert lines == [
        "MD2,,,,,,1234.05,GBP,F0000000000A DD-2026-04-29-1,2026-04-29,F0000000000A",
        "MD1,,,,,,95.50,GBP,F0000000001Z DD-2026-04-29-1,2026-04-29,F0000000001Z",
        "",
    ]
