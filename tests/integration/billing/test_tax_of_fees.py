"""A tax that changes: an instalment follows its period's first day, whenever it is raised and whoever owes it."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from services.billing.settings import SHIPPED_SCHEDULES, read_schedule_policy
from services.billing.usecases import fee_letters, instalments, relief_ends
from services.billing.usecases.fee_letters import LETTERS
from services.billing.usecases.relief_ends import RELIEF_END
from services.billing.usecases.schedules import RELIEF, SCHEDULE
from shared.events.topics import ACCOUNT_CHARGED, FEE_NOTICE, RELIEF_ENDED
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_credit, a_line, a_unit, shares
from tests.integration.billing.people import day, decide
from tests.integration.billing.test_schedules import FEE, POLICY

AWKWARD = FEE | {"schedule_id": "FEE", "annual_net_pence": 130_50}
"""The fee whose quarters differ by a penny: 32.63, 32.62, 32.63, 32.62 net."""
QUARTER = (32_62 + 6_03, 6_03)
"""Its second quarter, gross and the tax in it, at 18.5 %."""
NEWER = (
    {"kind": "management-fee", "code": "VAT-S", "effective_from": "2026-06-01", "basis_points": 1850},
    {"kind": "insurance", "code": "VAT-S", "effective_from": "2026-06-01", "basis_points": 1200},
)
"""From June, in the middle of a quarter and of an insurance year, fees bear less tax and premiums some."""


@pytest.fixture
async def block(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Two flats with an owner each while taxes change as ``NEWER`` says; it is 1 March."""
    shipped = json.loads(SHIPPED_SCHEDULES.read_text())
    path = tmp_path / "schedule_policy.json"
    path.write_text(json.dumps(shipped | {"taxes": [*NEWER, *shipped["taxes"]]}))
    for module in (fee_letters, instalments, relief_ends):
        monkeypatch.setattr(module, "read_schedule_policy", lambda: read_schedule_policy(path))
    await desk.close("2026-02-28")
    await desk.hear(a_unit("U1"), a_line("U1", ("A", "2025-06-01")), a_unit("U2"), a_line("U2", ("B", "2025-06-01")))
    return desk


async def charged(desk: Desk, unit_id: str) -> dict[str, tuple[int, int]]:
    """Pence, gross and the tax in them, by charge, as said of a unit's accounts."""
    gross: Counter[str] = Counter()
    tax: Counter[str] = Counter()
    for one in await desk.said(ACCOUNT_CHARGED):
        if one.unit_id == unit_id:
            gross[one.charge_id] += one.amount_pence
            tax[one.charge_id] += one.tax_pence
    return {name: (gross[name], tax[name]) for name in gross}


async def owed(desk: Desk, owner: str, charge_id: str) -> tuple[int, int]:
    """Pence, gross and the tax in them, of a charge on the account of an owner of the first flat."""
    lines = [one for one in (await desk.account("U1", owner))["lines"] if one["charge_id"] == charge_id]
    return sum(one["amount_pence"] for one in lines), sum(one["tax_pence"] for one in lines)


async def test_a_quarter_is_taxed_as_on_its_first_day(block: Desk) -> None:
    """130.50 at 20 %: 26.10 a year; at 18.5 %: 24.14, in quarters of 6.04, 6.03, 6.04, 6.03."""
    await decide(block, SCHEDULE, **AWKWARD)
    await block.close("2026-04-01", "2026-07-01", "2026-10-01")
    assert await charged(block, "U1") == {
        "FEE:2026-04-01:U1": (32_63 + 6_53, 6_53),
        "FEE:2026-07-01:U1": QUARTER,
        "FEE:2026-10-01:U1": (32_63 + 6_04, 6_04),
    }
    assert await block.wrong() == []


