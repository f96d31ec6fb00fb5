"""A fee of a whole development: its blocks and its houses pay it, each unit once; no other development, and no pool."""

from typing import Any

import pytest

from services.billing.usecases import schedule_questions
from services.billing.usecases.schedules import SCHEDULE
from shared.events.owners import SharesChanged
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_line, a_unit, shares
from tests.integration.billing.people import decide
from tests.integration.billing.test_schedules import charged

FEE: dict[str, Any] = {
    "schedule_id": "FEE-D1", "kind": "management-fee", "scope": "development", "scope_id": "D1",
    "effective_from": "2026-04-01", "annual_net_pence": 140_00, "description": "Management fee",
}  # fmt: skip
PLACES: dict[str, dict[str, str | None]] = {
    "U1": {"block_id": "B1"}, "U2": {"block_id": "B2"}, "H1": {"block_id": None}, "H2": {"block_id": None},
    "V1": {"block_id": "D1", "development_id": "D2"}, "V2": {"block_id": None, "development_id": "D2"},
}  # fmt: skip
"""Two blocks and two houses of D1; beside them another development, one block of which is called D1 as well."""


def pool(name: str) -> SharesChanged:
    return shares(("U1", 1, 2), ("H1", 1, 2), set_id=name)


@pytest.fixture
async def estate(desk: Desk) -> Desk:
    """Developments with an owner in each unit and two share sets, one of them called as the development; 1 March."""
    await desk.close("2026-02-28")
    for unit_id, place in PLACES.items():
        await desk.hear(a_unit(unit_id, **place), a_line(unit_id, (f"O-{unit_id}", "2025-06-01")))
    await desk.hear(pool("S1"), pool("D1"))
    return desk


async def test_each_unit_of_a_development_pays_its_fee_once_and_nobody_else_does(estate: Desk) -> None:
    await decide(estate, SCHEDULE, **FEE)
    await estate.close("2026-03-31", "2026-04-01", "2026-04-02", "2026-07-01")
    assert await charged(estate) == {
        (unit_id, f"FEE-D1:{first_on}:{unit_id}"): 42_00
        for unit_id in ("U1", "U2", "H1", "H2")
        for first_on in ("2026-04-01", "2026-07-01")
    }
    stored = await estate.rows("select distinct unit_id, share_set_id from billing.charges order by 1")
    assert [tuple(row) for row in stored] == [("H1", None), ("H2", None), ("U1", None), ("U2", None)]
    assert await estate.wrong() == []


async def test_a_flat_that_turns_out_to_be_of_the_other_development_pays_its_fee_from_the_next_quarter_on(
    estate: Desk,
) -> None:
    for scope_id in ("D1", "D2"):
        await decide(estate, SCHEDULE, **FEE | {"schedule_id": f"FEE-{scope_id}", "scope_id": scope_id})
    await estate.close("2026-04-01", "2026-05-10")
    await estate.hear(a_unit("H2", block_id=None, development_id="D2"))
    await estate.close("2026-05-11", "2026-07-01")
    told = {name for unit_id, name in await charged(estate) if unit_id == "H2"}
    assert told == {"FEE-D1:2026-04-01:H2", "FEE-D2:2026-07-01:H2"}
    assert (await estate.balances())[(await estate.account("H2", "O-H2"))["account_ref"]] == 2 * 42_00
    await estate.note_closed()
    listed = {one["schedule_id"]: one for one in await estate.ask(schedule_questions.worklist)}
    assert {name: one["moved"] for name, one in listed.items()} == {"FEE-D1": ["H2"], "FEE-D2": []}
    assert await estate.wrong() == []
