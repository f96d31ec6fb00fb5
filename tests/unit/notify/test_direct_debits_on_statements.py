"""A quarter's statement of an account with a mandate says what its owner has to do: nothing."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.notify.domain.letter import StatementTable
from services.notify.domain.standing_plans import standing
from services.notify.domain.writing import Case
from shared.events.billing import StatementIssued
from shared.events.mandates import AnnouncedDebit, PaidByDirectDebit
from tests.support.letters import ISSUED, a_charge_line, a_final_account, a_payment_line, a_plan_change, a_statement
from tests.support.pdf_text import words_of
from tests.unit.notify.cases import a_case, pdf_press, texts, written

HEADING = "Your Direct Debit"
NOTHING_TO_DO = (
    "You pay by Direct Debit (mandate MD0001ABCDEF), so you need to do nothing. "
    "Please do not pay this statement in another way as well."
)
NEXT = (95_50, "2026-04-17")
LATER = (50_00, "2026-05-13")
UNDER_WAY = (20_00, "2026-03-30")
WE_WRITE = "we write to you with the amount and the day at least ten working days before."


def paying(*announced: tuple[int, str], statement: StatementIssued | None = None) -> StatementIssued:
    """A statement of an account with a mandate, of which so much is announced."""
    debits = tuple(AnnouncedDebit(amount_pence=pence, collect_on=date.fromisoformat(on)) for pence, on in announced)
    debit = PaidByDirectDebit(mandate_id="MD0001ABCDEF", announced=debits)
    return (statement or a_statement()).model_copy(update={"direct_debit": debit})


def with_plan(statement: StatementIssued, **more: Any) -> Case:
    plan = standing(a_plan_change(**more), None, (), ISSUED)
    assert plan is not None
    return replace(a_case(statement), plan=plan)


def pdf_of(case: Case) -> str:
    return words_of(pdf_press().press(written(case), ISSUED))


def pages_of(case: Case) -> list[str]:
    """The letter's pages, text, HTML and PDF, each in one line."""
    return [" ".join(page.split()) for page in (*texts(case), pdf_of(case))]


def words(case: Case) -> str:
    return " ".join(texts(case)[0].split())


def test_all_three_pages_say_the_next_collection_and_that_nothing_need_be_done() -> None:
    for page in pages_of(a_case(paying(NEXT))):
        for said in (
            HEADING,
            NOTHING_TO_DO,
            "Next we collect £95.50 on 17 April 2026, as we wrote to you.",
            "If that much is no longer due when we ask your bank for it, nothing is collected.",
            f"Anything else that is due we collect on another day: {WE_WRITE}",
            "You need to do nothing: your next Direct Debit is £95.50 on 17 April 2026",
        ):  # fmt: skip
            assert said in page, said


def test_where_nothing_is_announced_all_three_pages_say_how_it_will_be() -> None:
    for page in pages_of(a_case(paying())):
        for said in (
            HEADING,
            NOTHING_TO_DO,
            f"We collect what is due, and never before its due date: {WE_WRITE}",
            "You need to do nothing: we collect it by Direct Debit",
        ):  # fmt: skip
            assert said in page, said
        assert "Next we collect" not in page


@pytest.mark.parametrize("announced", [(), (NEXT,), (UNDER_WAY,)])
def test_nobody_who_is_collected_from_is_asked_to_pay_or_told_how(announced: tuple[tuple[int, str], ...]) -> None:
    for page in pages_of(a_case(paying(*announced))):
        for unsaid in (
            "Please pay",
            "How to pay",
            "HOW TO PAY",
            "Sort code",
            "to pay by",
            "standing order",
            "If paying this",
        ):
            assert unsaid not in page, unsaid
        assert "Balance, due on 29 April 2026" in page
        assert "If so much at once would be difficult, please talk to us early, before it is collected." in page


def test_the_figures_of_the_statement_are_billings_own() -> None:
    with_debit, without = written(a_case(paying(NEXT))), written(a_case(a_statement()))
    assert with_debit.headline is not None
    assert without.headline is not None
    assert (with_debit.headline.label, with_debit.headline.figure) == (without.headline.label, without.headline.figure)
    tables = [next(it for it in one.blocks if isinstance(it, StatementTable)) for one in (with_debit, without)]
    assert replace(tables[0], balance_label="") == replace(tables[1], balance_label="")


def test_all_that_is_to_come_is_named_and_the_headline_has_the_next() -> None:
    said = words(a_case(paying(NEXT, LATER, (1, "2026-06-01"))))
    assert "Next we collect £95.50 on 17 April 2026, £50.00 on 13 May 2026 and £0.01 on 1 June 2026, as" in said
    assert "your next Direct Debit is £95.50 on 17 April 2026 " in said
    two = words(a_case(paying(NEXT, LATER)))
    assert "Next we collect £95.50 on 17 April 2026 and £50.00 on 13 May 2026, as we wrote to you." in two


