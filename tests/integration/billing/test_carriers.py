"""Who carries a share that was given up follows the shares in force: a correction learnt late ends like one known."""

import pytest

from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_charge, a_line, a_payment, a_reversal, a_unit, shares
from tests.integration.billing.people import write_off
from tests.integration.billing.test_redistribution import MISSING, UNITS

SET = "select effective_from, members from billing.share_versions where share_set_id like 'R5:%' order by 1"
CARRIED = """
select unit_id, sum(net_pence)::bigint as pence from billing.charge_parts where charge_id like 'R5:%' group by 1
"""
UNEVEN = [("U1", 1, 16), ("U2", 3, 16), *((unit, 1, 8) for unit in UNITS[2:])]


async def a_close(desk: Desk) -> None:
    """Eight equal flats and their owners; it is the first day of 2026."""
    await desk.hear(*(a_unit(unit) for unit in UNITS))
    await desk.hear(*(a_line(unit, (f"O{unit[1:]}", "2025-06-01")) for unit in UNITS))
    await desk.hear(shares(*((unit, 1, 8) for unit in UNITS)))
    await desk.close("2025-12-31")


async def a_roof(desk: Desk) -> None:
    """A roof of 1,600.00 on the close of eight."""
    await a_close(desk)
    await desk.hear(a_charge("ROOF", 1_600_00, pool="S1", on="2026-01-10"))


async def given_up(desk: Desk) -> None:
    """The roof is billed, and the share of U3 given up; it is 3 June."""
    await desk.close("2026-04-01", "2026-06-01")
    await write_off(desk, MISSING, {"ROOF": 200_00}, ground="rule-5")
    await desk.close("2026-06-02")


@pytest.mark.parametrize("since", ["2025-01-01", "2025-12-01"])
async def test_a_corrected_share_set_ends_in_the_pennies_of_knowing_it_before(desks: Desks, since: str) -> None:
    """Case 3 of domain.md 9: the correction may be of the same day, or of a later one that is in force."""
    ends = []
    for late in (False, True):
        desk = await desks()
        await a_roof(desk)
        if not late:
            await desk.hear(shares(*UNEVEN, since=since))
        await given_up(desk)
        if late:
            await desk.hear(shares(*UNEVEN, since=since))
        await desk.close("2026-06-03", "2026-06-04")
        assert await desk.wrong() == []
        ends.append(await desk.balances())
    assert ends[0] == ends[1]
    assert sum(ends[0].values()) == 1_600_00


async def test_what_bounces_after_a_correction_is_carried_by_the_others_of_now(desk: Desk) -> None:
    await a_roof(desk)
    await given_up(desk)
    await desk.hear(a_payment("P1", 120_00, on="2026-06-03", account_ref=MISSING))
    await desk.close("2026-06-03")
    await desk.hear(shares(*UNEVEN, since="2025-12-01"))
    await desk.hear(a_reversal("R1", "P1", 120_00, on="2026-06-04"))
    await desk.close("2026-06-04")
    assert await desk.wrong() == []
    two = {row["unit_id"]: row["pence"] for row in await desk.rows(CARRIED)}
    assert (sum(two.values()), two["U2"] > two["U4"] > two["U1"]) == (200_00, True)


async def test_days_without_a_correction_touch_nobody(desk: Desk) -> None:
    await a_roof(desk)
    await given_up(desk)
    kept, told = await desk.rows(SET), await desk.rows("select count(*) from billing.causes")
    await desk.close("2026-06-03", "2026-06-04")
    assert (await desk.rows(SET), await desk.rows("select count(*) from billing.causes")) == (kept, told)
    assert len(kept) == 1


async def test_nobody_carries_while_the_shares_are_no_whole(desk: Desk) -> None:
    await a_roof(desk)
    await given_up(desk)
    await desk.hear(shares(("U1", 1, 2), complete=False))
    await desk.close("2026-06-03")
    assert await desk.balances() == {"suspense-charges": 1_600_00}
    await desk.hear(shares(*UNEVEN))
    await desk.close("2026-06-04")
    assert sum((await desk.balances()).values()) == 1_600_00
    assert await desk.wrong() == []
