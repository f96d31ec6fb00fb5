"""An officer says whose money a payment is: whole, in parts, or nobody's; nothing is lost, and the word holds."""

from datetime import date
from typing import Any

import asyncpg
import pytest

from services.billing.domain.refs import account_ref
from services.billing.usecases import payment_questions, questions, suspense_questions
from services.billing.usecases.matches import MATCH, SPLIT, UNMATCH
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError, RefusedError
from shared.events.base import EventData
from shared.events.topics import ACCOUNT_PAID, ACCOUNT_REVERSED, ITEMS_CHANGED, PAYMENT_SUSPENDED, PAYMENT_UNMATCHED
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_charge, a_line, a_payment, a_reversal, a_unit

A, B = account_ref("U1", "A"), account_ref("U2", "B")
SUSPENSE = "suspense-receipts"


async def two_owners(desk: Desk, *more: EventData) -> None:
    await desk.hear(a_unit(), a_unit("U2"), a_line("U1", ("A", "2025-06-01")), a_line("U2", ("B", "2025-06-01")))
    await desk.hear_each(*more)


async def test_a_match_moves_the_money_with_its_own_value_date(desk: Desk) -> None:
    opening = a_charge("C0", 800, unit="U1", on="2026-01-01", kind="opening-balance", due_on="2026-01-10")
    await two_owners(desk, opening, a_payment("P1", 500, on="2026-01-09", reference="J SMITH"))
    await desk.close("2026-03-01")
    answer = await desk.command(MATCH, "P1", (A.lower(), None))
    assert answer == {"payment_id": "P1", "shares": [{"account_ref": A, "amount_pence": 500}], "suspense_pence": 0}
    assert await desk.balances() == {A: 300}
    found = await desk.account("U1", "A")
    assert [(line["kind"], str(line["value_on"])) for line in found["lines"]] == [
        ("charge", "2026-01-01"), ("payment", "2026-01-09"),
    ]  # fmt: skip
    assert found["lines"][1]["cause"]["type"] == "billing.command-given.v1"
    assert found["ageing"]["d31_60"] == 300
    books = await desk.ask(questions.trial_balance, None, None)
    assert {row["account"]: row["debit_pence"] for row in books["rows"]}["bank"] == 500
    assert [event.amount_pence for event in await desk.said(ACCOUNT_PAID)] == [500]
    assert [item.open_pence for item in (await desk.said(ITEMS_CHANGED))[-1].items] == [300]
    assert await desk.wrong() == []


async def test_case_18_a_right_name_beside_a_wrong_flat_waits_for_a_person(desk: Desk) -> None:
    """Father and son: that the name was matched before gives nothing away and proposes nothing."""
    father = a_payment("P1", 500, on="2026-01-09", reference=A, payer_name="John Smith")
    son = a_payment("P2", 300, on="2026-01-10", reference="FLAT 9", payer_name="John Smith", unit_id="U9")
    await two_owners(desk, father, son)
    assert await desk.balances() == {A: -500, SUSPENSE: -300}
    [waiting] = (await desk.ask(suspense_questions.unmatched))["payments"]
    assert (waiting["payment_id"], "proposed" in waiting) == ("P2", False)


async def test_matched_money_counts_from_its_value_date_but_was_not_known_before(desk: Desk) -> None:
    await two_owners(desk, a_payment("P1", 500, on="2026-01-09"))
    await desk.close("2026-03-01")
    await desk.command(MATCH, "P1", (A, None))
    found = [await desk.account("U1", "A", *days) for days in ((None, date(2026, 3, 1)), (date(2026, 1, 9), None))]
    assert [one["balance_pence"] for one in found] == [0, -500]


async def test_one_receipt_pays_several_accounts_and_the_rest_waits(desk: Desk) -> None:
    await two_owners(desk, a_payment("P1", 1000, on="2026-01-09"))
    answer = await desk.command(SPLIT, "P1", (A, 300), (B, 600))
    assert answer["suspense_pence"] == 100
    assert await desk.balances() == {A: -300, B: -600, SUSPENSE: -100}
    waiting = await desk.ask(suspense_questions.unmatched)
    assert [(row["amount_pence"], row["by_person"]) for row in waiting["payments"]] == [(100, True)]
    assert waiting["payments_pence"] == sum(waiting["ageing"].values()) == 100
    await desk.command(SPLIT, "P1", (A, 300), (B, 700))
    assert await desk.balances() == {A: -300, B: -700}
    assert [(event.account_id, event.amount_pence) for event in await desk.said(PAYMENT_UNMATCHED)] == [
        ((await desk.account("U2", "B"))["account_id"], 600)
    ]
    assert sorted(event.amount_pence for event in await desk.said(ACCOUNT_PAID)) == [300, 600, 700]
    assert await desk.wrong() == []


