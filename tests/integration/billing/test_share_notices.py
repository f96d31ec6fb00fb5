"""Notices of missing shares: who carries one is told once, the sums and nobody's name (domain.md 2.3, R-TEN-5)."""

from datetime import date

import pytest

from shared.events.billing import ShareCarried
from shared.events.topics import SHARE_CARRIED, STATEMENT_ISSUED
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_payment, a_reversal, a_unit, shares
from tests.integration.billing.people import write_off
from tests.integration.billing.test_carriers import UNEVEN, a_roof, given_up
from tests.integration.billing.test_redistribution import MISSING, UNITS

OTHERS = ["O1", "O2", "O4", "O5", "O6", "O7", "O8"]


async def told(desk: Desk) -> list[ShareCarried]:
    return await desk.said(SHARE_CARRIED)


async def owners_told(desk: Desk) -> list[str]:
    return sorted(one.ownership_id for one in await told(desk))


async def test_each_other_owner_is_told_once_the_cost_what_is_missing_and_their_part(desk: Desk) -> None:
    """Example 3.12: 200.00 of 1,600.00, missing, is 28.58 once and 28.57 six times."""
    await a_roof(desk)
    await given_up(desk)
    said = await told(desk)
    assert sorted(one.ownership_id for one in said) == OTHERS
    assert sorted(one.share_pence for one in said) == [28_57] * 6 + [28_58]
    assert {(one.total_pence, one.missing_pence, one.share, one.description) for one in said} == {
        (1_600_00, 200_00, "1/7", "Work ROOF")
    }
    assert {(one.shared_charge_id, one.carried_on) for one in said} == {("ROOF", date(2026, 6, 2))}
    for one in said:
        account = await desk.account(one.unit_id, one.ownership_id)
        assert (account["account_ref"], account["balance_pence"]) == (one.account_ref, 200_00 + one.share_pence)
    await desk.close("2026-06-03", "2026-06-04")
    assert len(await told(desk)) == 7


async def test_no_notice_and_no_statement_says_whose_share_it_is(desk: Desk) -> None:
    await a_roof(desk)
    await given_up(desk)
    await desk.close("2026-06-03", "2026-07-01")
    papers = [*await told(desk), *(one for one in await desk.said(STATEMENT_ISSUED) if one.quarter == "2026Q2")]
    of_others = [one.model_dump_json() for one in papers if one.ownership_id != "O3"]
    assert len(of_others) == 14
    for name in ("U3", "O3", MISSING, "WO-", "file 12/3", "costs more than it brings"):
        assert not [one for one in of_others if name in one]


async def test_the_association_is_not_told_and_an_owner_not_known_yet_once_they_are(desk: Desk) -> None:
    await desk.hear(*(a_unit(unit) for unit in UNITS))
    await desk.hear(*(a_line(unit, (f"O{unit[1:]}", "2025-06-01")) for unit in UNITS[:6]))
    await desk.hear(a_line("U7", ("", "2025-01-01", True)), shares(*((unit, 1, 8) for unit in UNITS)))
    await desk.close("2025-12-31")
    await desk.hear(a_charge("ROOF", 1_600_00, pool="S1", on="2026-01-10"))
    await given_up(desk)
    assert await owners_told(desk) == OTHERS[:5]
    await desk.close("2026-06-03")
    await desk.hear(a_line("U8", ("O8", "2025-06-01")))
    await desk.close("2026-06-04", "2026-06-05")
    assert await owners_told(desk) == [*OTHERS[:5], "O8"]
    last = (await told(desk))[-1]
    assert (last.missing_pence, last.carried_on) == (200_00, date(2026, 6, 4))
    assert await desk.wrong() == []


async def test_who_was_told_is_not_told_again_and_who_comes_to_carry_by_a_late_sale_is(desk: Desk) -> None:
    await a_roof(desk)
    await given_up(desk)
    await desk.hear(shares(*UNEVEN, since="2025-12-01"))
    await desk.close("2026-06-03")
    assert await owners_told(desk) == OTHERS
    await desk.hear(a_line("U1", ("O1", "2025-06-01"), ("N1", "2026-01-02"), version=2))
    await desk.close("2026-06-04")
    assert await owners_told(desk) == ["N1", *OTHERS]
    assert (await told(desk))[-1].share == "1/14"


async def test_money_given_back_makes_no_letter_and_what_bounces_is_a_charge_of_its_own(desk: Desk) -> None:
    await a_roof(desk)
    await given_up(desk)
    await desk.hear(a_payment("P1", 120_00, on="2026-06-03", account_ref=MISSING))
    await desk.close("2026-06-03")
    assert len(await told(desk)) == 7
    await desk.hear(a_reversal("R1", "P1", 120_00, on="2026-06-04"))
    await desk.close("2026-06-04")
    said = (await told(desk))[7:]
    assert [sum(one.share_pence for one in said), *{one.missing_pence for one in said}] == [120_00, 120_00]
    assert sorted(one.ownership_id for one in said) == OTHERS


async def test_what_was_credited_of_the_cost_is_not_in_its_total(desk: Desk) -> None:
    await a_roof(desk)
    await desk.hear(a_credit("K1", "ROOF", 160_00, on="2026-02-01"))
    await desk.close("2026-04-01", "2026-06-01")
    await write_off(desk, MISSING, {"ROOF": 180_00}, ground="rule-5")
    await desk.close("2026-06-02")
    assert {(one.total_pence, one.missing_pence) for one in await told(desk)} == {(1_440_00, 180_00)}


async def test_a_day_that_is_lost_and_worked_again_says_the_same_once(desks: Desks) -> None:
    heard = []
    for crashes in (False, True):
        desk = await desks()
        await a_roof(desk)
        await desk.close("2026-04-01", "2026-06-01")
        await write_off(desk, MISSING, {"ROOF": 200_00}, ground="rule-5")
        if crashes:
            with pytest.raises(ConnectionError):
                await desk.slice(date(2026, 6, 2), "", fails=True)
            assert await told(desk) == []
        await desk.close("2026-06-02", "2026-06-03")
        heard.append(await told(desk))
    # The name of a write-off, and so of its charge, is the proposal's of its own database.
    ends = [[(one.account_ref, one.total_pence, one.missing_pence, one.share) for one in said] for said in heard]
    assert ends[0] == ends[1]
    assert len(ends[0]) == 7


async def test_who_is_known_when_all_was_given_back_is_told_nothing(desk: Desk) -> None:
    await desk.hear(*(a_unit(unit) for unit in UNITS), shares(*((unit, 1, 8) for unit in UNITS)))
    await desk.hear(*(a_line(unit, (f"O{unit[1:]}", "2025-06-01")) for unit in UNITS[:7]))
    await desk.close("2025-12-31")
    await desk.hear(a_charge("ROOF", 1_600_00, pool="S1", on="2026-01-10"))
    await given_up(desk)
    await desk.hear(a_payment("P1", 200_00, on="2026-06-03", account_ref=MISSING))
    await desk.close("2026-06-03")
    await desk.hear(a_line("U8", ("O8", "2025-06-01")))
    await desk.close("2026-06-04")
    assert await owners_told(desk) == OTHERS[:6]
