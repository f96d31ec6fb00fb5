"""Floats on a real database: asked of who comes, held when paid, used or given back with the final account."""

import json
import random
from datetime import date, timedelta
from typing import Any, cast

import pytest

from services.billing.app import build
from services.billing.domain.refs import account_ref
from services.billing.settings import Settings
from services.billing.usecases import final_accounts, owners_money_questions, questions, refunds
from services.billing.usecases.owners_money import SPENDING, TERMS
from services.billing.usecases.reports import Grouping
from shared.bus.commands import Given
from shared.bus.refusals import NotValidError
from shared.bus.work import Work
from shared.events.base import EventData
from shared.events.topics import ACCOUNT_CHARGED, FINAL_ACCOUNT
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_payment, a_unit
from tests.integration.billing.people import day, decide
from tests.integration.billing.test_histories import a_history, shuffled, tell

SELLER, BUYER = account_ref("U1", "A"), account_ref("U1", "B")
FLOAT: dict[str, Any] = {
    "scope": "block", "scope_id": "B1", "effective_from": "2026-01-01", "amount_pence": 150_00,
}  # fmt: skip


async def balances(desk: Desk) -> dict[str, int]:
    return {one["account_ref"]: one["balance_pence"] for one in await desk.ask(questions.accounts, None, None)}


async def held(desk: Desk) -> Any:
    told = await desk.ask(owners_money_questions.held, Grouping.BLOCK, None, None)
    assert told["ties"]
    return told


async def an_owner_with_a_float(desk: Desk, repair: int) -> None:
    """A comes on 2 January, is asked for a float and pays it; sells with entry on 17 February; some costs are due."""
    await desk.close("2025-12-31")
    await decide(desk, TERMS, **FLOAT)
    await desk.hear(a_unit(), a_line("U1", ("A", "2026-01-02"), ("B", "2026-02-17")))
    await pay_the_float(desk, repair, a_charge("OLD", 62_50, unit="U1", on="2026-01-05"))


async def pay_the_float(desk: Desk, repair: int, *owed: EventData) -> None:
    """What is owed is billed, the float is paid, a fee and a repair follow; it is the day before the final account."""
    await desk.close("2026-01-01", "2026-01-02", "2026-01-03")
    await desk.hear_each(*owed)
    await desk.close("2026-04-01")
    await desk.hear(a_payment("P1", 150_00, on="2026-04-03", account_ref=SELLER, for_statement=f"{SELLER}-2026Q1"))
    await desk.hear(
        a_charge("FEE", 21_94, unit="U1", on="2026-04-10", kind="management-fee", instructed_on="2026-02-01"),
        a_charge("ROOF", repair, unit="U1", on="2026-04-10", instructed_on="2026-02-10"),
    )
    await desk.close("2026-04-27")


@pytest.mark.parametrize(("repair", "ends"), [(37_04, -28_52), (97_04, 31_48)])
async def test_3_8_the_final_account_uses_the_float_and_the_rest_is_refunded_or_payable(
    desk: Desk, repair: int, ends: int
) -> None:
    await an_owner_with_a_float(desk, repair)
    assert (await balances(desk))[SELLER] == ends + 150_00
    await desk.close("2026-04-28")
    [said] = await desk.said(FINAL_ACCOUNT)
    assert (said.account_ref, said.balance_pence) == (SELLER, ends)
    assert ("credit", "float", -150_00) in [(line.kind, line.charge_kind, line.amount_pence) for line in said.lines]
    assert await balances(desk) == {SELLER: ends, BUYER: 150_00}
    await desk.close("2026-04-29", "2026-07-01")
    assert (await balances(desk))[SELLER] == ends
    assert await desk.wrong() == []
    waiting = {row["account_ref"]: row["credit_pence"] for row in (await desk.ask(refunds.worklist))["waiting"]}
    assert waiting == ({SELLER: 28_52} if ends < 0 else {})


async def test_a_float_is_a_liability_and_held_once_it_is_paid(desk: Desk) -> None:
    await desk.close("2025-12-31")
    await decide(desk, TERMS, **FLOAT)
    await desk.hear(a_unit(), a_line("U1", ("A", "2026-01-02")), a_unit("U2", block_id="B2"))
    await desk.hear(a_line("U2", ("C", "2026-01-03")))
    await desk.close("2026-01-01")
    assert await balances(desk) == {SELLER: 0, account_ref("U2", "C"): 0}
    await desk.close("2026-01-02", "2026-01-02", "2026-01-03")
    assert [(one.charge_id, one.kind, one.amount_pence) for one in await desk.said(ACCOUNT_CHARGED)] == [
        (f"FLOAT:{SELLER}", "float", 150_00)
    ]
    await desk.close("2026-04-01")
    [row] = (await held(desk))["rows"]
    assert (row["name"], row["asked_pence"], row["held_pence"], row["unpaid_pence"]) == ("B1", 150_00, 0, 150_00)
    await desk.hear(a_payment("P1", 100_00, on="2026-04-03", account_ref=SELLER))
    told = await held(desk)
    assert (told["total"]["held_pence"], told["ledger_pence"], told["terms"][0]["amount_pence"]) == (
        100_00,
        150_00,
        150_00,
    )
    books = (await desk.ask(questions.trial_balance, None, None))["rows"]
    assert {row["account"]: row["debit_pence"] - row["credit_pence"] for row in books} == {
        "bank": 100_00, "floats": -150_00, "receivable": 50_00,
    }  # fmt: skip


