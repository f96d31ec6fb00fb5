"""`closebook plans` against arrears' own door: proposed, approved, listed, shown, ended."""

import json
from datetime import date
from typing import Any

import httpx
import pytest

from services.arrears.app import build
from shared.events import topics
from shared.events.billing import AccountPaid
from shared.events.housing import PaymentMethod
from shared.local_issuer import LocalIssuer
from tests.integration.arrears.conftest import QUOTED, Closebook, Desk, item, items_changed
from tests.integration.arrears.planning import FIRST
from tests.support.staff import as_

PROPOSED = (
    "plans", "propose", QUOTED, "--instalments", "3", "--first", str(FIRST), "--method", "standing-order",
    "--affordability", "file 12/3", "--reason", "rang us",
)  # fmt: skip


async def _told(closebook: Closebook, *words: str) -> Any:
    return json.loads((await closebook(*words, "--json"))[0])


async def _agreed(closebook: Closebook, desk: Desk) -> None:
    await desk.work_to(date(2026, 4, 29))
    await closebook(*PROPOSED)
    await closebook("proposals", "approve", "arrears", "1", "--as", "lead-officer")


async def test_a_plan_is_proposed_with_its_schedule_and_says_who_approves(closebook: Closebook, desk: Desk) -> None:
    await desk.work_to(date(2026, 4, 29))
    told = (await closebook(*PROPOSED))[0]
    assert told == (
        f"arrears: proposal 1, plan of £95.50 on {QUOTED} in 3 instalments of £31.83 from 2026-05-29, "
        "the last of £31.84 on 2026-07-29, "
        "waits for a second person (`closebook proposals approve arrears 1 --as lead-officer`).\n"
    )
    long = [word if word != "3" else "25" for word in PROPOSED]
    assert "--as board" in (await closebook(*long))[0]


async def test_plans_are_listed_shown_and_ended(closebook: Closebook, desk: Desk) -> None:
    await _agreed(closebook, desk)
    [row] = await _told(closebook, "plans", "list")
    assert (row["plan_id"], row["state"], row["total_pence"], row["next_on"]) == ("PL-1", "agreed", 95_50, str(FIRST))
    assert "PL-1  FY5FN0W0QBWR  agreed" in (await closebook("plans", "list"))[0]
    shown = (await closebook("plans", "show", "PL-1"))[0]
    for words in (
        f"Plan PL-1 of {QUOTED} is agreed since 2026-04-30:", "£0.00 of £95.50 is paid", "by standing-order",
        "new charges have to be paid on time", "affordability: file 12/3", "2026-07-29", "£31.84", "open",
    ):  # fmt: skip
        assert words in shown
    await desk.work_day()
    [account] = await _told(closebook, "arrears")
    assert [one["kind"] for one in account["holds"]] == ["plan-active"]
    assert "£0.00 is missing, £0.00 beside it is overdue." in (await closebook("plans", "show", "PL-1"))[0]
    told = (await closebook("plans", "end", "PL-1", "--reason", "pays at once"))[0]
    assert told == "Plan PL-1 is ended; letters wait for the days of grace.\n"
    assert (await closebook("plans", "show", "PL-1"))[0].splitlines()[1] == "£0.00 of £95.50 is paid."
    assert (await _told(closebook, "plans", "show", "PL-1"))["changes"][-1]["reason"] == "pays at once"


async def test_the_officer_sees_that_an_instalment_of_a_plan_that_failed_was_met_in_time(
    closebook: Closebook, desk: Desk
) -> None:
    await _agreed(closebook, desk)
    await desk.work_to(date(2026, 6, 17))
    lapsed = "not caught up by 2026-06-16: £31.83 of instalments is missing"
    assert (await closebook("plans", "list"))[0].rstrip().endswith(lapsed)
    assert "Counts as missed: instalment 1." in (await closebook("plans", "show", "PL-1"))[0]
    paid = AccountPaid(
        account_id="A1", payment_id="P1", amount_pence=31_83, received_on=FIRST, method=PaymentMethod.STANDING_ORDER
    )
    await desk.hear(topics.ACCOUNT_PAID, paid)
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item(95_50 - 31_83)))
    await desk.work_day()
    told = (await closebook("plans", "list"))[0].rstrip()
    assert told.endswith(f"{lapsed}; instalment 1 was met in time")
    shown = (await closebook("plans", "show", "PL-1"))[0]
    assert "Plan PL-1 of FY5FN0W0QBWR is failed since 2026-06-17" in shown
    assert "Was met in time by money that was learnt late: instalment 1." in shown
    assert "Counts as missed" not in shown


async def test_several_held_charges_are_one_word_in_the_list_of_arrears(closebook: Closebook, desk: Desk) -> None:
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item(), item(10_00, "C2")))
    await _agreed(closebook, desk)
    await desk.work_day()
    assert (await closebook("arrears"))[0].count("plan-active") == 1


async def test_what_is_not_known_is_told(closebook: Closebook, desk: Desk) -> None:
    await desk.work_to(date(2026, 4, 29))
    assert "`closebook plans list` lists every plan" in (await closebook("plans", "show", "PL-9", code=1))[1]
    charge = (*PROPOSED, "--charge", "C9")
    assert "Nothing of C9 on FY5FN0W0QBWR is overdue" in (await closebook(*charge, code=1))[1]
    words = [word if word != QUOTED else "F1W7305WAF7W" for word in PROPOSED]
    assert "No account has the reference F1W7305WAF7W." in (await closebook(*words, code=1))[1]


async def test_a_key_ends_a_plan_once_and_answers_the_same(closebook: Closebook, desk: Desk) -> None:
    await _agreed(closebook, desk)
    asked = ("plans", "end", "PL-1", "--reason", "pays at once", "--key", "k-1")
    assert await closebook(*asked) == await closebook(*asked)
    assert len(await desk.said(topics.PLAN_CHANGED)) == 2
    other = ("plans", "end", "PL-1", "--reason", "another", "--key", "k-1")
    assert "was used for another command" in (await closebook(*other, code=1))[1]


async def test_officers_offer_and_end_plans_and_staff_list_them(client: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    params = {"account_ref": "F000000000A1", "instalments": "3", "frequency": "monthly", "first_on": str(FIRST)}
    asked = await client.get("/plan-offer", params=params, headers=as_(issuer, "assistant"))
    assert (asked.status_code, asked.json()["detail"]) == (
        409, "Nothing on F000000000A1 is overdue that is not disputed or held.",
    )  # fmt: skip
    assert (await client.get("/plan-offer", params=params, headers=as_(issuer, "finance"))).status_code == 403
    assert (await client.get("/plans", headers=as_(issuer, "auditor"))).json() == []
    assert (await client.get("/plans", headers=as_(issuer, "operator"))).status_code == 403
    assert (await client.post("/plans/PL-1/end", json={"reason": "x"}, headers=as_(issuer, "board"))).status_code == 403


@pytest.mark.parametrize("name", ["repayment-plan", "plan-end"])
def test_a_rebuild_lets_what_people_did_with_plans_take_effect_again(name: str) -> None:
    likeness = build(None).likeness  # type: ignore[arg-type]
    assert likeness is not None
    assert name in likeness.deeds
