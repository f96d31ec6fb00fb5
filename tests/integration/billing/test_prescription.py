"""Old debt on a real database: listed before it prescribes, set back by claims, told at night, repeated."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.billing import api
from services.billing.db import prescription as stored
from services.billing.domain import prescription
from services.billing.domain.refs import account_ref
from services.billing.usecases import interruptions, prescription_questions
from services.billing.usecases.items import NOTHING_OPEN
from services.billing.usecases.matches import MATCH
from shared.bus.commands import Given, give
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError
from shared.db import driver
from shared.local_issuer import LocalIssuer
from shared.logs import capture
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_charge, a_line, a_payment, a_reversal, a_unit, day
from tests.integration.billing.people import LEAD, OFFICER, giving_up, office, write_off
from tests.integration.billing.test_repeated_words import Kept, repeat
from tests.support.staff import as_, staff_door

A, B = account_ref("U1", "A"), account_ref("U2", "B")


def old(charge_id: str, pence: int, due_on: str, unit: str = "U1") -> Any:
    """A balance that is taken over."""
    return a_charge(charge_id, pence, unit=unit, on="2026-01-01", kind="opening-balance", due_on=due_on)


async def say(desk: Desk, kind: str, **content: Any) -> Any:
    await desk.note_closed()
    given = Given(kind, content.get("account_ref", "interruption"), "lea", "told by the solicitor", content)
    return await give(desk.doors, given, lambda work: interruptions.DEEDS[kind](work, content))


async def interrupted(desk: Desk, on: str, *charge_ids: str, **more: Any) -> Any:
    asked: dict[str, Any] = {"account_ref": A, "ground": "court-action", "evidence": "file 7", "charge_ids": charge_ids}
    return await say(desk, interruptions.INTERRUPT, **(asked | {"interrupted_on": on} | more))


async def withdrawn(desk: Desk, interruption: Any) -> Any:
    return await say(desk, interruptions.WITHDRAW, interruption_id=interruption["interruption_id"])


async def whole(desk: Desk, months: int = 12, as_of: str | None = None) -> Any:
    await desk.note_closed()
    return await desk.ask(prescription_questions.old_debt, months, day(as_of) if as_of else None)


async def listed(desk: Desk, months: int = 12, as_of: str | None = None) -> list[tuple[str, str, str]]:
    found = await whole(desk, months, as_of)
    assert found["ties"], found
    assert sum(one["open_pence"] for one in found["bands"]) == found["open_pence"]
    return [(row["charge_id"], str(row["prescribes_on"]), row["band"]) for row in found["debts"]]


async def told(desk: Desk, *days: str) -> list[dict[str, Any]]:
    """Close days and return what the log says of debts that come of age, without what is nothing."""
    with capture() as lines:
        await desk.close(*days)
    found = [line for line in lines if line["event.name"] == "debt_aged"]
    return [{name.removeprefix("app."): value for name, value in line.items() if value} for line in found]


@pytest.fixture
async def debtor(desk: Desk) -> Desk:
    """It is 2 April 2026: one debt is 4 years and 11 months old, another 4 years, a third was due in March."""
    await desk.hear(a_unit(), a_unit("U2"), a_line("U1", ("A", "2020-06-01")), a_line("U2", ("B", "2020-06-01")))
    await desk.hear(old("OLD", 100_00, "2021-05-01"), old("MID", 40_00, "2022-03-01"), old("NEW", 7_00, "2026-03-01"))
    await desk.close("2026-03-31", "2026-04-01")
    return desk


async def test_case_65_a_debt_of_4_years_11_months_is_listed_and_a_court_action_sets_it_back(debtor: Desk) -> None:
    assert await listed(debtor) == [("OLD", "2026-05-01", "months_3"), ("MID", "2027-03-01", "months_12")]
    answer = await interrupted(debtor, "2026-03-20", "OLD")
    assert (answer["charge_ids"], answer["prescribes_on"]) == (["OLD"], "2031-03-20")
    assert await listed(debtor) == [("MID", "2027-03-01", "months_12")]
    assert ("OLD", "2031-03-20", "later") in await listed(debtor, 60)


async def test_case_65_neither_a_notice_nor_money_sets_a_debt_back(debtor: Desk) -> None:
    """There is no ground for a notice of potential liability, and a part payment is no word about any one debt."""
    with pytest.raises(NotValidError, match="ground"):
        await interrupted(debtor, "2026-03-20", ground="notice-of-potential-liability")
    await debtor.hear(a_payment("P1", 60_00, on="2026-04-01", account_ref=A))
    assert (await listed(debtor))[0] == ("OLD", "2026-05-01", "months_3")


async def test_a_claim_without_charges_names_all_that_was_due_and_had_not_prescribed(debtor: Desk) -> None:
    await debtor.hear(old("GONE", 3_00, "2016-01-01"))
    answer = await interrupted(debtor, "2023-01-01", ground="admission")
    assert answer["charge_ids"] == ["MID", "OLD"]
    assert await listed(debtor, 60) == [
        ("GONE", "2021-01-01", "past"), ("MID", "2028-01-01", "later"), ("OLD", "2028-01-01", "later"),
        ("NEW", "2031-03-01", "later"),
    ]  # fmt: skip


async def test_the_sums_are_those_of_the_open_items_and_tie_to_the_ledger(debtor: Desk) -> None:
    await debtor.hear(
        a_charge("SOON", 5_00, unit="U1", on="2026-04-01"), a_payment("P2", 11_00, on="2026-04-01", account_ref=B)
    )
    await debtor.hear(a_unit("U3"), a_line("U3", ("", "2020-06-01", True)), old("OURS", 9_00, "2020-01-01", "U3"))
    found = await whole(debtor)
    assert {one["band"]: one["open_pence"] for one in found["bands"]} == {
        "past": 0, "months_3": 100_00, "months_6": 0, "months_12": 40_00, "later": 7_00,
    }  # fmt: skip
    assert [row["charge_id"] for row in found["debts"]] == ["OLD", "MID"]
    shown = ("open_pence", "not_yet_billed_pence", "credit_pence", "association_pence", "ledger_pence", "ties")
    assert [found[name] for name in shown] == [147_00, 5_00, -11_00, 9_00, 150_00, True]


async def test_a_day_of_the_past_is_answered_as_it_was(debtor: Desk) -> None:
    await interrupted(debtor, "2026-03-20", "OLD")
    assert ("OLD", "2026-05-01", "months_3") in await listed(debtor, as_of="2026-03-19")
    assert "OLD" not in [row[0] for row in await listed(debtor, as_of="2026-03-20")]


async def test_a_withdrawn_interruption_counts_no_more_and_is_listed_with_who_and_why(debtor: Desk) -> None:
    answer = await interrupted(debtor, "2026-03-20", "OLD")
    assert (await withdrawn(debtor, answer))["withdrawn_on"] == "2026-04-02"
    assert (await listed(debtor))[0] == ("OLD", "2026-05-01", "months_3")
    with pytest.raises(NotNowError, match="withdrawn already"):
        await withdrawn(debtor, answer)
    with pytest.raises(NotKnownError, match="no interruption"):
        await withdrawn(debtor, {"interruption_id": "I-9"})
    [row] = (await whole(debtor))["interruptions"]
    shown = ("charge_ids", "evidence", "made_by", "reason", "withdrawn_on", "withdrawn_by")
    assert [row[name] for name in shown] == [
        ["OLD"],
        "file 7",
        "lea",
        "told by the solicitor",
        day("2026-04-02"),
        "lea",
    ]


@pytest.mark.parametrize(
    ("on", "content", "error", "words"),
    [
        ("2026-04-03", {}, NotValidError, "2026-04-03 has not come yet"),
        ("2026-03-20", {"account_ref": account_ref("U9", "Z")}, NotKnownError, "No account has the reference"),
        ("2026-03-20", {"charge_ids": ("C9", "OLD")}, NotKnownError, f"There is no charge C9 on {A}"),
        ("2026-02-28", {"charge_ids": ("NEW",)}, NotNowError, "nothing of NEW that was due by 2026-02-28 is open"),
        ("2021-04-30", {}, NotNowError, "nothing is open that was due by 2021-04-30"),
        ("2026-03-20", {"account_ref": B}, NotNowError, "nothing is open that was due by 2026-03-20"),
        ("2026-03-20", {"evidence": ""}, NotValidError, "evidence"),
    ],
)
async def test_what_sets_nothing_back_is_refused(
    debtor: Desk, on: str, content: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        await interrupted(debtor, on, **content)
    assert (await whole(debtor))["interruptions"] == []


async def test_what_has_prescribed_is_not_revived(debtor: Desk) -> None:
    await debtor.close("2026-05-01")
    with pytest.raises(NotNowError, match=r"OLD prescribed on 2026-05-01, and a word of 2026-05-01 does not revive it"):
        await interrupted(debtor, "2026-05-01", "OLD", "MID")
    await interrupted(debtor, "2026-04-30", "OLD")
    assert "OLD" not in [row[0] for row in await listed(debtor)]


async def test_the_associations_own_account_owes_nobody(debtor: Desk) -> None:
    await debtor.hear(a_unit("U3"), a_line("U3", ("", "2020-06-01", True)), old("OURS", 9_00, "2020-01-01", "U3"))
    with pytest.raises(NotValidError, match="owes nobody"):
        await interrupted(debtor, "2026-03-20", account_ref=account_ref("U3", None))


async def test_an_officer_records_once_by_a_key_and_each_word_is_in_the_audit(
    debtor: Desk, issuer: LocalIssuer
) -> None:
    asked = {"account_ref": A, "interrupted_on": "2026-03-20", "ground": "admission", "evidence": "file 7"}
    asked |= {"reason": "their letter of the day"}
    await debtor.note_closed()
    async with staff_door(issuer, "billing", api.routes(debtor.doors)) as client:
        for role in ("assistant", "board", "auditor"):
            refused = await client.post("/interruptions", json=asked, headers=as_(issuer, role))
            assert refused.status_code == 403
        officer = as_(issuer, "lead-officer", "lea", **{"Idempotency-Key": "k1"})
        first, again = [await client.post("/interruptions", json=asked, headers=officer) for _ in range(2)]
        assert (first.status_code, first.json()["charge_ids"]) == (200, ["MID", "NEW", "OLD"])
        assert again.json() == first.json()
        path = f"/interruptions/{first.json()['interruption_id']}/withdraw"
        taken = await client.post(path, json={"reason": "not theirs"}, headers=as_(issuer, "finance", "fay"))
        assert taken.json()["withdrawn_on"] == "2026-04-02"
        found = (await client.get("/prescription", params={"within": "3"}, headers=as_(issuer, "auditor"))).json()
        assert [row["charge_id"] for row in found["debts"]] == ["OLD"]
    audited = await debtor.rows("select action, who, reason from msg.audit order by id")
    assert [tuple(one) for one in audited] == [
        ("prescription-interrupt", "lea", "their letter of the day"), ("prescription-withdraw", "fay", "not theirs"),
    ]  # fmt: skip


async def test_a_debt_is_not_given_up_as_prescribed_before_it_has(debtor: Desk) -> None:
    with pytest.raises(
        NotNowError, match=r"£0.00 of OLD has prescribed by 2026-04-02, the rest does from 2026-05-01 on: £100.00"
    ):
        await write_off(debtor, A, {"OLD": 100_00}, ground="prescribed")
    people = await office(debtor)
    await debtor.close("2026-05-01")
    people = await office(debtor)
    made = await people.propose(OFFICER, giving_up(A, {"OLD": 30_00}, "prescribed"))
    await interrupted(debtor, "2026-04-30", "OLD")
    with pytest.raises(NotNowError, match="the rest does from 2031-04-30 on"):
        await people.approve(LEAD, made["id"], "agreed")
    await withdrawn(debtor, (await whole(debtor))["interruptions"][0])
    await people.approve(LEAD, made["id"], "agreed")
    assert (await debtor.account("U1", "A"))["due_pence"] == 117_00


async def test_money_of_a_day_to_come_makes_no_debt_prescribed_and_keeps_none_from_being_claimed(debtor: Desk) -> None:
    await debtor.hear(a_payment("P1", 147_00, on="2026-05-01", account_ref=A))
    with pytest.raises(NotNowError, match=r"£0.00 of NEW has prescribed by 2026-04-02, the rest does from 2031-03-01"):
        await write_off(debtor, A, {"NEW": 7_00}, ground="prescribed")
    assert (await interrupted(debtor, "2026-03-20", "OLD"))["charge_ids"] == ["OLD"]


async def test_a_night_tells_once_what_came_into_a_nearer_band(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2020-06-01")))
    await desk.hear(old("OLD", 100_00, "2021-05-01"), old("MID", 40_00, "2021-05-02"), old("NEW", 7_00, "2026-01-01"))
    assert await told(desk, "2026-01-31") == [
        {"event.name": "debt_aged", "day": "2026-01-31", "months_6": 2, "months_6_pence": 140_00}
    ]
    assert [list(one)[2:] for one in await told(desk, "2026-02-01")] == [["months_3", "months_3_pence"]]
    assert [one["months_3_pence"] for one in await told(desk, "2026-02-02", "2026-02-03")] == [40_00]
    assert await told(desk, "2026-04-30") == []
    assert [(one["past"], one["past_pence"]) for one in await told(desk, "2026-05-01", "2026-05-02")] == [
        (1, 100_00), (1, 40_00),
    ]  # fmt: skip
    assert await told(desk, "2026-06-01") == []


async def test_a_debt_of_a_statement_is_told_when_its_years_are_nearly_over(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")), a_charge("C1", 95_50, unit="U1", on="2026-03-01"))
    await desk.hear(a_unit("U2"), a_line("U2", ("B", "2025-06-01")), a_charge("C2", 10_00, unit="U2", on="2026-03-01"))
    assert await told(desk, "2026-04-01", "2030-04-28") == []
    await desk.hear(a_payment("P1", 10_00, on="2026-05-01", account_ref=B))
    assert [one["months_12_pence"] for one in await told(desk, "2030-04-29")] == [95_50]
    assert await told(desk, "2030-04-30") == []


async def test_a_debt_that_was_set_back_is_told_by_its_new_end_and_the_associations_own_is_not(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2016-06-01")), a_unit("U3"), a_line("U3", ("", "2016-06-01", True)))
    await desk.hear(old("OLD", 100_00, "2017-06-01"), old("OURS", 9_00, "2021-06-10", "U3"))
    await desk.close("2026-01-01")
    await interrupted(desk, "2021-06-10", "OLD", ground="admission")
    assert await told(desk, "2026-03-09") == []
    assert [one["months_3_pence"] for one in await told(desk, "2026-03-10")] == [100_00]


async def test_what_is_taken_over_or_withdrawn_is_told_that_night(debtor: Desk) -> None:
    assert await told(debtor, "2026-04-02") == []
    await debtor.hear(old("LATE", 3_00, "2021-05-30", "U2"))
    claim = await interrupted(debtor, "2026-04-03", "OLD")
    assert [list(one.items())[2:] for one in await told(debtor, "2026-04-03")] == [
        [("months_3", 1), ("months_3_pence", 3_00)]
    ]
    assert await told(debtor, "2026-04-04") == []
    await withdrawn(debtor, claim)
    assert [one["months_3_pence"] for one in await told(debtor, "2026-04-05")] == [100_00]


async def test_an_old_debt_that_is_open_again_or_on_another_account_is_told_that_night(debtor: Desk) -> None:
    """Money that bounced, money that was another's, a sale that was learnt late: nothing old is charged in any."""
    await debtor.hear(a_payment("P1", 100_00, on="2026-04-02", account_ref=A))
    assert await told(debtor, "2026-04-02") == []
    await debtor.hear(
        a_reversal("R1", "P1", 100_00, on="2026-04-03"), a_payment("P2", 100_00, on="2026-04-03", account_ref=B)
    )
    assert [one["months_3_pence"] for one in await told(debtor, "2026-04-03")] == [100_00]
    await debtor.command(MATCH, "P2", (A, None))
    assert await told(debtor, "2026-04-04") == []
    await debtor.command(MATCH, "P2", (B, None))
    assert [one["months_3_pence"] for one in await told(debtor, "2026-04-05")] == [100_00]
    await debtor.hear(a_line("U1", ("A", "2020-06-01"), ("Z", "2020-07-01"), version=2))
    [line] = await told(debtor, "2026-04-06")
    assert (line["months_3_pence"], line["months_12_pence"]) == (100_00, 40_00)


