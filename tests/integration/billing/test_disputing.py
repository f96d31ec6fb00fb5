"""Disputes on a real database: ringed off with one word to arrears, ended, refused, and repeated by a rebuild."""

from datetime import date
from typing import Any

import pytest

from services.billing.domain.disputes import Outcome
from services.billing.domain.refs import account_ref
from services.billing.usecases import disputes
from shared.bus.commands import Given, give
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError
from shared.events.topics import DISPUTE_RAISED, ITEMS_CHANGED
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_payment, a_unit
from tests.integration.billing.test_repeated_words import Kept, repeat

A = account_ref("U1", "A")


async def say(desk: Desk, kind: str, key: str | None = None, **content: Any) -> Any:
    await desk.note_closed()
    named = {} if key is None else {"key": key}
    given = Given(kind, content.get("account_ref", "dispute"), "ada", "a letter", content, **named)
    return await give(desk.doors, given, lambda work: disputes.DEEDS[kind](work, content))


async def disputed(desk: Desk, **content: Any) -> Any:
    return await say(desk, disputes.RAISE, **({"account_ref": A, "charge_id": "C1"} | content))


async def ended(desk: Desk, dispute: Any, outcome: str) -> Any:
    return await say(desk, disputes.END, **disputes.how_ended(dispute["dispute_id"], Outcome(outcome)))


async def billed(desk: Desk) -> None:
    """£95.50 on the statement of April, due on the 29th."""
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.hear(a_charge("C1", 95_50, unit="U1", on="2026-03-01"))
    await desk.close("2026-04-01")


async def told(desk: Desk) -> list[tuple[int, int | None, str]]:
    """Return open and disputed pence of each item said last, and when its dispute ended."""
    return [
        (one.open_pence, one.disputed_pence, str(one.dispute_ended_on))
        for one in (await desk.said(ITEMS_CHANGED))[-1].items
    ]


async def test_what_is_disputed_is_ringed_off_and_arrears_hears_of_it_once(desk: Desk) -> None:
    await billed(desk)
    answer = await disputed(desk, amount_pence=40_00, key="k1")
    assert (answer["amount_pence"], answer["review_on"]) == (40_00, "2026-04-30")
    assert await disputed(desk, amount_pence=40_00, key="k1") == answer
    assert await told(desk) == [(95_50, 40_00, "None")]
    await desk.hear(a_payment("P1", 95_50, on="2026-04-02", account_ref=A))
    assert await told(desk) == [(40_00, 40_00, "None")]
    found = await desk.account("U1", "A")
    assert (found["disputed_pence"], found["credit_pence"], found["balance_pence"]) == (40_00, 40_00, 0)
    assert found["items"][0]["disputed_pence"] == 40_00
    before = await desk.account("U1", "A", as_of=date(2026, 4, 1))
    assert (before["disputed_pence"], before["due_pence"]) == (0, 95_50)
    assert await desk.wrong() == []


async def test_a_rejected_dispute_is_settled_by_what_was_left_and_says_when_it_ended(desk: Desk) -> None:
    await billed(desk)
    dispute = await disputed(desk, amount_pence=40_00)
    await desk.hear(a_payment("P1", 60_00, on="2026-04-02", account_ref=A))
    await desk.close("2026-05-11")
    assert (await ended(desk, dispute, "rejected"))["ended_on"] == "2026-05-12"
    assert await told(desk) == [(35_50, None, "2026-05-12")]
    with pytest.raises(NotNowError):
        await ended(desk, dispute, "upheld")
    [row] = await desk.ask(disputes.worklist)
    shown = ("amount_pence", "outcome", "raised_by", "reason", "ended_by", "late")
    assert [row[name] for name in shown] == [40_00, "rejected", "ada", "a letter", "ada", False]
    assert await desk.wrong() == []


async def test_an_upheld_dispute_ends_in_a_credit_and_nothing_is_open(desk: Desk) -> None:
    await billed(desk)
    dispute = await disputed(desk, amount_pence=40_00)
    await desk.hear(a_payment("P1", 55_50, on="2026-04-02", account_ref=A))
    await ended(desk, dispute, "upheld")
    await desk.hear(a_credit("K1", "C1", 40_00, on="2026-04-02"))
    assert await told(desk) == []
    assert await desk.balances() == {}