async def test_a_reversal_takes_what_nobody_was_given_first_then_from_whom_was_named_last(desk: Desk) -> None:
    await two_owners(desk, a_payment("P1", 1000, on="2026-01-09"))
    await desk.command(SPLIT, "P1", (A, 300), (B, 600))
    await desk.hear(a_reversal("R2", "P1", 250, on="2026-01-12"))
    assert await desk.balances() == {A: -300, B: -450}
    assert [event.amount_pence for event in await desk.said(ACCOUNT_REVERSED)] == [150]
    # Dated earlier, it takes first: what the other took from suspense is taken from the last named instead.
    await desk.hear(a_reversal("R1", "P1", 100, on="2026-01-11"))
    assert await desk.balances() == {A: -300, B: -350}
    taken = {(event.reversal_id, event.amount_pence) for event in await desk.said(ACCOUNT_REVERSED)}
    assert ("R2", 250) in taken
    await desk.hear(a_reversal("R3", "P1", 650, on="2026-01-13"))
    assert await desk.balances() == {}
    assert await desk.wrong() == []


async def test_an_unmatched_payment_stays_in_suspense_whatever_it_names(desk: Desk) -> None:
    await two_owners(desk, a_payment("P1", 500, on="2026-01-09", account_ref=A))
    await desk.command(UNMATCH, "P1")
    assert await desk.balances() == {SUSPENSE: -500}
    await desk.hear(a_line("U1", ("A", "2025-06-01"), ("C", "2026-01-01"), version=2))
    assert await desk.balances() == {SUSPENSE: -500}
    assert [event.amount_pence for event in await desk.said(PAYMENT_SUSPENDED)] == [500]
    assert await desk.wrong() == []


async def test_a_persons_word_holds_when_a_reference_becomes_known(desk: Desk) -> None:
    late = account_ref("U3", "L")
    await two_owners(desk, a_payment("P1", 500, on="2026-01-09", reference=late))
    await desk.command(MATCH, "P1", (B, None))
    await desk.hear(a_unit("U3"), a_line("U3", ("L", "2025-06-01")))
    assert await desk.balances() == {B: -500}
    assert await desk.wrong() == []


async def test_the_same_key_matches_once_and_a_payment_says_who_said_what(desk: Desk) -> None:
    await two_owners(desk, a_payment("P1", 500, on="2026-01-09"))
    first = await desk.command(MATCH, "P1", (A, None), key="k1")
    assert await desk.command(MATCH, "P1", (A, None), key="k1") == first
    await desk.command(UNMATCH, "P1")
    found = await desk.ask(payment_questions.payment, "P1")
    assert (found["shares"], found["suspense_pence"]) == ([], 500)
    assert [(word["kind"], word["who"], word["why"]) for word in found["matches"]] == [
        (MATCH, "ada", "a letter"), (UNMATCH, "ada", "a letter"),
    ]  # fmt: skip
    audited = await desk.rows("select action, subject, reason from msg.audit order by id")
    assert [tuple(row) for row in audited] == [(kind, "payment:P1", "a letter") for kind in (MATCH, UNMATCH)]


@pytest.mark.parametrize(
    ("payment_id", "shares", "error"),
    [
        ("P9", [(A, None)], NotKnownError),
        ("P1", [(account_ref("U9", "X"), None)], NotKnownError),
        ("P1", [(A, 300), (B, 201)], NotValidError),
        ("P1", [(A, 300), (A, 100)], NotValidError),
        ("P1", [(A, 0)], NotValidError),
    ],
)
async def test_a_word_that_cannot_be_is_refused_and_leaves_nothing(
    desk: Desk, payment_id: str, shares: Any, error: type[RefusedError]
) -> None:
    await two_owners(desk, a_payment("P1", 500, on="2026-01-09"))
    with pytest.raises(error):
        await desk.command(SPLIT, payment_id, *shares)
    assert await desk.balances() == {SUSPENSE: -500}
    assert await desk.rows("select 1 from billing.matches union all select 1 from msg.audit") == []