async def test_case_56_nobody_gets_back_a_float_that_was_never_paid(desk: Desk) -> None:
    await desk.close("2025-12-31")
    await desk.hear(a_unit(), a_line("U1", ("A", "2026-01-02"), ("B", "2026-02-17")))
    await desk.hear(a_charge("HOUSING-7", 150_00, unit="U1", on="2026-01-03", kind="float"))
    await desk.hear(a_charge("FEE", 20_00, unit="U1", on="2026-01-04"))
    await desk.close("2026-04-01")
    await desk.hear(a_payment("P1", 30_00, on="2026-04-04", account_ref=SELLER))
    rows = {row["account_ref"]: row for row in await desk.ask(final_accounts.worklist)}
    assert (rows[SELLER]["float_pence"], rows[SELLER]["float_held_pence"]) == (150_00, 10_00)
    await desk.close("2026-04-28")
    assert (await balances(desk))[SELLER] == 20_00 - 30_00
    [said] = await desk.said(FINAL_ACCOUNT)
    assert said.balance_pence == -10_00
    assert (await held(desk))["ledger_pence"] == 0
    assert await desk.wrong() == []


async def test_who_leaves_on_a_quarters_first_day_is_accounted_for_with_the_quarter_before(desk: Desk) -> None:
    """The last day of an exit on 1 January is 31 December."""
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01"), ("B", "2026-01-01")))
    await desk.hear(a_charge("HOUSING-7", 150_00, unit="U1", on="2026-01-01", kind="float", instructed_on="2025-06-01"))
    await desk.hear(a_charge("FEE", 20_00, unit="U1", on="2026-01-01", instructed_on="2025-12-01"))
    await desk.close("2026-01-02", "2026-01-27", "2026-01-28", "2026-04-01", "2026-07-01")
    [said] = await desk.said(FINAL_ACCOUNT)
    assert (said.issued_on, said.quarter, said.balance_pence) == (day("2026-01-28"), "2025Q4", 20_00)
    assert await desk.wrong() == []


async def ended(desk: Desk, late: bool) -> dict[str, int]:
    """A sale is learnt (at once, or after it is all over), moved, cancelled, and made after all by somebody else."""
    await desk.close("2025-12-31")
    await decide(desk, TERMS, **FLOAT)
    await desk.hear(a_unit(), a_line("U1", ("A", "2026-01-02")))
    steps = [
        ("2026-02-01", a_line("U1", ("A", "2026-01-02"), ("B", "2026-02-10"), version=2)),
        ("2026-02-15", a_line("U1", ("A", "2026-01-02"), ("B", "2026-02-12"), version=3)),
        ("2026-06-01", a_line("U1", ("A", "2026-01-02"), version=4)),
        ("2026-09-01", a_line("U1", ("A", "2026-01-02"), ("N", "2026-03-01"), version=5)),
    ]
    for on, line in steps:
        await desk.close("2026-01-02" if late else on)
        if not late or line is steps[-1][1]:
            await desk.hear(line.model_copy(update={"version": 2 if late else line.version}))
        await desk.close(*([] if late else [date.fromisoformat(on) + timedelta(days=1)]))
    await desk.close("2026-09-02", "2026-10-20")
    assert await desk.wrong() == []
    assert (await held(desk))["ledger_pence"] == 150_00
    return {ref: pence for ref, pence in (await balances(desk)).items() if pence}


async def test_sales_moved_cancelled_and_learnt_late_end_with_one_float_of_who_owns_the_flat(desks: Desks) -> None:
    ends = [await ended(await desks(), late) for late in (False, True)]
    assert ends == [{account_ref("U1", "N"): 150_00}] * 2


_FLOATS = """
select account.account_ref, sum(entry.amount_pence)::bigint as pence
from billing.entries as entry join billing.charges as charge using (charge_id)
join billing.accounts as account on account.account_id = entry.account_id
where charge.kind = 'float' group by 1 having sum(entry.amount_pence) <> 0 order by 1
"""


