"""A quarter's statement says that its account pays by direct debit, and what was announced of it and has not come."""

import json
from typing import Any

from services.billing.usecases.direct_debits import ANNOUNCE
from services.billing.usecases.mandates import CANCEL, SET
from shared.bus.refusals import NotNowError
from shared.events.topics import FINAL_ACCOUNT, STATEMENT_ISSUED
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_charge, a_line, a_payment, a_reversal
from tests.integration.billing.reviewing import pass_all, release, review_from_now
from tests.integration.billing.test_direct_debits import A, B, close_of, refused, released, say

Told = tuple[str, list[tuple[int, str]]] | None
"""The mandate, and the pence and day of each collection."""
JULY = "DD-2026-07-15-1"
MANDATE: Told = ("MD1", [])
COMING: Told = ("MD1", [(100_00, "2026-07-15")])


async def told(desk: Desk, quarter: str = "2026Q2") -> dict[str, Told]:
    """What each statement of a quarter says of direct debits, by account_ref."""
    return {
        one.account_ref: one.direct_debit
        and (one.direct_debit.mandate_id, [(it.amount_pence, str(it.collect_on)) for it in one.direct_debit.announced])
        for one in await desk.said(STATEMENT_ISSUED)
        if one.quarter == quarter
    }


async def announced(desk: Desk, on: str = "2026-06-28", collect_on: str = "2026-07-15") -> Any:
    await desk.close(on)
    return await say(desk, ANNOUNCE, collect_on=collect_on)


async def test_a_mandate_is_told_and_of_an_account_without_one_nothing(desk: Desk) -> None:
    await close_of(desk, "A", "B")
    await say(desk, CANCEL, mandate_id="MD2")
    await desk.close("2026-07-01")
    assert await told(desk) == {A: MANDATE, B: None}
    bodies = await desk.rows("select body from msg.event_log where topic = $1", STATEMENT_ISSUED.topic)
    assert [b"direct_debit" in row["body"] for row in bodies].count(True) == 1


async def test_what_was_announced_is_told_before_and_after_its_file_went_out(desk: Desk) -> None:
    await close_of(desk, "A")
    await announced(desk)
    await desk.close("2026-07-01")
    assert await told(desk) == {A: COMING}


async def test_a_released_collection_is_told_until_its_money_came(desk: Desk) -> None:
    await close_of(desk, "A", "B")
    await announced(desk, "2026-06-14", "2026-06-30")
    await released(desk, "DD-2026-06-30-1")
    await desk.close("2026-06-30")
    await desk.hear(a_payment("P2", 200_00, on="2026-06-30", account_ref=B, method="direct-debit"))
    await desk.close("2026-07-01")
    assert await told(desk) == {A: ("MD1", [(100_00, "2026-06-30")]), B: ("MD2", [])}


async def test_whom_a_release_passed_over_is_told_of_no_day(desk: Desk) -> None:
    await close_of(desk, "A", "B")
    await announced(desk)
    await desk.hear(a_payment("P1", 1, on="2026-06-29", account_ref=A))
    await released(desk, JULY)
    await desk.close("2026-07-01")
    assert await told(desk) == {A: MANDATE, B: ("MD2", [(200_00, "2026-07-15")])}


async def test_what_was_announced_under_another_mandate_is_called_off(desk: Desk) -> None:
    await close_of(desk, "A", "B")
    await announced(desk)
    await say(desk, CANCEL, mandate_id="MD1")
    await say(desk, SET, account_ref=A, mandate_id="MD9")
    await say(desk, CANCEL, mandate_id="MD2")
    await desk.close("2026-07-01")
    assert await told(desk) == {A: ("MD9", []), B: None}


async def test_a_mandate_that_the_bank_ended_is_none(desk: Desk) -> None:
    await close_of(desk, "A")
    await desk.close("2026-04-28")
    await desk.hear(a_payment("P1", 100_00, on="2026-04-29", account_ref=A, method="direct-debit"))
    await desk.hear(a_reversal("R1", "P1", 100_00, on="2026-05-01").model_copy(update={"reason": "ARUDD 1"}))
    await desk.close("2026-07-01")
    assert await told(desk) == {A: None}


