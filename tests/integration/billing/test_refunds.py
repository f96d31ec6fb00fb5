"""Refunds on a real database: two people, back to the source, dated when they take effect, and a clock until then."""

from typing import Any

import pytest

from services.billing.domain.refs import account_ref
from services.billing.usecases import payment_questions, questions, refunds, verify
from shared.auth import Caller
from shared.bus.proposals import Proposal, Proposals
from shared.bus.refusals import NotAllowedError, NotKnownError, NotNowError, NotValidError
from shared.db.engine import snapshot
from shared.events.topics import ACCOUNT_REVERSED, PAYMENT_SUSPENDED
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_line, a_payment, a_unit

A = account_ref("U1", "A")
OFFICER, FINANCE = Caller("ada", frozenset({"lead-officer"})), Caller("fay", frozenset({"finance"}))


def people(desk: Desk) -> Proposals:
    return Proposals(desk.doors, (refunds.REFUND,))


async def propose(desk: Desk, caller: Caller = OFFICER, **body: Any) -> int:
    asked = {"payment_id": "P1", "amount_pence": 300} | body
    subject = f"payment:{asked['payment_id']}"
    answer = await people(desk).propose(caller, Proposal("refund", subject, asked, "asked for it", caller.subject))
    return int(answer["id"])


async def overpaid(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.hear(
        a_charge("C1", 700, unit="U1", on="2026-01-02"), a_payment("P1", 1000, on="2026-01-09", account_ref=A)
    )
    await desk.close("2026-03-01")
    await desk.note_closed()


async def test_a_refund_needs_finance_and_goes_back_on_the_day_it_is_approved(desk: Desk) -> None:
    await overpaid(desk)
    number = await propose(desk, account_ref=A)
    assert await desk.balances() == {A: -300}
    with pytest.raises(NotAllowedError):
        await people(desk).approve(OFFICER, number, "fine")
    first = await people(desk).approve(FINANCE, number, "seen")
    assert await people(desk).approve(FINANCE, number, "seen") == first
    assert (first["answer"]["amount_pence"], first["answer"]["refunded_on"]) == (300, "2026-03-02")
    assert await desk.balances() == {}
    found = await desk.account("U1", "A")
    line = next(line for line in found["lines"] if line["kind"] == "refund")
    assert (line["amount_pence"], str(line["value_on"])) == (300, "2026-03-02")
    assert line["cause"] == {"id": str(number), "source": "proposal", "type": "billing.command-given.v1"}
    books = await desk.ask(questions.trial_balance, None, None)
    assert {row["account"]: row["debit_pence"] for row in books["rows"]}["bank"] == 700
    assert [event.reason for event in await desk.said(ACCOUNT_REVERSED)] == ["refund"]
    assert (await desk.ask(verify.verify))["taken_in"]["refunds_pence"] == 300
    assert await desk.wrong() == []


async def test_finance_does_not_approve_its_own_proposal(desk: Desk) -> None:
    await overpaid(desk)
    number = await propose(desk, FINANCE, account_ref=A)
    with pytest.raises(NotAllowedError):
        await people(desk).approve(FINANCE, number, "mine")
    assert await desk.balances() == {A: -300}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"account_ref": A, "amount_pence": 301}, NotValidError),
        ({"account_ref": A, "amount_pence": 0}, NotValidError),
        ({"account_ref": A, "more": 1}, NotValidError),
        ({"account_ref": A, "payment_id": "P9"}, NotKnownError),
        ({"account_ref": account_ref("U9", "Z")}, NotKnownError),
        ({}, NotValidError),
    ],
)
async def test_what_may_not_go_back_is_not_proposed(desk: Desk, body: dict[str, Any], error: type[Exception]) -> None:
    await overpaid(desk)
    with pytest.raises(error):
        await propose(desk, **body)
    assert await desk.rows("select 1 from msg.proposal") == []


async def test_credit_that_is_spent_meanwhile_is_not_refunded(desk: Desk) -> None:
    await overpaid(desk)
    number = await propose(desk, account_ref=A)
    await desk.hear(a_charge("C2", 100, unit="U1", on="2026-03-02"))
    with pytest.raises(NotValidError):
        await people(desk).approve(FINANCE, number, "late")
    assert await desk.balances() == {A: -200}