async def test_an_old_debt_that_waited_for_its_unit_is_told_in_the_night_it_is_placed(debtor: Desk) -> None:
    await debtor.hear(old("LATE", 3_00, "2021-05-30", "U7"))
    assert await told(debtor, "2026-04-02", "2026-04-03") == []
    await debtor.hear(a_unit("U7"), a_line("U7", ("C", "2020-06-01")))
    assert [one["months_3_pence"] for one in await told(debtor, "2026-04-04")] == [3_00]


async def test_each_look_for_debts_that_come_of_age_is_answered_by_an_index(desk: Desk) -> None:
    async with desk.sessions.begin() as session:
        connection = await driver(session)
        await connection.execute("set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off")
        await connection.execute(f"prepare touched(date[], date[], date, date, bytea) as {stored._TOUCHED}")
        rows = await connection.fetch(
            "explain execute touched('{2026-01-01}', '{2026-01-01}', '2026-01-01', '2026-01-01', '')"
        )
        plan = [row[0].strip() for row in rows]
        await connection.execute("deallocate touched")
    # One row an account: the only thing that is read whole.
    assert not [line for line in plan if "Seq Scan" in line and "on accounts" not in line], plan
    assert not [line for line in plan if "hashed" in line and "entries" in line], plan
    for index in (
        "ix_entries_account_id",
        "ix_statements_due_on",
        "ix_charges_due_on",
        "ix_interruptions_interrupted_on",
        "ix_interruption_withdrawals_book",
    ):
        assert [line for line in plan if index in line], plan