async def test_a_file_that_can_go_out_no_more_is_not_waited_for(desk: Desk) -> None:
    """The day's work comes behind all commands of its book: a release is refused from the next book on."""
    await close_of(desk, "A")
    await announced(desk, "2026-06-16", "2026-07-03")
    await desk.close("2026-07-01")
    assert await told(desk) == {A: MANDATE}
    assert await refused(released(desk, "DD-2026-07-03-1")) is NotNowError
    await announced(desk, "2026-09-16", "2026-10-06")
    await desk.close("2026-10-01")
    assert await told(desk, "2026Q3") == {A: ("MD1", [(100_00, "2026-10-06")])}, "it may go out on the 2nd"


async def test_money_of_its_last_day_or_before_is_still_on_its_way_and_later_it_is_not(desk: Desk) -> None:
    await close_of(desk, "A", "B")
    await announced(desk, "2026-06-07", "2026-06-24")
    await released(desk, "DD-2026-06-24-1")
    await desk.close("2026-07-01")
    assert (await told(desk))[A] == MANDATE, "the bank would have told by the end of 1 July"


async def test_all_that_is_announced_is_told_in_the_order_of_its_days(desk: Desk) -> None:
    await close_of(desk, "A")
    due: dict[str, Any] = {"on": "2026-04-01", "kind": "opening-balance", "due_on": "2026-07-20"}
    await desk.hear(a_charge("C9", 50_00, unit="U1", **due))
    await announced(desk, collect_on="2026-07-20")
    await desk.hear(a_charge("C8", 7_00, unit="U1", **(due | {"due_on": "2026-07-10"})))
    await say(desk, ANNOUNCE, collect_on="2026-07-14")
    await desk.close("2026-07-01")
    assert await told(desk) == {A: ("MD1", [(7_00, "2026-07-14"), (150_00, "2026-07-20")])}


async def test_no_figure_of_the_statement_changes(desks: Desks) -> None:
    with_one, without = await desks(), await desks()
    for desk in (with_one, without):
        await close_of(desk, "A")
    await announced(with_one)
    await without.close("2026-06-28")
    await say(without, CANCEL, mandate_id="MD1")
    fields = []
    for desk in (with_one, without):
        await desk.hear(a_charge("C9", 12_34, unit="U1", on="2026-06-01"))
        await desk.close("2026-07-01")
        fields.append((await desk.said(STATEMENT_ISSUED))[-1].model_dump(exclude={"direct_debit"}))
        assert await desk.wrong() == []
    assert fields[0] == fields[1]


async def test_a_reviewed_statement_tells_what_holds_on_its_day_of_issue(desk: Desk) -> None:
    """As the float and the due day: what an owner has to do is said as of the letter, not as of the run."""
    await close_of(desk, "A", "B")
    await review_from_now(desk)
    await desk.close("2026-07-01")
    await say(desk, CANCEL, mandate_id="MD2")
    await say(desk, ANNOUNCE, collect_on="2026-07-29")
    await pass_all(desk, "2026Q2-1")
    await release(desk, "2026Q2-1")
    await desk.close("2026-07-02")
    assert await told(desk) == {A: ("MD1", [(100_00, "2026-07-29")]), B: None}
    assert await desk.wrong() == []


async def test_a_final_account_says_nothing_of_it(desk: Desk) -> None:
    await close_of(desk, "A")
    await desk.hear(a_line("U1", ("A", "2025-06-01"), ("C", "2026-04-10"), version=2))
    await announced(desk, "2026-07-01", "2026-07-29")
    await desk.close("2026-07-10", "2026-07-29")
    [final] = await desk.said(FINAL_ACCOUNT)
    assert final.account_ref == A
    assert final.direct_debit is None


async def test_the_same_in_the_same_books_says_the_same_bytes(desks: Desks) -> None:
    """What a rebuild does: every slice of the day reads tables in which nothing moves any more."""
    said: list[list[bytes]] = []
    for _ in range(2):
        desk = await desks()
        await close_of(desk, "A", "B")
        await announced(desk)
        await desk.close("2026-07-01")
        rows = await desk.rows("select body from msg.event_log where topic = $1 order by msg_key, aggver",
                               STATEMENT_ISSUED.topic)  # fmt: skip
        said.append([json.dumps(json.loads(row["body"])["data"]).encode() for row in rows])
    assert said[0] == said[1]
    assert sum(b"direct_debit" in one for one in said[0]) == 2