async def test_a_word_that_changes_nothing_is_not_kept(desk: Desk) -> None:
    await two_owners(desk, a_payment("P1", 500, on="2026-01-09"))
    await desk.command(MATCH, "P1", (A, None))
    with pytest.raises(NotNowError):
        await desk.command(MATCH, "P1", (A, None))
    assert len(await desk.rows("select 1 from billing.matches")) == 1


@pytest.mark.parametrize("last", [(SPLIT, (A, 250), (B, 700)), (MATCH, (B, None)), (UNMATCH,)], ids=str)
async def test_matching_at_once_and_after_many_words_end_the_same(desks: Desks, last: Any) -> None:
    kind, *shares = last
    payment = a_payment("P1", 1000, on="2026-01-09", reference=A)
    others = [
        a_charge("C1", 700, unit="U1", on="2026-01-02"), a_charge("C2", 900, unit="U2", on="2026-01-03"),
        a_reversal("R1", "P1", 150, on="2026-01-12"), a_reversal("R2", "P1", 100, on="2026-01-11"),
    ]  # fmt: skip
    at_once, later = await desks(), await desks()
    await two_owners(at_once, payment)
    await at_once.command(kind, "P1", *shares)
    await at_once.hear_each(*others)
    await two_owners(later, payment)
    words: list[Any] = [(MATCH, (B, None)), (UNMATCH,), (SPLIT, (B, 1), (A, 998)), (SPLIT, (A, 260), (B, 700))]
    for (earlier, *parts), fact in zip(words, reversed(others), strict=True):
        await later.command(earlier, "P1", *parts)
        await later.hear(fact)
    await later.command(kind, "P1", *shares)
    assert await later.balances() == await at_once.balances()
    for desk in (at_once, later):
        assert await desk.wrong() == []


async def test_words_that_a_person_matched_are_proposed_for_later_ones_and_nothing_moves_by_itself(desk: Desk) -> None:
    words = {"reference": "mrs Campbell-Orr"}
    await two_owners(desk, a_payment("P1", 500, on="2026-01-09", **words), a_payment("P2", 500, on="2026-01-09"))
    await desk.command(MATCH, "P1", (A, None))
    await desk.hear(a_payment("P3", 700, on="2026-02-09", reference="MRS CAMPBELL ORR"))
    found = {
        row["payment_id"]: row.get("proposed") for row in (await desk.ask(suspense_questions.unmatched))["payments"]
    }
    assert found == {"P2": None, "P3": {"account_ref": A, "matched_before": 1}}
    assert await desk.balances() == {A: -500, SUSPENSE: -1200}
    await desk.command(MATCH, "P1", (B, None))
    (_, last) = (await desk.ask(suspense_questions.unmatched))["payments"]
    assert last["proposed"]["account_ref"] == B
    await desk.command(MATCH, "P3", (A, None))
    await desk.hear(a_payment("P4", 700, on="2026-03-09", **words))
    assert all("proposed" not in row for row in (await desk.ask(suspense_questions.unmatched))["payments"])


async def test_a_payers_name_is_not_kept_and_teaches_nothing(desk: Desk) -> None:
    """It is the one name that erasure cannot reach (docs/decisions/0036)."""
    named = {"payer_name": "Canary Quillfeather"}
    await two_owners(desk, a_payment("P1", 500, on="2026-01-09", **named))
    await desk.command(MATCH, "P1", (A, None))
    await desk.hear(a_payment("P2", 500, on="2026-02-09", **named))
    [waiting] = (await desk.ask(suspense_questions.unmatched))["payments"]
    assert (waiting["payment_id"], "proposed" in waiting) == ("P2", False)
    tables = await desk.rows(
        "select schemaname || '.' || tablename from pg_tables where schemaname in ('billing', 'msg')"
    )
    names = {row[0] for row in tables}
    assert {"billing.payments", "billing.matches", "msg.inbox", "msg.event_log"} <= names
    kept = [
        name for name in names if await desk.rows(f"select from {name} as it where it::text ilike '%quillfeather%'")
    ]
    assert kept == []


async def test_a_word_changed_by_hand_is_named(desk: Desk) -> None:
    await two_owners(desk, a_payment("P1", 500, on="2026-01-09"))
    await desk.command(SPLIT, "P1", (A, 300))
    owner = await asyncpg.connect(desk.urls.owner_url)
    await owner.execute("update billing.matches set pence = '{301}'")
    await owner.close()
    (wrong,) = await desk.wrong()
    assert wrong.startswith("payments that people matched stand where they said: payment P1")
