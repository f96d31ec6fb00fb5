"""Rule 5 on a real database: eight flats, one owner whom nobody can find, and what happens when they pay after all."""

from datetime import date

import pytest

from services.billing.domain.refs import account_ref
from services.billing.usecases import questions, write_offs
from shared.bus.refusals import NotValidError
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_line, a_payment, a_reversal, a_unit, shares
from tests.integration.billing.people import write_off

UNITS = [f"U{number}" for number in range(1, 9)]
MISSING = account_ref("U3", "O3")


@pytest.fixture
async def close_of_eight(desk: Desk) -> Desk:
    """A roof of 1,600.00 billed to eight equal flats; it is 2 June."""
    await desk.hear(*(a_unit(unit) for unit in UNITS))
    await desk.hear(*(a_line(unit, (f"O{unit[1:]}", "2025-06-01")) for unit in UNITS))
    await desk.hear(shares(*((unit, 1, 8) for unit in UNITS)))
    await desk.close("2025-12-31")
    await desk.hear(
        a_charge("ROOF", 1_600_00, pool="S1", on="2026-01-10"), a_charge("OWN", 5, unit="U3", on="2026-01-11")
    )
    await desk.close("2026-04-01", "2026-06-01")
    await write_off(desk, MISSING, {"ROOF": 200_00}, ground="rule-5")
    await desk.close("2026-06-02")
    return desk


async def others(desk: Desk) -> list[int]:
    found = await desk.ask(questions.accounts, None, None)
    return sorted(row["balance_pence"] for row in found if row["unit_id"] != "U3")


async def missing(desk: Desk) -> int:
    return int((await desk.account("U3", "O3"))["balance_pence"])


CARRIED = [228_57] * 6 + [228_58]


async def test_the_other_owners_carry_the_share_and_the_missing_one_stays_liable(close_of_eight: Desk) -> None:
    assert (await others(close_of_eight), await missing(close_of_eight)) == (CARRIED, 5)
    [memo] = await close_of_eight.ask(write_offs.worklist)
    assert (memo["ground"], memo["standing_pence"]) == ("rule-5", 200_00)
    await close_of_eight.close("2026-06-03", "2026-06-04")
    assert await others(close_of_eight) == CARRIED
    assert await close_of_eight.wrong() == []


async def test_when_the_missing_owner_pays_the_others_get_their_pennies_back(close_of_eight: Desk) -> None:
    """Case 62 of domain.md 9; and a payment that bounces lets them carry it again."""
    desk = close_of_eight
    await desk.hear(a_payment("P1", 80_05, on="2026-06-03", account_ref=MISSING))
    await desk.close("2026-06-03")
    assert (await missing(desk), sum(await others(desk))) == (0, 7 * 200_00 + 120_00)
    await desk.hear(a_payment("P2", 120_00, on="2026-06-04", account_ref=MISSING))
    await desk.close("2026-06-04")
    assert (await others(desk), await missing(desk)) == ([200_00] * 7, 0)
    assert await desk.wrong() == []
    await desk.hear(a_reversal("R2", "P2", 120_00, on="2026-06-05"))
    await desk.close("2026-06-05")
    assert (await missing(desk), sum(await others(desk))) == (0, 7 * 200_00 + 120_00)
    assert await desk.wrong() == []


async def test_a_sale_learnt_late_lets_the_new_owner_owe_and_nobody_carry(close_of_eight: Desk) -> None:
    desk = close_of_eight
    await desk.hear(a_line("U3", ("O3", "2025-06-01"), ("N3", "2026-01-02"), version=2))
    await desk.close("2026-06-03")
    assert await others(desk) == [200_00] * 7
    assert (await desk.account("U3", "N3"))["balance_pence"] == 200_05
    assert await desk.wrong() == []


async def test_a_flats_own_cost_has_nobody_to_carry_it(close_of_eight: Desk) -> None:
    with pytest.raises(NotValidError, match="OWN is no shared cost"):
        await write_off(close_of_eight, MISSING, {"OWN": 5}, ground="rule-5")
    assert close_of_eight.book == date(2026, 6, 3)


async def test_a_cost_of_one_flat_alone_has_nobody_to_carry_it(close_of_eight: Desk) -> None:
    """A share set of one unit: what is given up of it would wait in suspense for ever."""
    desk = close_of_eight
    await desk.hear(shares(("U3", 1, 1), set_id="S3"), a_charge("DOOR", 200_00, pool="S3", on="2026-06-10"))
    await desk.close("2026-07-01")
    with pytest.raises(NotValidError, match="DOOR is no shared cost: there are no other owners to carry it"):
        await write_off(desk, MISSING, {"DOOR": 200_00}, ground="rule-5")
