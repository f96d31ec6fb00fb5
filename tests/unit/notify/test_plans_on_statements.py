"""A quarter's statement says how a plan that stands is getting on; none of its own figures changes by that."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.notify.domain.dispatch import Hold
from services.notify.domain.standing_plans import StandingPlan, standing
from services.notify.domain.writing import Case
from shared.events.arrears import HoldKind, OverdueItem, PlanState
from shared.events.billing import StatementIssued
from tests.support.letters import ISSUED, a_charge_line, a_final_account, a_payment_line, a_plan_change, a_statement
from tests.support.pdf_text import words_of
from tests.unit.notify.cases import a_case, pdf_press, texts, written

OWED_ON = date(2026, 4, 29)
HEADING = "Your repayment plan"
ON_TOP = "Please pay what is new on this statement and not in the plan by 29 April 2026, on top of your instalments."
STATED = a_statement(a_charge_line(charge_id="C7"), a_payment_line())


def owing(pence: int) -> dict[tuple[str, date], int]:
    """What is open of the plan's one charge."""
    return {("C1", OWED_ON): pence}


def a_plan(left: int | None = 437_50, on: date = ISSUED, holds: tuple[Hold, ...] = (), **more: Any) -> StandingPlan:
    found = standing(a_plan_change(**more), None if left is None else owing(left), holds, on)
    assert found is not None
    return found


def case_of(plan: StandingPlan | None, statement: StatementIssued | None = None) -> Case:
    return replace(a_case(statement or STATED), plan=plan)


def pages_of(plan: StandingPlan | None, statement: StatementIssued | None = None) -> list[str]:
    """The letter's pages, text, HTML and PDF, each in one line."""
    case = case_of(plan, statement)
    return [" ".join(page.split()) for page in (*texts(case), words_of(pdf_press().press(written(case), ISSUED)))]


def words(plan: StandingPlan | None, statement: StatementIssued | None = None) -> str:
    return " ".join(texts(case_of(plan, statement))[0].split())


def test_all_three_pages_say_what_was_agreed_what_is_left_and_what_comes_next() -> None:
    for page in pages_of(a_plan(291_67)):
        for said in (
            HEADING,
            "We have agreed that you pay £437.50 of your account in 3 instalments, one a month,",
            "the first on 31 May 2026.",
            "On 1 April 2026, £145.83 of it was paid or no longer asked for, and £291.67 was left.",
            "Your next instalment is £145.83, due on 30 June 2026.",
            "While you keep to the plan, we send you no reminders for it.",
            ON_TOP,
        ):  # fmt: skip
            assert said in page, said


def test_without_a_plan_no_word_is_lost_about_one() -> None:
    for page in pages_of(None):
        assert "plan" not in page
        assert "Please pay by 29 April 2026" in page


def test_the_figures_of_the_statement_are_billings_own() -> None:
    with_plan, without = written(case_of(a_plan())), written(case_of(None))
    assert with_plan.headline is not None
    assert without.headline is not None
    assert (with_plan.headline.label, with_plan.headline.figure) == (without.headline.label, without.headline.figure)
    tables = [[block for block in one.blocks if block.kind == "statement"] for one in (with_plan, without)]
    assert tables[0] == tables[1]


def test_nobody_is_asked_for_the_whole_plan_by_the_statements_day() -> None:
    said = words(a_plan())
    assert "Please pay by 29 April 2026 what is not in your repayment plan" in said
    assert "What is left of it is part of the balance above, and you pay it by instalments." in said
    assert "keeps its own, earlier due date, but for what is in your repayment plan." in said
    assert "keeps its own, earlier due date." not in said


@pytest.mark.parametrize(
    ("left", "next_said"),
    [
        (437_50, "£145.83, due on 31 May 2026"), (400_00, "£108.33, due on 31 May 2026"),
        (291_67, "£145.83, due on 30 June 2026"), (1, "£0.01, due on 31 July 2026"),
    ],
)  # fmt: skip
def test_money_counts_for_the_instalments_in_their_order(left: int, next_said: str) -> None:
    assert f"Your next instalment is {next_said}." in words(a_plan(left))