async def test_a_credit_before_the_officer_ends_the_dispute_leaves_the_rest_accepted(desk: Desk) -> None:
    await billed(desk)
    dispute = await disputed(desk, amount_pence=40_00)
    await desk.hear(a_credit("K1", "C1", 40_00, on="2026-04-02"))
    assert await told(desk) == [(55_50, None, "None")]
    with pytest.raises(NotNowError, match=r"At most £55\.50 of C1"):
        await disputed(desk, amount_pence=55_51)
    again = await disputed(desk, amount_pence=15_50)
    assert await told(desk) == [(55_50, 15_50, "None")]
    await desk.hear(a_payment("P1", 40_00, on="2026-04-03", account_ref=A))
    await ended(desk, dispute, "upheld")
    assert (await told(desk))[0][:2] == (15_50, 15_50)
    await ended(desk, again, "rejected")
    assert await desk.wrong() == []


async def test_a_dispute_from_before_sets_free_the_money_that_settled_it_since(desk: Desk) -> None:
    await billed(desk)
    await desk.hear(a_payment("P1", 95_50, on="2026-04-02", account_ref=A))
    await desk.close("2026-04-07")
    with pytest.raises(NotNowError):
        await disputed(desk)
    answer = await disputed(desk, raised_on="2026-04-02", amount_pence=40_00)
    assert answer["raised_on"] == "2026-04-02"
    assert await told(desk) == [(40_00, 40_00, "None")]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({"amount_pence": 95_51}, NotNowError),
        ({"amount_pence": 0}, NotValidError),
        ({"charge_id": "C9"}, NotNowError),
        ({"account_ref": account_ref("U9", "Z")}, NotKnownError),
        ({"raised_on": "2026-04-03"}, NotValidError),
    ],
)
async def test_what_cannot_be_disputed_is_refused_whole(
    desk: Desk, content: dict[str, Any], error: type[Exception]
) -> None:
    await billed(desk)
    with pytest.raises(error):
        await disputed(desk, **content)
    assert await desk.ask(disputes.worklist) == []
    with pytest.raises(NotKnownError):
        await ended(desk, {"dispute_id": "D-9"}, "upheld")


async def test_no_penny_is_disputed_twice(desk: Desk) -> None:
    await billed(desk)
    await disputed(desk, amount_pence=40_00)
    assert (await disputed(desk))["amount_pence"] == 55_50
    with pytest.raises(NotNowError):
        await disputed(desk, amount_pence=1)
    assert await told(desk) == [(95_50, 95_50, "None")]


async def test_a_rebuild_repeats_disputes_and_their_ends(desks: Desks) -> None:
    live, fresh, kept = await desks(), await desks(), Kept()
    taken = live.taken
    live.taken = lambda data, event_id="": kept.keep(taken(data, event_id))  # type: ignore[method-assign]
    for event in (
        a_unit(), a_line("U1", ("A", "2025-06-01")),
        a_charge("C0", 800, unit="U1", on="2026-01-01", kind="opening-balance", due_on="2026-01-10"),
    ):  # fmt: skip
        await live.hear(event)
    first = await disputed(live, charge_id="C0", amount_pence=300)
    await live.hear(a_payment("P1", 600, on="2026-01-01", account_ref=A))
    await disputed(live, charge_id="C0", amount_pence=200)
    await ended(live, first, "rejected")
    assert await repeat(live, fresh, kept, matches=0) == []
    assert await told(fresh) == await told(live) == [(200, 200, "2026-01-01")]


async def test_a_dispute_is_said_once_to_whoever_sends_letters(desk: Desk) -> None:
    await billed(desk)
    answer = await disputed(desk, amount_pence=40_00, raised_on="2026-04-01", key="k1")
    await disputed(desk, amount_pence=40_00, raised_on="2026-04-01", key="k1")
    [said] = await desk.said(DISPUTE_RAISED)
    assert (said.dispute_id, said.charge_id, said.amount_pence) == (answer["dispute_id"], "C1", 40_00)
    assert said.raised_on == date(2026, 4, 1)
    with pytest.raises(NotNowError):
        await disputed(desk, amount_pence=95_50)
    await ended(desk, answer, "rejected")
    assert len(await desk.said(DISPUTE_RAISED)) == 1
