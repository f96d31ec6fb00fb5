"""Whom the bank's word leaves without a direct debit, and who is told so: domain.md 9, case 22."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.direct_debits import Mandate, Return, asks_for_method, ends_mandate
from services.billing.domain.ended_by_bank import ENDING_CODES, Before, Returned, refuse_code, to_ask, to_tell
from shared.returns import REASONS, tells_of_death
from tests.unit.billing.builders import day

MANDATE = Mandate("MD1", "A1", day("2026-04-01"))
BACK = Returned(
    "A1", "F0000000001Z", "P1", "U1", "R1", 95_50, day("2026-04-15"), day("2026-04-17"), "ARUDD 1"
)  # fmt: skip
TAKEN = Return("A1", BACK.collected_on, BACK.reason)
NOTHING = Before({}, ())


def told(*mandates: Mandate, more: tuple[Return, ...] = (), before: Before = NOTHING) -> list[tuple[str, str | None]]:
    found = to_tell([BACK], mandates, [TAKEN, *more], before)
    return [(one.reversal_id, under.mandate_id if under else None) for one, under in found]


@pytest.mark.parametrize("code", sorted(REASONS))
def test_who_is_asked_for_another_way_has_no_instruction_left_and_lives(code: str) -> None:
    assert asks_for_method(code) is (ends_mandate(code) and not tells_of_death(code))
    assert asks_for_method(code) is (
        code in ["arudd-1", "arudd-3", "arudd-5", "arudd-6", "arudd-b", "addacs-0", "addacs-1", "addacs-b"]
    )


def test_the_mandate_that_ended_is_the_last_one_set_before_the_money_was_collected() -> None:
    older, later = Mandate("MD0", "A1", day("2026-01-01"), day("2026-03-01")), Mandate("MD2", "A2", day("2026-04-02"))
    assert told(MANDATE, older, later) == [("R1", "MD1")]
    assert told(older) == [("R1", "MD0")]
    assert told() == [("R1", None)]


def test_who_has_another_mandate_by_now_is_not_asked() -> None:
    assert told(MANDATE, Mandate("MD2", "A1", BACK.collected_on)) == []
    assert told(MANDATE, Mandate("MD2", "A1", day("2026-04-16"), day("2026-04-17"))) == [("R1", "MD1")]
    assert told(MANDATE, Mandate("MD2", "A2", day("2026-04-16"))) == [("R1", "MD1")]


def test_case_21_nobody_is_asked_of_whose_death_the_bank_told() -> None:
    assert told(MANDATE, more=(Return("A1", day("2026-04-20"), "ARUDD 2"),)) == []
    assert told(MANDATE, more=(Return("A2", day("2026-04-20"), "ARUDD 2"),)) == [("R1", "MD1")]


def test_an_account_is_told_once_of_a_reversal_however_its_payment_moves() -> None:
    assert told(MANDATE, before=Before({"R1": {"A1"}}, ())) == []
    assert told(MANDATE, before=Before({"R2": {"A1"}}, ())) == [("R1", "MD1")]
    assert told(before=Before({"R1": {"A9"}}, ())) == [("R1", None)]  # a person or its reference says whose it is


def test_money_that_only_goes_with_its_unit_asks_nobody_anew_unless_a_mandate_we_know_is_ended_by_it() -> None:
    moved = Before({"R1": {"A9"}}, {"P1"})
    assert told(before=moved) == []
    assert told(MANDATE, before=moved) == [("R1", "MD1")]
    assert told(before=Before({}, {"P1"})) == [("R1", None)]  # out of suspense: nobody was asked yet


ENDED = day("2026-04-20")
WORD = Mandate("MD1", "A1", day("2026-04-01"), ENDED, "addacs-1")


@pytest.mark.parametrize(
    ("code", "asked"),
    [("addacs-0", True), ("addacs-1", True), ("addacs-b", True), ("arudd-1", True), ("addacs-2", False), (None, False)],
)
def test_case_22_whom_the_banks_code_leaves_without_a_mandate_is_asked_that_day(code: str | None, asked: bool) -> None:
    mandate = replace(WORD, bank_code=code)
    assert to_ask(ENDED, [mandate], []) == ([mandate] if asked else [])
    assert to_ask(day("2026-04-21"), [mandate], []) == []


def test_of_a_word_without_money_nobody_is_asked_who_has_another_mandate_has_died_or_is_asked_by_the_return() -> None:
    assert to_ask(ENDED, [WORD, Mandate("MD2", "A1", ENDED)], []) == []
    assert to_ask(ENDED, [WORD, Mandate("MD2", "A2", ENDED)], []) == [WORD]
    died = Mandate("MD0", "A1", day("2026-03-01"), day("2026-03-02"), "addacs-2")
    assert to_ask(ENDED, [died, WORD], []) == []
    assert told(MANDATE, died) == []
    assert to_ask(ENDED, [WORD], [Return("A1", day("2026-04-15"), "arudd-2")]) == []
    assert to_ask(ENDED, [WORD], [TAKEN]) == []
    assert to_ask(ENDED, [WORD], [Return("A1", WORD.set_on, "arudd-1")]) == [WORD]  # it ended an earlier mandate
    assert to_ask(ENDED, [WORD], [Return("A1", TAKEN.collected_on, "arudd-0")]) == [WORD]


@pytest.mark.parametrize("code", sorted(REASONS))
def test_a_code_cancels_a_mandate_if_and_only_if_it_means_that(code: str) -> None:
    refusal = refuse_code(code.upper().replace("-", " "))
    assert (refusal is None) is ends_mandate(code) is (code in ENDING_CODES)
    if refusal is not None:
        assert refusal.startswith(f"{code} ({REASONS[code].meaning}) ends no mandate: ")


@pytest.mark.parametrize(
    ("code", "instead"),
    [
        ("addacs-3", "the bureau goes on collecting under the instruction"), ("addacs-c", "leave the mandate as it is"),
        ("addacs-e", "leave the mandate as it is"), ("addacs-r", "set anew under another name"),
        ("addacs-d", "look into what was announced"), ("arudd-0", "announce another collection"),
        ("ddica-3", "answer the claim"), ("cheque-returned", "without a code"),
    ],
)  # fmt: skip
def test_a_code_that_ends_no_mandate_is_refused_with_what_to_do_instead(code: str, instead: str) -> None:
    assert instead in (refuse_code(code) or "")


def test_an_unknown_code_is_refused_with_those_that_are_known() -> None:
    refusal = refuse_code("ADDACS 9") or ""
    assert refusal.startswith("ADDACS 9 is no code")
    assert all(code in refusal for code in ("addacs-0", "addacs-1", "addacs-2", "addacs-b", "arudd-2"))
    assert "addacs-3" not in refusal


accounts = st.sampled_from(["A1", "A2", "A3"])
LEARNT_ON = [date(2026, 4, number) for number in range(1, 10)]
days = st.sampled_from(LEARNT_ON)
words = st.sampled_from(["arudd-0", "arudd-1", "arudd-2", "arudd-b"])
codes = st.none() | st.sampled_from(["addacs-1", "addacs-2", "addacs-b"])
ended = st.builds(Mandate, st.uuids().map(str), accounts, days, days, codes)
standing = st.builds(Mandate, st.uuids().map(str), accounts, days)


@given(
    st.lists(ended | standing, max_size=6),
    st.lists(st.tuples(accounts, days, words), max_size=6),
    st.randoms(use_true_random=False),
)
def test_the_order_in_which_all_was_learnt_changes_nothing(
    mandates: list[Mandate], back: list[tuple[str, date, str]], chance: object
) -> None:
    returned = [
        Returned(who, who, f"P{number}", None, f"R{number}", 1, on, on, why)
        for number, (who, on, why) in enumerate(back)
        if asks_for_method(why)
    ]
    returns = [Return(*one) for one in back]
    found = to_tell(returned, mandates, returns, NOTHING)
    asked = [to_ask(on, mandates, returns) for on in LEARNT_ON]
    for many in (mandates, returned, returns):
        chance.shuffle(many)  # type: ignore[attr-defined]
    assert to_tell(returned, mandates, returns, NOTHING) == found
    assert [to_ask(on, mandates, returns) for on in LEARNT_ON] == asked
    died = {who for who, _, why in back if why == "arudd-2"}
    died |= {one.account_id for one in mandates if one.bank_code == "addacs-2"}
    assert not died & {one.account_id for one, _ in found}
    assert not died & {one.account_id for many in asked for one in many}
    assert all(under is None or under.set_on < one.collected_on for one, under in found)