def test_what_is_missing_of_earlier_instalments_is_named_beside_the_next() -> None:
    said = words(a_plan(400_00, on=date(2026, 6, 30)))
    assert "Of the instalments that were due before then, £108.33 had not reached us." in said
    assert "Your next instalment is £145.83, due on 30 June 2026." in said
    assert "had not reached us" not in words(a_plan(400_00, on=date(2026, 5, 31))), "money of its day counts"


def test_after_the_last_instalments_day_there_is_no_next_one() -> None:
    said = words(a_plan(20_00, on=date(2026, 8, 1)))
    assert "£20.00 had not reached us" in said
    assert "next instalment" not in said


def test_what_is_open_of_a_debt_beyond_the_plan_is_not_in_it() -> None:
    assert a_plan(500_00).left_pence == 437_50
    both = a_plan_change(items=(OverdueItem(charge_id="C1", due_on=OWED_ON, open_pence=400_00),
                                OverdueItem(charge_id="C2", due_on=OWED_ON, open_pence=37_50)))  # fmt: skip
    open_now = owing(400_00) | {("C3", OWED_ON): 9_00, ("C2", date(2026, 5, 1)): 9_00}
    found = standing(both, open_now, (), ISSUED)
    assert found is not None
    assert found.left_pence == 400_00


def test_where_no_open_items_were_told_the_figures_of_the_change_are_said() -> None:
    assert a_plan(None, paid_pence=100_00).left_pence == 337_50


@pytest.mark.parametrize("state", PlanState)
def test_only_a_plan_that_stands_is_shown(state: PlanState) -> None:
    found = standing(a_plan_change(state), owing(437_50), (), ISSUED)
    assert (found is not None) is (state in (PlanState.AGREED, PlanState.WARNED))


def test_a_plan_of_which_nothing_is_asked_for_or_whose_schedule_was_not_told_is_not_shown() -> None:
    assert standing(a_plan_change(), owing(0), (), ISSUED) is None
    assert standing(a_plan_change(), {}, (), ISSUED) is None
    assert standing(a_plan_change(instalments=None), owing(437_50), (), ISSUED) is None
    assert standing(a_plan_change(items=None), owing(437_50), (), ISSUED) is None


QUIET = {
    HoldKind.DECEASED, HoldKind.RETURNED_MAIL, HoldKind.MORATORIUM, HoldKind.FTT, HoldKind.DISPUTE,
    HoldKind.SALE_PENDING, HoldKind.INSOLVENCY,
}  # fmt: skip


@pytest.mark.parametrize("kind", HoldKind)
def test_a_hold_that_keeps_the_letters_about_a_plan_back_keeps_it_off_the_statement(kind: HoldKind) -> None:
    def shown(*holds: Hold) -> bool:
        return standing(a_plan_change(), owing(437_50), holds, ISSUED) is not None

    assert shown(Hold(kind, None)) is (kind not in QUIET)
    assert shown(Hold(kind, "C1")) is (kind not in QUIET), "on a charge of the plan"
    assert shown(Hold(kind, "C9")), "on another charge"
    assert shown(Hold(kind, None, is_lifted=True))


def test_a_statement_without_new_charges_asks_for_none() -> None:
    """An opening balance is owed before a statement has it: it may be in the plan and on a line, too."""
    for line in (a_payment_line(-5_00), a_charge_line(charge_id="C1")):
        said = words(a_plan(), a_statement(line, brought_forward=442_50))
        assert "What is left of it is part of the balance above" in said
        assert "on top of" not in said


@pytest.mark.parametrize("brought_forward", [-148_15 + 95_50, -500_00])
def test_a_statement_that_asks_for_nothing_asks_for_nothing_on_top_of_a_plan(brought_forward: int) -> None:
    said = words(a_plan(), a_statement(brought_forward=brought_forward))
    assert HEADING in said
    assert "we send you no reminders for it." in said
    assert "balance above" not in said
    assert "Please pay" not in said


def test_a_final_account_shows_no_plan() -> None:
    case = replace(a_case(a_final_account()), plan=a_plan())
    assert "plan" not in texts(case)[0]


def test_a_statement_with_a_plan_keeps_to_two_sheets() -> None:
    lines = [a_charge_line(1_000 + nth, f"C{nth}") for nth in range(11)]
    statement = a_statement(*lines, a_payment_line(-9_000))
    assert "of 3" not in pages_of(a_plan(400_00, on=date(2026, 6, 30)), statement)[2]
