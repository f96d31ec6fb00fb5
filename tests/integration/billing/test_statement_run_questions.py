"""What is told about statement runs before they are released: totals, exceptions, changes, the sample, a dry run."""

from typing import Any

from services.billing.domain.refs import account_ref
from services.billing.usecases import statement_run_questions
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_payment, a_unit
from tests.integration.billing.reviewing import pass_all, release, review_from_now, say

UNITS = ("U1", "U2", "U3")
A, B, C = (account_ref(unit, "A") for unit in UNITS)


async def two_quarters(desk: Desk) -> None:
    """The first is issued at once; in the second A is billed three times as much, B the same, C is in credit."""
    await desk.hear(*map(a_unit, UNITS), *(a_line(unit, ("A", "2025-06-01")) for unit in UNITS))
    await desk.close("2026-01-01")
    await desk.hear(*(a_charge(f"{unit}-Q1", 1000, unit=unit, on="2026-01-05") for unit in UNITS))
    await desk.close("2026-04-01")
    await desk.hear(
        a_charge("A-Q2", 3000, unit="U1", on="2026-05-05"), a_charge("B-Q2", 1000, unit="U2", on="2026-05-05")
    )
    await desk.hear(a_payment("P3", 1500, on="2026-05-06", unit_id="U3"), a_payment("P9", 70, on="2026-05-06"))
    await desk.hear(a_charge("NOBODY", 55, unit="U9", on="2026-05-07"))


async def told(desk: Desk, run_id: str) -> Any:
    await desk.note_closed()
    return await desk.ask(statement_run_questions.run, run_id, 20)


async def dry(desk: Desk) -> Any:
    await desk.note_closed()
    return await desk.ask(statement_run_questions.dry_run, 20)


FIGURES = {
    "quarter": "2026Q2", "statements": 3, "brought_forward_pence": 3000, "billed_pence": 4000, "total_pence": 2500,
    "balance_pence": 5500,
}  # fmt: skip


async def test_a_dry_run_says_what_the_run_will_say_and_keeps_nothing(desk: Desk) -> None:
    await two_quarters(desk)
    before = await dry(desk)
    assert {name: before[name] for name in FIGURES} == FIGURES
    assert (before["state"], before["run_id"], before["sample"]) == ("dry-run", None, [])
    assert await desk.rows("select from billing.struck_statements") == []
    await review_from_now(desk)
    await desk.close("2026-07-01")
    run = await told(desk, "2026Q2-1")
    same = ("statements", "billed_pence", "balance_pence", "changes", "exceptions", "invoices", "beside")
    assert {name: run[name] for name in same} == {name: before[name] for name in same}


async def test_changes_come_largest_first_and_exceptions_are_counted(desk: Desk) -> None:
    await two_quarters(desk)
    run = await dry(desk)
    assert [(one["account_ref"], one["before_pence"], one["change_pence"]) for one in run["changes"]] == [
        (A, 1000, 2000), (C, 1000, -1000),
    ]  # fmt: skip
    counts = {
        one["flag"]: (one["statements"], [row["account_ref"] for row in one["largest"]]) for one in run["exceptions"]
    }
    assert counts == {
        "first-statement": (0, []), "changed": (2, [A, C]), "in-credit": (1, [C]), "nothing-to-pay": (0, []),
    }  # fmt: skip
    assert run["beside"] == {
        "waiting": [{"waiting_for": "unit:U9", "pence": 55}], "suspense_pence": 70, "lacks_notice": [], "lapsed": [],
        "outlived": [], "moved": [], "late_fees": [],
    }  # fmt: skip


async def test_a_sample_is_told_with_who_looked_and_what_they_said(desk: Desk) -> None:
    await two_quarters(desk)
    await review_from_now(desk, sample_size=1)
    await desk.close("2026-07-01")
    await say(desk, "2026Q2-1", A, passed=False)
    sample = {one["account_ref"]: one for one in (await told(desk, "2026Q2-1"))["sample"]}
    assert {"changed", "largest"} <= set(sample[A]["reasons"])
    assert (sample[A]["verdict"], sample[A]["who"], sample[A]["why"]) == ("failed", "ada", "read it")
    assert all(one["verdict"] is None for ref, one in sample.items() if ref != A)


