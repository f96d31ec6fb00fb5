"""Dearer without a new version: a schedule in the place of an ended one, and a flat registered in another block."""

from typing import Any

import pytest

from services.billing.usecases import schedule_questions
from services.billing.usecases.fee_letters import LETTERS
from services.billing.usecases.schedules import NOTICE, SCHEDULE
from shared.events.topics import FEE_NOTICE
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_line, a_unit
from tests.integration.billing.people import decide
from tests.integration.billing.test_schedules import FEE, POLICY, charged, two_flats

OTHER = FEE | {"schedule_id": "FEE-B2", "scope_id": "B2", "annual_net_pence": 160_00}
YEARLY = FEE | {"schedule_id": "YEAR-B1", "effective_from": "2026-07-01", "annual_net_pence": 160_00, "instalments": 1,
                "year_starts": 7}  # fmt: skip


@pytest.fixture
async def blocks(desk: Desk) -> Desk:
    """Two flats in B1, one in B2, each block with its fee; it is 2 April."""
    await two_flats(desk)
    await decide(desk, SCHEDULE, **FEE)
    await decide(desk, SCHEDULE, **OTHER)
    await desk.close("2026-03-31", "2026-04-01")
    return desk


async def of_unit(desk: Desk, unit_id: str = "U1") -> dict[str, int]:
    return {name: pence for (unit, name), pence in (await charged(desk)).items() if unit == unit_id}


async def worklist(desk: Desk) -> dict[str, Any]:
    await desk.note_closed()
    return {one["schedule_id"]: one for one in await desk.ask(schedule_questions.worklist)}


async def test_a_dearer_schedule_in_the_place_of_one_that_ended_waits_for_its_notice(blocks: Desk) -> None:
    await decide(blocks, SCHEDULE, **FEE | {"effective_from": "2026-07-01", "annual_net_pence": 0})
    await decide(blocks, SCHEDULE, **YEARLY)
    await blocks.close("2026-07-01")
    assert list(await of_unit(blocks)) == ["FEE-B1:2026-04-01:U1"]
    told = (await worklist(blocks))["YEAR-B1"]
    assert (told["version"], told["lacks_notice"], told["annual_net_pence"]) == (None, 1, 0)


async def test_owners_are_written_to_about_a_schedule_that_takes_over(blocks: Desk) -> None:
    await decide(blocks, SCHEDULE, **FEE | {"effective_from": "2026-07-01", "annual_net_pence": 0})
    await decide(blocks, SCHEDULE, **YEARLY)
    await decide(blocks, LETTERS, schedule_id="YEAR-B1", version=1, why="Paid once a year now")
    said = await blocks.said(FEE_NOTICE)
    assert {(one.unit_id, one.old_pence, one.new_pence) for one in said} == {
        ("U1", 168_00, 192_00), ("U2", 168_00, 192_00),
    }  # fmt: skip
    await blocks.close("2026-07-01")
    assert (await of_unit(blocks))["YEAR-B1:2026-07-01:U1"] == 192_00


async def test_a_notice_by_hand_lets_it_hold_too(blocks: Desk) -> None:
    await decide(blocks, SCHEDULE, **FEE | {"effective_from": "2026-07-01", "annual_net_pence": 0})
    await decide(blocks, SCHEDULE, **YEARLY)
    await decide(blocks, NOTICE, schedule_id="YEAR-B1", version=1, notified_on="2026-04-01", evidence="letter 4")
    await blocks.close("2026-07-01")
    assert (await of_unit(blocks))["YEAR-B1:2026-07-01:U1"] == 192_00


async def test_a_flat_registered_in_another_block_is_charged_its_fee_from_the_next_period_and_is_listed(
    blocks: Desk,
) -> None:
    await blocks.hear(a_unit("U1", block_id="B2"))
    await blocks.close("2026-04-02")
    assert await of_unit(blocks) == {"FEE-B1:2026-04-01:U1": 42_00}
    told = await worklist(blocks)
    assert (told["FEE-B1"]["moved"], told["FEE-B2"]["moved"]) == (["U1"], [])
    await blocks.close("2026-07-01")
    assert await of_unit(blocks) == {"FEE-B1:2026-04-01:U1": 42_00, "FEE-B2:2026-07-01:U1": 48_00}
    await blocks.hear(a_unit("U1"))
    await blocks.close("2026-07-02")
    assert (await worklist(blocks))["FEE-B2"]["moved"] == ["U1"]
    await blocks.close("2026-10-01")
    assert await of_unit(blocks) == {
        "FEE-B1:2026-04-01:U1": 42_00, "FEE-B2:2026-07-01:U1": 48_00, "FEE-B1:2026-10-01:U1": 42_00,
    }  # fmt: skip
    assert await blocks.wrong() == []


async def test_days_that_a_yearly_premium_is_for_are_not_charged_again_by_the_quarter(blocks: Desk) -> None:
    yearly = POLICY | {"schedule_id": "INS-B1", "scope": "block", "scope_id": "B1", "annual_net_pence": 365_00}
    each = yearly | {"schedule_id": "INS-B2", "scope_id": "B2", "instalments": 4, "effective_from": "2026-07-01"}
    await decide(blocks, SCHEDULE, **yearly | {"effective_from": "2026-07-01", "year_starts": 7})
    await decide(blocks, SCHEDULE, **each | {"annual_net_pence": 400_00})
    await blocks.close("2026-07-01")
    await blocks.hear(a_unit("U1", block_id="B2"))
    await blocks.close("2026-07-02", "2026-10-01", "2027-07-01")
    premiums = {name: pence for name, pence in (await of_unit(blocks)).items() if name.startswith("INS")}
    assert premiums == {"INS-B1:2026-07-01:U1": 365_00, "INS-B2:2027-07-01:U1": 100_00}


async def test_a_flat_that_was_charged_by_nobody_before_gets_its_past_from_its_right_block(blocks: Desk) -> None:
    """A registration with a block mistyped, of which nobody charges: put right, it is as if it had been right."""
    await blocks.hear(a_unit("U3", block_id="B-1"))
    await blocks.close("2026-04-02")
    await blocks.hear(a_unit("U3"))
    await blocks.close("2026-04-03")
    assert await of_unit(blocks, "U3") == {}
    await blocks.hear(a_line("U3", ("C", "2025-06-01")))
    assert await of_unit(blocks, "U3") == {"FEE-B1:2026-04-01:U3": 42_00}
