"""Letters of an increase, billing's side: who is told what, once, and from which day the new price is charged."""

from datetime import date
from typing import Any

import pytest

from services.billing.usecases.fee_letters import LETTERS
from services.billing.usecases.relief_ends import RELIEF_END
from services.billing.usecases.schedules import RELIEF, SCHEDULE
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError
from shared.events.billing import FeeNoticeGiven
from shared.events.housing import Tenure
from shared.events.topics import FEE_NOTICE, RELIEF_ENDED
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_line, a_unit, shares
from tests.integration.billing.people import decide
from tests.integration.billing.test_schedules import FEE, POLICY, charged, listed, two_flats

DEARER = FEE | {"effective_from": "2026-07-01", "annual_net_pence": 160_00}


async def tell(desk: Desk, **body: Any) -> Any:
    """Let two people decide that owners are told."""
    return await decide(desk, LETTERS, **{"schedule_id": "FEE-B1", "version": 2, "why": "Wages rose by 4 %"} | body)


async def told(desk: Desk) -> list[FeeNoticeGiven]:
    return await desk.said(FEE_NOTICE)


@pytest.fixture
async def block(desk: Desk) -> Desk:
    """Two flats of owners and one of the association pay a fee since April; it is 2 April and goes up in July."""
    await two_flats(desk)
    await desk.hear(a_unit("U3", tenure=Tenure.ASSOCIATION))
    await decide(desk, SCHEDULE, **FEE)
    await desk.close("2026-03-31", "2026-04-01")
    await decide(desk, SCHEDULE, **DEARER)
    return desk


async def test_every_owner_of_the_schedule_is_told_old_and_new_and_the_day(block: Desk) -> None:
    answer = await tell(block)
    assert answer == {"schedule_id": "FEE-B1", "version": 2, "letters": 2, "effective_from": "2026-07-01"}
    said = await told(block)
    assert [(one.unit_id, one.ownership_id) for one in said] == [("U1", "A"), ("U2", "B")]
    assert {(one.old_pence, one.new_pence, one.new_tax_pence, one.instalments, one.share) for one in said} == {
        (168_00, 192_00, 32_00, 4, None)
    }
    assert {(one.effective_from, one.notified_on, one.why) for one in said} == {
        (date(2026, 7, 1), date(2026, 4, 2), "Wages rose by 4 %")
    }
    await block.close("2026-07-01")
    assert (await charged(block))["U1", "FEE-B1:2026-07-01:U1"] == 48_00
    schedule = await listed(block)
    assert (schedule["version"], schedule["lacks_notice"]) == (2, None)
    assert [(one["version"], one["letters"]) for one in schedule["letters"]] == [(2, 2)]


async def test_owners_told_too_late_for_a_quarter_are_told_the_next(block: Desk) -> None:
    await block.close("2026-06-14")
    assert (await tell(block))["effective_from"] == "2026-10-01"
    assert {one.effective_from for one in await told(block)} == {date(2026, 10, 1)}
    await block.close("2026-07-01", "2026-10-01")
    found = await charged(block)
    pence = [found["U1", f"FEE-B1:2026-{month}-01:U1"] for month in ("07", "10")]
    assert pence == [42_00, 48_00]


async def test_nobody_is_told_twice(block: Desk) -> None:
    await tell(block)
    await block.close("2026-04-02")
    with pytest.raises(NotNowError, match="written to about version 2 on 2026-04-02"):
        await tell(block)
    assert len(await told(block)) == 2


async def test_who_has_left_is_not_told_and_who_is_to_come_is(block: Desk) -> None:
    await block.hear(a_line("U1", ("A", "2025-06-01"), ("N", "2026-03-20"), version=2))
    await block.hear(a_line("U2", ("B", "2025-06-01"), ("M", "2026-05-20"), version=2))
    await tell(block)
    assert [one.ownership_id for one in await told(block)] == ["N", "M"]  # B leaves before the first day


async def test_a_relief_counts_in_both_sums_and_an_opt_out_gets_no_letter(block: Desk) -> None:
    off = {"schedule_id": "FEE-B1", "from_on": "2026-04-01", "evidence": "DD"}
    await decide(block, RELIEF, **off, unit_id="U1", basis_points=500)
    await decide(block, RELIEF, **off, unit_id="U2", basis_points=10_000)
    await tell(block)
    assert [(one.unit_id, one.old_pence, one.new_pence) for one in await told(block)] == [("U1", 159_60, 182_40)]


async def test_whose_opt_out_ends_later_is_told_the_new_price_from_then(block: Desk) -> None:
    """Their letter of the end named the old price; by the new one they pay more from the same day on."""
    off = {"schedule_id": "FEE-B1", "from_on": "2026-04-01", "evidence": "agreed", "basis_points": 10_000}
    ids = [(await decide(block, RELIEF, **off, unit_id=unit_id))["relief_id"] for unit_id in ("U1", "U2")]
    await block.hear(a_line("U2", ("B", "2025-06-01"), ("M", "2026-07-20"), version=2))
    for relief_id in ids:
        body = {"relief_id": relief_id, "ended_on": "2026-07-31", "evidence": "letter 3", "why": "It was for a year"}
        await decide(block, RELIEF_END, **body)
    await block.close("2026-04-02")
    assert {(one.new_pence, f"{one.charged_from}") for one in await block.said(RELIEF_ENDED)} == {
        (168_00, "2026-08-01")
    }
    await tell(block)
    found = [(one.ownership_id, one.old_pence, one.new_pence, f"{one.effective_from}") for one in await told(block)]
    assert found == [("A", 0, 192_00, "2026-08-01"), ("M", 0, 192_00, "2026-08-01")]
    await block.close("2026-07-01", "2026-08-01")
    # £40.00 a quarter for 61 of 92 days are £26.52, and tax £5.30.
    assert (await charged(block))["U1", "FEE-B1:2026-08-01/2026-09-30:U1"] == 31_82


async def test_the_owners_of_a_pool_are_told_the_whole_cost_and_their_share(block: Desk) -> None:
    await block.hear(shares(("U1", 1, 3), ("U2", 1, 3), ("U3", 1, 3)))
    await decide(block, SCHEDULE, **POLICY | {"effective_from": "2027-04-01"})
    await decide(block, SCHEDULE, **POLICY | {"effective_from": "2028-04-01", "annual_net_pence": 4_500_00})
    answer = await tell(block, schedule_id="INS-B1")
    assert (answer["letters"], answer["effective_from"]) == (2, "2028-04-01")
    assert {(one.old_pence, one.new_pence, one.share, one.new_tax_pence) for one in await told(block)} == {
        (4_200_00, 4_500_00, "1/3", 0)
    }


async def test_what_is_no_increase_or_not_known_is_refused(block: Desk) -> None:
    await decide(block, SCHEDULE, **FEE | {"effective_from": "2026-10-01", "annual_net_pence": 100_00})
    for version, refusal, words in ((1, NotValidError, "Nothing goes up"), (3, NotValidError, "Nothing goes up"),
                                    (4, NotKnownError, "no version 4")):  # fmt: skip
        with pytest.raises(refusal, match=words):
            await tell(block, version=version)
    assert await told(block) == []