async def test_how_far_runs_are_and_who_agreed_on_them(desk: Desk) -> None:
    await two_quarters(desk)
    await review_from_now(desk)
    await desk.close("2026-07-01")
    await pass_all(desk, "2026Q2-1")
    await release(desk, "2026Q2-1")
    states = []
    for day in ("2026-07-02", "2026-07-03"):
        await desk.note_closed()
        states.append((await desk.ask(statement_run_questions.runs))["runs"][0]["state"])
        await desk.close(day)
    assert states == ["released", "issued"]
    answer = await desk.ask(statement_run_questions.runs)
    assert answer["policy"] == {"release": "reviewed", "sample_size": 5, "outlier_percent": 50}
    assert [(one["who"], one["approved_by"], one["why"]) for one in answer["said"]] == [
        ("lea", "bo", "agreed at the meeting")
    ]


async def test_an_open_run_struck_now_is_told_by_a_dry_run(desk: Desk) -> None:
    await two_quarters(desk)
    await review_from_now(desk)
    await desk.close("2026-07-01")
    await desk.hear(a_charge("LATE", 7, unit="U2", on="2026-06-30"), a_charge("JULY", 9, unit="U2", on="2026-07-02"))
    run = await dry(desk)
    assert (run["quarter"], run["billed_pence"]) == ("2026Q2", 4007)
    await pass_all(desk, "2026Q2-1")
    await release(desk, "2026Q2-1")
    await desk.close("2026-07-02")
    run = await dry(desk)
    assert (run["quarter"], run["brought_forward_pence"], run["billed_pence"]) == ("2026Q3", 5500, 16)


async def test_between_release_and_issue_a_dry_run_does_not_count_the_released_lines_again(desk: Desk) -> None:
    await two_quarters(desk)
    await desk.hear(a_unit("U4"), a_line("U4", ("D", "2026-06-01")))
    await review_from_now(desk)
    await desk.close("2026-07-01")
    await desk.hear(a_charge("LATE", 7, unit="U2", on="2026-06-30"), a_charge("JULY", 9, unit="U4", on="2026-07-02"))
    await pass_all(desk, "2026Q2-1")
    await release(desk, "2026Q2-1")
    released = await dry(desk)
    await desk.close("2026-07-02")
    issued = await dry(desk)
    figures = (
        "quarter",
        "statements",
        "brought_forward_pence",
        "billed_pence",
        "balance_pence",
        "changes",
        "exceptions",
    )
    assert {name: released[name] for name in figures} == {name: issued[name] for name in figures}
    assert (released["quarter"], released["brought_forward_pence"], released["billed_pence"]) == ("2026Q3", 5500, 16)


async def test_an_unknown_run_is_nothing(desk: Desk) -> None:
    assert await desk.ask(statement_run_questions.run, "2026Q1-1", 20) is None


async def test_an_invoice_that_came_twice_is_named_until_one_of_its_charges_is_credited(desk: Desk) -> None:
    """Case 10 of domain.md 9: both are billed, and a person is told before owners are."""
    await two_quarters(desk)
    roof, door = ({"supplier": "Smith", "invoice_number": number} for number in ("4711", "4712"))
    await desk.hear(
        a_charge("ROOF", 600, unit="U1", on="2026-05-08", **roof),
        a_charge("ROOF-2", 600, unit="U1", on="2026-05-09", **roof),
        a_charge("DOOR", 70, unit="U2", on="2026-02-08", **door),
        a_charge("OTHERS", 600, unit="U2", on="2026-05-09", supplier="Jones", invoice_number="4711"),
        a_charge("NUMBERLESS", 600, unit="U2", on="2026-05-09", supplier="Smith"),
    )
    await desk.close("2026-05-10")
    [same] = (await dry(desk))["invoices"]
    assert (same["supplier"], same["invoice_number"], same["why"]) == ("Smith", "4711", "same invoice")
    assert same["charges"] == [
        {"charge_id": "ROOF", "amount_pence": 600}, {"charge_id": "ROOF-2", "amount_pence": 600},
    ]  # fmt: skip
    await desk.hear(a_charge("DOOR-2", 80, unit="U2", on="2026-05-11", **door))
    await desk.hear(a_credit("K1", "ROOF-2", on="2026-05-11"))
    [other] = (await dry(desk))["invoices"]
    assert (other["invoice_number"], other["why"]) == ("4712", "same invoice number, other amount")
    await desk.close("2026-07-01")
    assert (await dry(desk))["invoices"] == []
