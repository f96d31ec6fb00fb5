"""What is held of an owner as a float stands on their statement: once it is paid, as far as it is paid."""

from services.billing.usecases.owners_money import TERMS
from shared.events.topics import STATEMENT_ISSUED
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_line, a_payment, a_unit
from tests.integration.billing.people import decide
from tests.integration.billing.test_floats import FLOAT, SELLER, held


async def statements(desk: Desk) -> list[tuple[str, int | None, int]]:
    """Quarter, float held and balance of each statement said."""
    return [
        (one.quarter, one.float_held_pence, one.balance_pence)
        for one in await desk.said(STATEMENT_ISSUED)
        if one.account_ref == SELLER
    ]


async def test_a_statement_says_what_is_held_as_a_float_once_it_is_paid(desk: Desk) -> None:
    await desk.close("2025-12-31")
    await decide(desk, TERMS, **FLOAT)
    await desk.hear(a_unit(), a_line("U1", ("A", "2026-01-02")))
    await desk.hear(a_unit("U2", block_id="B2"), a_line("U2", ("C", "2026-01-02")))
    await desk.hear(a_charge("OTHER", 5_00, unit="U2", on="2026-01-05"))
    await desk.close("2026-01-01", "2026-01-02", "2026-04-01")
    await desk.hear(a_payment("P1", 60_00, on="2026-04-20", account_ref=SELLER))
    await desk.close("2026-07-01")
    await desk.hear(a_payment("P2", 100_00, on="2026-07-20", account_ref=SELLER))
    await desk.close("2026-10-01")
    assert await statements(desk) == [
        ("2026Q1", None, 150_00), ("2026Q2", 60_00, 90_00), ("2026Q3", 150_00, -10_00),
    ]  # fmt: skip
    assert (await held(desk))["total"]["held_pence"] == 150_00
    bodies = await desk.rows("select body from msg.event_log where topic = $1", STATEMENT_ISSUED.topic)
    assert [b"float_held_pence" in row["body"] for row in bodies].count(True) == 2


async def test_money_that_arrives_after_its_day_of_issue_is_on_the_next_statement(desk: Desk) -> None:
    await desk.close("2025-12-31")
    await decide(desk, TERMS, **FLOAT)
    await desk.hear(a_unit(), a_line("U1", ("A", "2026-01-02")))
    await desk.close("2026-01-01", "2026-01-02", "2026-04-01")
    await desk.hear(a_payment("P1", 150_00, on="2026-07-02", account_ref=SELLER))
    await desk.close("2026-07-01", "2026-10-01")
    assert [pence for _, pence, _ in await statements(desk)] == [None, None, 150_00]
