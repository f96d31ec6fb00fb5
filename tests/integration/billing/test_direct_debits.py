"""Direct debits on a real database: told ten working days before, released by two people, returned, rebuilt."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from services.billing.domain.refs import account_ref
from services.billing.settings import read_direct_debit_policies
from services.billing.usecases import direct_debit_questions, direct_debits, disputes, mandates
from services.billing.usecases.direct_debits import ANNOUNCE
from services.billing.usecases.mandates import CANCEL, SET
from shared.bus.commands import Given, give
from shared.bus.proposals import Proposal
from shared.bus.refusals import NotAllowedError, NotKnownError, NotNowError, NotValidError, RefusedError
from shared.events.housing import PaymentReversed
from shared.events.topics import COLLECTION_ANNOUNCED, ITEMS_CHANGED
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_payment, a_unit, day
from tests.integration.billing.people import LEAD, OFFICER, office
from tests.integration.billing.test_repeated_words import Kept, repeat

A, B, C = (account_ref(f"U{number}", name) for number, name in enumerate("ABC", start=1))
DEEDS = {**mandates.DEEDS, **direct_debits.DEEDS, **disputes.DEEDS}
ID = "DD-2026-04-29-1"


async def say(desk: Desk, kind: str, **content: Any) -> Any:
    await desk.note_closed()
    effect = DEEDS[kind]
    if kind == ANNOUNCE:
        content = direct_debits.to_announce(day(content["collect_on"]))
    return await give(desk.doors, Given(kind, "x", "ada", "form 12", content), lambda work: effect(work, content))


async def close_of(desk: Desk, *names: str, unit: Callable[[int], int] = lambda number: 100_00 * number) -> None:
    """Owners, each owing on the statement of April that is due on the 29th, each with a mandate."""
    for number, name in enumerate(names, start=1):
        await desk.hear(a_unit(f"U{number}"), a_line(f"U{number}", (name, "2025-06-01")))
        await desk.hear(a_charge(f"C{number}", unit(number), unit=f"U{number}", on="2026-03-01"))
    await desk.close("2026-04-01")
    for number, name in enumerate(names, start=1):
        await say(desk, SET, account_ref=account_ref(f"U{number}", name), mandate_id=f"MD{number}")


async def released(desk: Desk, collection_id: str = ID) -> Any:
    people = await office(desk)
    body = {"collection_id": collection_id}
    made = await people.propose(OFFICER, Proposal("collection-release", collection_id, body, "due", OFFICER.subject))
    with pytest.raises(NotAllowedError):
        await people.approve(OFFICER, made["id"], "mine")
    return (await people.approve(LEAD, made["id"], "seen"))["answer"]


async def refused(deed: Awaitable[Any]) -> type[RefusedError]:
    with pytest.raises(RefusedError) as caught:
        await deed
    return caught.type


async def test_owners_are_told_and_what_they_were_told_is_taken(desk: Desk) -> None:
    await close_of(desk, "A", "B")
    answer = await say(desk, ANNOUNCE, collect_on="2026-04-29")
    told = {"collection_id": ID, "collect_on": "2026-04-29", "accounts": 2, "amount_pence": 300_00}
    assert answer == told | {"release_by": "2026-04-27"}
    said = await desk.said(COLLECTION_ANNOUNCED)
    assert [(one.account_ref, one.amount_pence, str(one.announced_on)) for one in said] == sorted(
        [(A, 100_00, "2026-04-02"), (B, 200_00, "2026-04-02")]
    )
    assert await refused(say(desk, ANNOUNCE, collect_on="2026-04-30")) is NotNowError  # all of it is announced
    assert await refused(desk.ask(direct_debit_questions.file, ID)) is NotNowError
    went = await released(desk)
    assert (went["accounts"], went["amount_pence"], went["skipped"]) == (2, 300_00, 0)
    first, again = await desk.ask(direct_debit_questions.file, ID), await desk.ask(direct_debit_questions.file, ID)
    assert first == again
    assert sorted(line.split(",")[6] for line in first.split("\r\n")[1:3]) == ["100.00", "200.00"]
    [row] = await desk.ask(direct_debit_questions.worklist)
    assert (row["sha256"], row["announced_pence"]) == (went["sha256"], 300_00)
    assert (row["policy_version"], row["release_by"]) == (read_direct_debit_policies()[0].version, date(2026, 4, 27))
    assert await refused(released(desk)) is NotNowError
    assert await desk.wrong() == []


async def test_case_24_within_ten_days_the_old_amount_is_taken_or_none(desk: Desk) -> None:
    await close_of(desk, "A", "B", "C")
    await say(desk, ANNOUNCE, collect_on="2026-04-29")
    await desk.hear(a_payment("P1", 1, on="2026-04-08", account_ref=A))
    await desk.hear(a_charge("C9", 50_00, unit="U2", on="2026-04-02", kind="opening-balance", due_on="2026-04-03"))
    await say(desk, disputes.RAISE, account_ref=C, charge_id="C3", amount_pence=10)
    went = await released(desk)
    assert (went["accounts"], went["amount_pence"], went["skipped"]) == (1, 200_00, 2)
    shown = {row["account_ref"]: row["skipped"] for row in await desk.ask(direct_debit_questions.show, ID)}
    assert shown == {A: "owes-less", B: None, C: "owes-less"}
    assert (await desk.ask(direct_debit_questions.file, ID)).count("\r\n") == 2


@pytest.mark.parametrize(("asked", "collect_on"), [("2026-12-25", "2026-12-29"), ("2027-01-02", "2027-01-04")])
async def test_case_25_money_is_taken_on_the_next_day_of_bacs(desk: Desk, asked: str, collect_on: str) -> None:
    await close_of(desk, "A")
    assert (await say(desk, ANNOUNCE, collect_on=asked))["collect_on"] == collect_on


async def test_a_day_too_soon_and_a_file_too_late_are_refused(desk: Desk) -> None:
    await close_of(desk, "A")
    assert await refused(say(desk, ANNOUNCE, collect_on="2026-04-17")) is NotValidError
    await say(desk, ANNOUNCE, collect_on="2026-04-29")
    await desk.close("2026-04-27")
    assert await refused(released(desk)) is NotNowError
    assert await refused(released(desk, "DD-2026-04-30-1")) is NotKnownError
    # What can go out no more stands in nobody's way.
    assert (await say(desk, ANNOUNCE, collect_on="2026-05-20"))["amount_pence"] == 100_00


async def test_what_was_collected_and_the_bank_has_not_told_of_yet_is_not_asked_for_twice(desk: Desk) -> None:
    await close_of(desk, "A")
    await say(desk, ANNOUNCE, collect_on="2026-04-29")
    await desk.close("2026-04-24")
    await released(desk)
    await desk.close("2026-05-01")
    assert await refused(say(desk, ANNOUNCE, collect_on="2026-05-20")) is NotNowError
    await desk.hear(a_charge("C9", 7_00, unit="U1", on="2026-04-01"))
    await desk.hear(a_payment("P1", 100_00, on="2026-04-29", account_ref=A, method="direct-debit"))
    assert await refused(say(desk, ANNOUNCE, collect_on="2026-05-20")) is NotNowError
    await desk.close("2026-07-01")
    assert (await say(desk, ANNOUNCE, collect_on="2026-07-29"))["amount_pence"] == 7_00


@pytest.mark.parametrize(("words", "state"), [("ARUDD 1", "ended-by-the-bank"), ("ARUDD 0", "stands")])
async def test_a_returned_debit_reopens_what_it_paid_and_some_words_end_the_mandate(
    desk: Desk, words: str, state: str
) -> None:
    await close_of(desk, "A")
    await desk.close("2026-04-28")
    await desk.hear(a_payment("P1", 100_00, on="2026-04-29", account_ref=A, method="direct-debit"))
    back = PaymentReversed(
        reversal_id="R1", payment_id="P1", amount_pence=100_00, reversed_on=day("2026-05-01"), reason=words
    )
    await desk.hear(back)
    assert [str(one.due_on) for one in (await desk.said(ITEMS_CHANGED))[-1].items] == ["2026-04-29"]
    [row] = await desk.ask(mandates.worklist)
    assert row["state"] == state
    await desk.close("2026-05-01")
    if state == "stands":
        assert (await say(desk, ANNOUNCE, collect_on="2026-05-20"))["amount_pence"] == 100_00
        return
    assert await refused(say(desk, ANNOUNCE, collect_on="2026-05-20")) is NotNowError
    await say(desk, SET, account_ref=A, mandate_id="MD9")
    assert (await say(desk, ANNOUNCE, collect_on="2026-05-20"))["accounts"] == 1


async def test_a_cancelled_mandate_is_not_collected_from(desk: Desk) -> None:
    await close_of(desk, "A", "B")
    await say(desk, ANNOUNCE, collect_on="2026-04-29")
    await say(desk, CANCEL, mandate_id="MD1")
    went = await released(desk)
    assert (went["accounts"], went["skipped"]) == (1, 1)
    shown = {row["account_ref"]: row["skipped"] for row in await desk.ask(direct_debit_questions.show, ID)}
    assert shown == {A: "mandate-ended", B: None}
    assert await refused(say(desk, CANCEL, mandate_id="MD1")) is NotNowError
    assert await refused(say(desk, CANCEL, mandate_id="MD7")) is NotKnownError


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({"account_ref": A, "mandate_id": "MD2"}, NotNowError),
        ({"account_ref": B, "mandate_id": "MD1"}, NotNowError),
        ({"account_ref": account_ref("U9", "Z"), "mandate_id": "MD2"}, NotKnownError),
        ({"account_ref": A, "mandate_id": "=1+1"}, NotValidError),
    ],
)
async def test_a_mandate_is_set_once_and_on_an_account_without_one(
    desk: Desk, content: dict[str, Any], error: type[RefusedError]
) -> None:
    await close_of(desk, "A")
    await desk.hear(a_unit("U2"), a_line("U2", ("B", "2025-06-01")))
    assert await refused(say(desk, SET, **content)) is error


async def test_a_rebuild_repeats_mandates_and_collections(desks: Desks) -> None:
    live, fresh, kept = await desks(), await desks(), Kept()
    taken = live.taken
    live.taken = lambda data, event_id="": kept.keep(taken(data, event_id))  # type: ignore[method-assign]
    for event in (
        a_unit(), a_line("U1", ("A", "2025-06-01")), a_unit("U2"), a_line("U2", ("B", "2025-06-01")),
        a_charge("C1", 800, unit="U1", on="2026-01-01", kind="opening-balance", due_on="2026-01-10"),
        a_charge("C2", 900, unit="U2", on="2026-01-01", kind="opening-balance", due_on="2026-01-10"),
    ):  # fmt: skip
        await live.hear(event)
    await say(live, SET, account_ref=A, mandate_id="MD1")
    await say(live, SET, account_ref=B, mandate_id="MD2")
    await say(live, ANNOUNCE, collect_on="2026-01-20")
    await live.hear(a_credit("K1", "C2", 100, on="2026-01-01"))
    await released(live, "DD-2026-01-20-1")
    await say(live, CANCEL, mandate_id="MD2")
    assert await repeat(live, fresh, kept, matches=0) == []
    file = await live.ask(direct_debit_questions.file, "DD-2026-01-20-1")
    assert await fresh.ask(direct_debit_questions.file, "DD-2026-01-20-1") == file
    assert len(await fresh.said(COLLECTION_ANNOUNCED)) == 2