async def told_by_and_by(desk: Desk, events: list[EventData], dice: random.Random, ends: list[str]) -> Any:
    """Tell a history in so many portions, a day closed after each; return the floats that stand."""
    await desk.close("2025-10-31")
    terms = {"scope": "development", "scope_id": "D1", "effective_from": "2025-11-01"}
    await decide(desk, TERMS, **terms, amount_pence=150_00)
    left = list(events)
    for end in ends:
        cut = dice.randint(5, 15)
        await tell(desk, left[:cut], dice)
        left = left[cut:]
        await desk.close(end)
    await tell(desk, left, dice)
    await desk.close("2026-10-02", "2026-10-03")
    assert await desk.wrong() == []
    await held(desk)
    return await desk.rows(_FLOATS)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
async def test_floats_depend_on_who_owned_what_and_not_on_when_it_was_learnt(desks: Desks, seed: int) -> None:
    dice = random.Random(seed)
    events = a_history(dice)
    once = await told_by_and_by(await desks(), events, dice, [])
    by_and_by = await told_by_and_by(await desks(), shuffled(events, dice), dice, ["2026-02-10", "2026-05-02"])
    assert once == by_and_by
    assert {row["pence"] for row in once} == {150_00}


async def test_an_owner_who_was_told_to_pay_by_the_housing_system_is_not_asked_twice(desk: Desk) -> None:
    await desk.close("2025-12-31")
    await decide(desk, TERMS, **FLOAT)
    await desk.hear(a_unit(), a_line("U1", ("A", "2026-01-02")))
    await desk.hear(a_charge("HOUSING-7", 99_00, unit="U1", on="2026-01-02", kind="float"))
    await desk.close("2026-01-02", "2026-01-03")
    await desk.hear(a_credit("K1", "HOUSING-7", 99_00, on="2026-01-04"))
    await desk.close("2026-01-04", "2026-01-05")
    assert await balances(desk) == {SELLER: 0}


async def test_a_rebuild_asks_and_spends_the_same_again(desk: Desk, desks: Desks) -> None:
    """The commands' records are enough: the same names, days and postings come out of them."""
    again = await desks()
    for one in (desk, again):
        await one.close("2025-12-31")
        await one.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
        await one.hear(a_charge("FUND", 90_00, unit="U1", on="2026-01-02", kind="reserve-fund"))
        await one.close("2026-04-01")
        await one.hear(a_payment("P1", 90_00, on="2026-04-02", account_ref=SELLER))
    await decide(desk, TERMS, **FLOAT | {"effective_from": "2026-04-02"})
    spent = {"fund_id": "B1", "amount_pence": 5_00, "spent_on": "2026-04-02", "description": "Paint", "evidence": "1"}
    await decide(desk, SPENDING, **spent)
    service = build(cast("Settings", None))
    assert service.likeness is not None
    rows = await desk.rows("select body from msg.event_log where topic = 'billing.command-given' order by seq")
    told = [said for said in map(json.loads, (row["body"] for row in rows)) if said["kind"] in service.likeness.deeds]
    for said in told:
        given = Given(*(said[name] for name in ("kind", "subject", "who", "why", "content", "key", "approved_by")))
        async with again.sessions.begin() as session:
            work = Work(session, service="billing", book=again.book, cause=given.cause)
            await service.likeness.deeds[given.kind](work, given.content)
    for table in ("entries", "float_terms", "fund_spendings", "causes"):
        stored = [await one.rows(f"select * from billing.{table} order by 1, 2") for one in (desk, again)]
        assert stored[0] == stored[1]
        assert stored[0]


async def test_of_a_day_before_they_were_set_no_terms_are_listed(desk: Desk) -> None:
    await desk.close("2025-12-31")
    await decide(desk, TERMS, **FLOAT)
    listed = [
        (await desk.ask(owners_money_questions.held, Grouping.BLOCK, None, known_at))["terms"]
        for known_at in (date(2025, 12, 31), date(2026, 1, 1))
    ]
    assert list(map(len, listed)) == [0, 1]


async def test_terms_of_the_past_or_of_a_pool_are_not_even_proposed(desk: Desk) -> None:
    await desk.close("2026-01-01")
    for wrong, words in (({}, "is past"), ({"scope": "share-set"}, "own money"), ({"amount_pence": -1}, "amount")):
        with pytest.raises(NotValidError, match=words):
            await decide(desk, TERMS, **FLOAT | wrong)


async def test_a_crowd_of_newcomers_is_asked_in_slices_and_each_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.billing.usecases.day.SLICE", 2)
    await desk.close("2025-12-31")
    await decide(desk, TERMS, **FLOAT)
    for number in range(1, 6):
        await desk.hear(a_unit(f"U{number}"), a_line(f"U{number}", (f"A{number}", "2026-01-02")))
    await desk.close("2026-01-01", "2026-01-02", "2026-01-03")
    told = await held(desk)
    assert (told["total"]["accounts"], told["total"]["asked_pence"]) == (5, 5 * 150_00)