async def test_what_is_raised_after_the_change_for_a_quarter_before_it_bears_the_older_tax(block: Desk) -> None:
    """A flat registered in August and managed from 16 May; another let off until 9 June, which was said in May."""
    await decide(block, SCHEDULE, **AWKWARD)
    relief = {"schedule_id": "FEE", "unit_id": "U1", "from_on": "2026-04-01", "evidence": "minute 4"}
    relief_id = (await decide(block, RELIEF, **relief, basis_points=10_000))["relief_id"]
    await block.close("2026-04-01", "2026-05-01")
    end = {"relief_id": relief_id, "ended_on": "2026-06-09", "evidence": "minute 5", "why": "it lasted long enough"}
    await decide(block, RELIEF_END, **end)
    await block.close("2026-05-02", "2026-06-09", "2026-06-10", "2026-07-01", "2026-08-14")
    await block.hear(a_unit("U3", managed_from=day("2026-05-16")), a_line("U3", ("C", "2026-05-16")))
    await block.close("2026-08-15")
    # The last 46 and 21 days of 91: what the days before them leave of 32.63 and 6.53.
    assert sorted((await charged(block, "U3")).values()) == [(16_49 + 3_30, 3_30), QUARTER]
    assert sorted((await charged(block, "U1")).values()) == [(7_53 + 1_51, 1_51), QUARTER]
    [told] = await block.said(RELIEF_ENDED)
    assert (told.old_pence, told.new_pence, told.new_tax_pence) == (0, 130_50 + 26_10, 26_10)
    assert await block.wrong() == []


async def test_a_sale_divides_the_tax_that_the_instalment_was_raised_with(block: Desk) -> None:
    """Entry on 17 August: 47 days of 92 are the seller's."""
    await decide(block, SCHEDULE, **AWKWARD)
    await block.close("2026-04-01", "2026-07-01", "2026-08-20")
    await block.hear(a_line("U1", ("A", "2025-06-01"), ("N", "2026-08-17"), version=2))
    assert await owed(block, "A", "FEE:2026-07-01:U1") == (16_66 + 3_08, 3_08)
    assert await owed(block, "N", "FEE:2026-07-01:U1") == (15_96 + 2_95, 2_95)
    assert await block.wrong() == []


async def test_a_yearly_premium_keeps_its_tax_across_the_change_and_the_next_years_bears_the_new_one(
    block: Desk,
) -> None:
    await block.hear(shares(("U1", 1, 2), ("U2", 1, 2)))
    await decide(block, SCHEDULE, **POLICY | {"annual_net_pence": 4_200_06})
    await block.close("2026-04-01", "2026-06-01", "2026-08-20")
    await block.hear(a_line("U1", ("A", "2025-06-01"), ("N", "2026-08-17"), version=2))
    # 138 days of 365 are the seller's; what is credited after the change bears no tax either.
    assert await owed(block, "A", "INS-B1:2026-04-01") == (793_98, 0)
    assert await owed(block, "N", "INS-B1:2026-04-01") == (1_306_05, 0)
    await block.hear(a_credit("K1", "INS-B1:2026-04-01", 400_00, on="2026-08-21"))
    assert {tax for _, tax in (await charged(block, "U1")).values()} == {0}
    await block.close("2027-04-01")
    pools = [(await charged(block, unit_id))["INS-B1:2027-04-01"] for unit_id in ("U1", "U2")]
    assert tuple(map(sum, zip(*pools, strict=True))) == (4_200_06 + 504_01, 504_01)
    assert await block.wrong() == []


async def test_owners_are_told_of_an_increase_with_each_years_own_tax(block: Desk) -> None:
    """What the letter says a year comes to is what its four instalments come to."""
    await decide(block, SCHEDULE, **AWKWARD)
    await block.close("2026-04-01", "2026-05-01")
    await decide(block, SCHEDULE, **AWKWARD | {"effective_from": "2026-07-01", "annual_net_pence": 160_50})
    await decide(block, LETTERS, schedule_id="FEE", version=2, why="wages")
    told = next(one for one in await block.said(FEE_NOTICE) if one.unit_id == "U1")
    assert (told.old_pence, told.new_pence, told.new_tax_pence) == (130_50 + 26_10, 160_50 + 29_69, 29_69)
    await block.close("2026-07-01", "2026-10-01", "2027-01-01", "2027-04-01")
    year: Any = list((await charged(block, "U1")).values())[1:]
    assert tuple(map(sum, zip(*year, strict=True))) == (told.new_pence, told.new_tax_pence)
