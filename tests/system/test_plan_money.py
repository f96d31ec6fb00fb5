"""From the bank's file to the plan: money that was paid in time and is learnt late blames nobody (domain.md 4.4)."""

from typing import Any

import pytest

from tests.system.office import Office
from tests.system.story import Said, owner, paid, unit

pytestmark = pytest.mark.slow  # three months told, and a database built anew
UNITS = ("A1", "A2", "A3")
FIRST, LAST_OF_GRACE, MISSED = "2026-02-27", "2026-03-06", "2026-03-07"
IN_TIME = "instalment 1 was met in time by money that was learnt late"


def debt(unit_id: str) -> Said:
    return "charge-raised", {
        "charge_id": f"OPEN-{unit_id}", "kind": "opening-balance", "unit_id": unit_id, "amount_pence": 300_00,
        "description": "Opening balance", "due_on": "2026-01-10", "raised_on": "2026-01-01",
    }  # fmt: skip


async def agreed(office: Office, ref: str) -> None:
    made = await office.ask(
        "plans", "propose", ref, "--instalments", "3", "--first", FIRST, "--method", "standing-order",
        "--affordability", "file 12/1", "--reason", "rang us", "--as", "assistant",
    )  # fmt: skip
    await office.ask("proposals", "approve", "arrears", str(made["id"]), "--as", "lead-officer")


async def plans(office: Office) -> dict[str, Any]:
    refs = {one["account_ref"]: one["ownership_id"] for one in await office.ask("accounts")}
    return {refs[one["account_ref"]][:2]: one for one in await office.ask("plans", "list")}


async def states(office: Office) -> dict[str, tuple[str, list[int]]]:
    return {name: (one["state"], one["missed"]) for name, one in (await plans(office)).items()}


async def test_money_of_a_late_file_and_money_matched_late_count_from_their_value_dates(office: Office) -> None:
    owned = [fact for name in UNITS for fact in (unit(name), owner(name, 0, "2025-12-31", "2025-12-31"), debt(name))]
    await office.publish(owned)
    await office.close("2026-01-31")
    refs = {one["ownership_id"][:2]: one["account_ref"] for one in await office.ask("accounts")}
    for name in UNITS:
        await agreed(office, refs[name])
    await office.publish([paid("PAY-2", 100_00, FIRST, "bank-transfer", reference="J SMITH")])
    await office.close(MISSED)
    assert await states(office) == dict.fromkeys(UNITS, ("warned", [1]))

    await office.publish(
        [
            paid("PAY-1", 100_00, LAST_OF_GRACE, "bank-transfer", account_ref=refs["A1"]),
            paid("PAY-3", 100_00, MISSED, "bank-transfer", account_ref=refs["A3"]),
        ]
    )
    await office.ask("suspense", "match", "PAY-2", refs["A2"], "--reason", "their bank's slip")
    await office.close("2026-03-08")
    assert await states(office) == {"A1": ("agreed", []), "A2": ("agreed", []), "A3": ("agreed", [1])}
    reasons = {name: one["reason"] for name, one in (await plans(office)).items()}
    assert reasons == {"A1": IN_TIME, "A2": IN_TIME, "A3": "caught up"}

    await office.close("2026-04-10")
    assert await states(office) == {"A1": ("warned", [2]), "A2": ("warned", [2]), "A3": ("failed", [1, 2])}
    # The second instalment of the plan that failed had been paid, too: it is said, and a person decides.
    await office.publish([paid("PAY-4", 100_00, "2026-03-27", "bank-transfer", account_ref=refs["A3"])])
    await office.close("2026-04-11")
    failed = (await plans(office))["A3"]
    assert (failed["state"], failed["missed"], failed["met_in_time"]) == ("failed", [1], [2])

    answer = await office.run("rebuild", "arrears", "--json")
    assert answer.code == 0, answer.out + answer.err
    compared = {one["what"]: (one["live"], one["differ"]) for one in answer.document["differences"]}
    assert (compared["plans"], compared["changes of plans"][1]) == ((3, 0), 0)