def test_what_the_bank_was_asked_for_already_is_no_next_collection() -> None:
    said = words(a_case(paying(UNDER_WAY, (10_00, ISSUED.isoformat()))))
    assert (
        "We asked your bank for £20.00 on 30 March 2026 and £10.00 on 1 April 2026; "
        "it had not reached us when we wrote this."
    ) in said
    assert "Next we collect" not in said
    assert "never before its due date" in said
    both = words(a_case(paying(UNDER_WAY, NEXT)))
    assert "We asked your bank for £20.00 on 30 March 2026;" in both
    assert "Next we collect £95.50 on 17 April 2026," in both


def test_the_next_collection_counts_from_the_day_of_issue() -> None:
    """A reviewed statement is dated by its release."""
    statement = paying((95_50, "2026-04-10")).model_copy(
        update={"known_at": ISSUED, "issued_on": date(2026, 4, 10), "due_on": date(2026, 5, 8)}
    )
    assert "We asked your bank for £95.50 on 10 April 2026;" in words(a_case(statement))


@pytest.mark.parametrize(("brought_forward", "label"), [(-52_65, "Nothing to pay"), (-500_00, "In credit")])
def test_a_statement_that_asks_for_nothing_collects_nothing(brought_forward: int, label: str) -> None:
    nothing = a_statement(brought_forward=brought_forward)
    headline = written(a_case(nothing)).headline
    said = words(a_case(paying(statement=nothing)))
    assert headline is not None
    assert (headline.label, headline.note.rstrip(".") in said) == (label, True)
    assert "You pay by Direct Debit (mandate MD0001ABCDEF). For this statement there is nothing to collect." in said
    assert f"When something is due, we collect it: {WE_WRITE}" in said
    assert "Please do not pay" not in said
    announced = words(a_case(paying(NEXT, statement=nothing)))
    assert "We wrote to you that we collect £95.50 on 17 April 2026." in announced
    assert "If that much is no longer due when we ask your bank for it, nothing is collected." in announced


def test_beside_a_plan_the_owner_is_told_that_a_direct_debit_takes_the_plan_too() -> None:
    """Its mandate should have been cancelled: nobody is told to do nothing, and nobody pays twice unwarned."""
    for page in pages_of(with_plan(paying())):
        for said in (
            "Your repayment plan",
            "Please pay by 29 April 2026 what is not in your repayment plan",
            "Your account has a Direct Debit beside the plan (mandate MD0001ABCDEF). It takes all that is due at once,",
            "Please ring us on 0141 496 0123, so that we end it and you keep to your instalments.",
            f"Until then we collect nothing unannounced: {WE_WRITE}",
            "Sort code",
        ):  # fmt: skip
            assert said in page, said
        for unsaid in (
            "you need to do nothing",
            "You need to do nothing",
            "Please do not pay",
            HEADING,
            "Next we collect",
        ):
            assert unsaid not in page, unsaid


def test_beside_a_plan_what_is_announced_is_named() -> None:
    said = words(with_plan(paying(UNDER_WAY, NEXT)))
    assert "We wrote to you that we collect £95.50 on 17 April 2026." in said
    assert "Please ring us on 0141 496 0123 before then, so that you do not pay it twice." in said
    assert "We asked your bank for £20.00 on 30 March 2026;" in said
    assert "Until then" not in said


def test_beside_a_plan_a_statement_that_asks_for_nothing_warns_too() -> None:
    said = words(with_plan(paying(statement=a_statement(brought_forward=-500_00))))
    assert "Your account has a Direct Debit beside the plan" in said
    assert "nothing to collect" not in said


def test_without_a_mandate_no_word_is_lost_about_one() -> None:
    for page in pages_of(a_case(a_statement())):
        assert HEADING not in page
        assert "mandate" not in page
        assert "Please pay by 29 April 2026" in page
        assert "Balance to pay by 29 April 2026" in page
        assert "Sort code" in page


def test_a_final_account_keeps_its_words() -> None:
    final = a_final_account()
    assert words(a_case(paying(NEXT, statement=final))) == words(a_case(final))


def test_a_dozen_lines_with_a_direct_debit_are_one_sheet_of_paper_and_with_a_plan_two() -> None:
    lines = [a_charge_line(1_000 + nth, f"C{nth}") for nth in range(11)]
    statement = a_statement(*lines, a_payment_line(-9_000))
    assert "Page 1 of 1" in pdf_of(a_case(paying(statement=statement)))
    assert "Page 1 of 1" in pdf_of(a_case(paying(NEXT, statement=statement)))
    assert "of 3" not in pdf_of(with_plan(paying(NEXT, statement=statement)))
