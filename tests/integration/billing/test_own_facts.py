"""What billing does of itself is known by how it came, never by a name: the housing system may use any."""

import asyncpg

from services.billing.db import payments, reports
from services.billing.domain.refs import account_ref, other_name
from services.billing.usecases import questions, verify
from services.billing.usecases.owners_money import TERMS
from services.billing.usecases.schedules import SCHEDULE
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_line, a_payment, a_reversal, a_unit
from tests.integration.billing.people import decide
from tests.integration.billing.test_floats import FLOAT
from tests.integration.billing.test_schedules import FEE, charged, two_flats


async def facts_told(connection: asyncpg.Connection) -> list[tuple[str, str]]:
    return [(kind, name) async for kind, name, *_ in reports.each_fact(connection)]


async def test_what_the_housing_system_said_is_not_taken_for_our_own(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    desk.source = "closebook/schedules"
    await desk.hear(a_charge("C1", 700, unit="U1", on="2026-01-02"), a_payment("P1", 500, on="2026-01-03"))
    await desk.hear(a_reversal("refund:1", "P1", 200, on="2026-01-04"))
    sums = (await desk.ask(verify.verify))["taken_in"]
    assert (sums["charges_pence"], sums["raised_here_pence"]) == (700, 0)
    assert (sums["reversals_pence"], sums["refunds_pence"]) == (200, 0)
    assert await desk.ask(payments.list_refunds) == []
    assert await desk.ask(facts_told) == [("charge", "C1"), ("payment", "P1"), ("reversal", "refund:1")]
    assert await desk.wrong() == []


async def test_a_float_of_the_housing_system_with_a_name_like_ours_stays(desk: Desk) -> None:
    await desk.close("2025-12-31")
    await desk.hear(a_unit(), a_line("U1", ("A", "2026-01-02")))
    desk.source = "closebook/floats"
    await desk.hear(a_charge("FLOAT:2026-001", 150_00, unit="U1", on="2026-01-02", kind="float"))
    await desk.close("2026-01-01", "2026-01-02", "2026-01-03")
    (account,) = [one for one in await desk.ask(questions.accounts, None, None) if str(one["from"]) == "2026-01-02"]
    assert account["balance_pence"] == 150_00
    assert await desk.wrong() == []


async def test_a_charge_of_the_housing_system_with_an_instalments_name_prevents_no_fee(desk: Desk) -> None:
    await two_flats(desk)
    await decide(desk, SCHEDULE, **FEE)
    taken = "FEE-B1:2026-04-01:U1"
    await desk.hear(a_charge(taken, 7_00, unit="U1", on="2026-03-02"))
    await desk.close("2026-04-01", "2026-04-02", "2026-04-03")
    assert await charged(desk) == {
        ("U1", taken): 7_00, ("U1", f"{taken}:ours"): 42_00, ("U2", "FEE-B1:2026-04-01:U2"): 42_00,
    }  # fmt: skip
    # The other way round, theirs is the one that is named in the dead letters.
    await desk.hear(a_charge("FEE-B1:2026-04-01:U2", 7_00, unit="U2", on="2026-04-02"))
    assert await desk.dead() == ["conflicting-id"]
    assert await desk.wrong() == []


async def test_a_charge_of_the_housing_system_with_a_floats_name_prevents_no_float(desk: Desk) -> None:
    name = f"FLOAT:{account_ref('U1', 'A')}"
    await desk.close("2025-12-31")
    await decide(desk, TERMS, **FLOAT)
    await desk.hear(a_unit(), a_line("U1", ("A", "2026-01-02")), a_charge(name, 5_00, unit="U1", on="2026-01-02"))
    await desk.close("2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04")
    assert await charged(desk) == {("U1", name): 5_00, ("U1", f"{name}:ours"): 150_00}
    assert await desk.wrong() == []


def test_the_other_name_of_a_long_one_is_an_id_too() -> None:
    assert other_name("C1") == "C1:ours"
    assert len(other_name("C" * 64)) <= 64
    assert other_name("C" * 64) != other_name("D" * 64)