async def test_money_nobody_matches_goes_back_from_suspense(desk: Desk) -> None:
    await overpaid(desk)
    await desk.hear(a_payment("P2", 500, on="2026-01-12"))
    number = await propose(desk, payment_id="P2", amount_pence=500)
    await people(desk).approve(FINANCE, number, "seen")
    assert await desk.balances() == {A: -300}
    assert [event.amount_pence for event in await desk.said(PAYMENT_SUSPENDED)] == [500, 0]
    assert (await desk.ask(payment_questions.payment, "P2"))["reversals"][0]["reason"] == "refund"
    assert await desk.wrong() == []


async def test_a_share_of_a_payment_is_refunded_only_when_it_is_the_last_named(desk: Desk) -> None:
    b = account_ref("U2", "B")
    await overpaid(desk)
    await desk.hear(a_unit("U2"), a_line("U2", ("B", "2025-06-01")), a_payment("P2", 500, on="2026-01-12"))
    await desk.command("payment-split", "P2", (A, 200), (b, 300))
    with pytest.raises(NotNowError):
        await propose(desk, payment_id="P2", account_ref=A, amount_pence=100)
    number = await propose(desk, payment_id="P2", account_ref=b, amount_pence=300)
    await people(desk).approve(FINANCE, number, "seen")
    assert await desk.balances() == {A: -500}
    assert await desk.wrong() == []


async def test_the_list_says_who_waits_since_when_and_until_when(desk: Desk) -> None:
    await overpaid(desk)
    await desk.hear(a_line("U1", ("A", "2025-06-01"), ("B", "2026-01-20"), version=2))
    (row,) = (await desk.ask(refunds.worklist))["waiting"]
    told = {
        name: str(row[name]) for name in ("account_ref", "credit_pence", "since", "left_on", "due_by", "days", "late")
    }
    assert told == {
        "account_ref": A, "credit_pence": "300", "since": "2026-01-09", "left_on": "2026-01-20", "due_by": "2026-02-03",
        "days": "51", "late": "True",
    }  # fmt: skip
    assert [(one["payment_id"], one["left_pence"]) for one in row["sources"]] == [("P1", 1000)]
    await people(desk).approve(FINANCE, await propose(desk, account_ref=A), "seen")
    found = await desk.ask(refunds.worklist)
    assert (found["waiting"], [one["amount_pence"] for one in found["given"]]) == ([], [300])


async def test_a_buyer_whose_purchase_fell_through_waits_since_that_was_learnt(desk: Desk) -> None:
    await overpaid(desk)
    await desk.hear(a_line("U1", ("S", "2025-01-01"), version=2, void=("A",)))
    await desk.close("2026-03-05")
    await desk.hear(a_line("U1", ("S", "2024-01-01"), version=3, void=("A",)))
    await desk.close("2026-03-16")
    await desk.note_closed()
    (row,) = [one for one in (await desk.ask(refunds.worklist))["waiting"] if one["account_ref"] == A]
    told = {name: str(row[name]) for name in ("credit_pence", "left_on", "due_by", "late")}
    assert told == {"credit_pence": "1000", "left_on": "2026-03-02", "due_by": "2026-03-16", "late": "False"}
    await desk.close("2026-03-17")
    await desk.note_closed()
    assert [one["late"] for one in (await desk.ask(refunds.worklist))["waiting"] if one["account_ref"] == A] == [True]


async def test_the_list_of_those_who_wait_asks_no_more_for_many_than_for_one(desk: Desk) -> None:
    counts = []
    for first, owners in ((0, 1), (1, 8)):
        for number in range(first, owners):
            unit = f"W{number}"
            await desk.hear(a_unit(unit), a_line(unit, ("A", "2025-06-01")))
            await desk.hear(a_payment(f"P-{number}", 500, on="2026-01-01", unit_id=unit))
        asked: list[Any] = []
        async with snapshot(desk.sessions) as connection:
            with connection.query_logger(asked.append):
                waiting = (await refunds.worklist(connection))["waiting"]
        assert len(waiting) == owners
        counts.append(len(asked))
    assert counts[0] == counts[1]