async def test_a_day_asks_only_for_accounts_that_may_have_something_old(debtor: Desk) -> None:
    today = date(2026, 4, 2)

    async def touched(on: date) -> Any:
        windows = prescription.windows(on - timedelta(days=1), on)
        begun = prescription.begun_within_bands(on)
        return await debtor.ask(stored.list_touched, windows, begun, on - timedelta(days=1), NOTHING_OPEN)

    assert await touched(today) == []
    assert len(await touched(date(2026, 5, 1))) == 1
    await debtor.hear(a_payment("P1", 147_00, on="2026-04-01", account_ref=A))
    assert await touched(date(2026, 5, 1)) == []
    await debtor.hear(a_reversal("R1", "P1", 147_00, on="2026-04-02"))
    assert len(await touched(date(2026, 5, 1))) == 1


async def test_an_account_whose_current_bills_are_open_alone_is_not_worked_out_when_old_ones_come_round(
    desk: Desk,
) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")), a_charge("C1", 5_00, unit="U1", on="2026-03-01"))
    await desk.close("2026-04-01")
    await desk.hear(a_payment("P1", 5_00, on="2026-04-20", account_ref=A))
    await desk.close("2031-01-01")
    await desk.hear(a_charge("C2", 9_00, unit="U1", on="2031-03-01"))
    await desk.close("2031-04-01", "2031-04-28")

    async def touched() -> Any:
        on, closed = date(2031, 4, 29), date(2031, 4, 28)
        windows, begun = prescription.windows(closed, on), prescription.begun_within_bands(on)
        return await desk.ask(stored.list_touched, windows, begun, closed, NOTHING_OPEN)

    assert await touched() == []
    await desk.rows("update billing.accounts set open_since = null")  # as said before it was kept
    assert len(await touched()) == 1


async def test_a_rebuild_repeats_interruptions_and_withdrawals(desks: Desks) -> None:
    live, fresh, kept = await desks(), await desks(), Kept()
    taken = live.taken
    live.taken = lambda data, event_id="": kept.keep(taken(data, event_id))  # type: ignore[method-assign]
    await live.hear_each(a_unit(), a_line("U1", ("A", "2020-06-01")), old("OLD", 800, "2021-05-01"))
    first = await interrupted(live, "2023-01-01", "OLD")
    await interrupted(live, "2024-01-01")
    await withdrawn(live, first)
    assert await repeat(live, fresh, kept, matches=0) == []
    assert await listed(fresh, 60) == await listed(live, 60) == [("OLD", "2029-01-01", "later")]
