"""Work that the owners decided on before a sale and that was instructed after it: whose it is, by the policy's word."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.billing.domain.refs import account_ref
from services.billing.settings import SHIPPED_LIABILITY, read_liability_policies
from services.billing.usecases import charges, explaining, redistribution
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_unit, shares
from tests.integration.billing.people import write_off

SELLER, BUYER, NEIGHBOUR = account_ref("U1", "SELLER"), account_ref("U1", "BUYER"), account_ref("U2", "N")


@pytest.fixture
def by_decision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Let billing read a policy file in which repairs are owed on the day they were decided on, else on others."""
    (shipped,) = json.loads(SHIPPED_LIABILITY.read_text())
    rule = shipped["kinds"]["repair"]
    rule["owed_on"] = ["decided_on", *getattr(request, "param", rule["owed_on"])]
    path = tmp_path / "liability.json"
    path.write_text(json.dumps([shipped | {"version": "by-decision"}]))
    for module in (charges, explaining, redistribution):
        monkeypatch.setattr(module, "read_liability_policies", lambda: read_liability_policies(path))


async def a_sale_between(desk: Desk) -> None:
    """A roof decided on 5 January, a sale on the 20th, the roof instructed on 2 February, half of it credited."""
    await desk.hear(a_unit(), a_unit("U2"), shares(("U1", 1, 2), ("U2", 1, 2)))
    await desk.hear(a_line("U1", ("SELLER", "2025-06-01"), ("BUYER", "2026-01-20")), a_line("U2", ("N", "2025-06-01")))
    days: dict[str, Any] = {"decided_on": date(2026, 1, 5), "instructed_on": date(2026, 2, 2)}
    await desk.hear(a_charge("ROOF", 900_00, pool="S1", on="2026-03-01", **days))
    await desk.hear(a_charge("GUTTER", 80_00, pool="S1", on="2026-03-01", instructed_on=date(2026, 2, 2)))
    await desk.hear(a_credit("K1", "ROOF", 450_00, on="2026-03-10"))


@pytest.mark.usefixtures("by_decision")
async def test_who_owned_when_the_work_was_decided_on_pays_it_and_gets_what_is_credited(desk: Desk) -> None:
    await a_sale_between(desk)
    assert await desk.balances() == {SELLER: 225_00, BUYER: 40_00, NEIGHBOUR: 265_00}
    found = [(await desk.ask(explaining.explain, BUYER, name))["liability"] for name in ("ROOF", "GUTTER")]
    assert [(one["policy"], one["decided_by"], one["from"]) for one in found] == [
        ("by-decision", "decided_on", date(2026, 1, 5)), ("by-decision", "instructed_on", date(2026, 2, 2)),
    ]  # fmt: skip
    assert await desk.wrong() == []


async def test_under_the_shipped_policy_the_day_it_was_instructed_decides(desk: Desk) -> None:
    await a_sale_between(desk)
    assert await desk.balances() == {BUYER: 265_00, NEIGHBOUR: 265_00}
    assert (await desk.ask(explaining.explain, BUYER, "ROOF"))["liability"]["decided_by"] == "instructed_on"
    stored = await desk.rows("select decided_on, instructed_on from billing.charges where charge_id = 'ROOF'")
    assert [tuple(row) for row in stored] == [(date(2026, 1, 5), date(2026, 2, 2))]


@pytest.mark.parametrize("by_decision", [["raised_on"]], indirect=True)
@pytest.mark.usefixtures("by_decision")
async def test_a_share_nobody_can_recover_is_carried_by_who_owned_when_the_work_was_decided_on(desk: Desk) -> None:
    """Rule 5, under a policy that asks for no day but that one: the buyer carries nothing of the seller's roof."""
    await a_sale_between(desk)
    await desk.close("2026-03-31", "2026-04-01", "2026-06-01")
    await write_off(desk, NEIGHBOUR, {"ROOF": 225_00}, ground="rule-5")
    await desk.close("2026-06-02")
    assert await desk.balances() == {SELLER: 450_00, BUYER: 40_00, NEIGHBOUR: 40_00}
    assert await desk.wrong() == []
