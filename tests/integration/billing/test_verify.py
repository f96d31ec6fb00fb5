"""The proof finds what it claims to find: each check is broken by hand and named."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.billing.domain.refs import account_ref
from shared.db.engine import connect
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_payment, a_unit

A = account_ref("U1", "A")


@pytest.fixture
async def vandal(desk: Desk) -> AsyncIterator[asyncpg.Connection]:
    """The owner of the tables of a small sound ledger, with all guards taken down."""
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.close("2026-01-01")
    await desk.hear(a_charge("C1", 1200, unit="U1", on="2026-02-05"), a_credit("K1", "C1", 200, on="2026-02-06"))
    await desk.hear(a_payment("P1", 300, on="2026-02-07", unit_id="U1"))
    await desk.close("2026-04-01")
    assert await desk.wrong() == []
    owner = await connect(desk.urls.owner_url, application_name="billing-tests")
    await owner.execute(
        "alter table billing.entries disable trigger user; alter table billing.statements disable trigger user"
    )
    yield owner
    await owner.close()


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (
            "update billing.entries set amount_pence = 1201 where fact_kind = 'charge' and ledger = 'receivable'",
            {
                "every cause of the ledger sums to zero",
                "the ledger sums to zero",
                "charges stand where they are posted",
            },
        ),
        ("delete from billing.entries where fact_id = 'C1'", {"charges stand where they are posted"}),
        ("delete from billing.entries where fact_id = 'P1'", {"payments stand where they are posted"}),
        (
            "update billing.payments set account_id = null",
            {"payments stand where they are posted", "payments are placed as the rules place them"},
        ),
        (
            "delete from billing.charge_parts where credit_id is not null",
            {"charges and credits are divided whole", "charges are divided as the rules divide them"},
        ),
        ("update billing.charge_parts set net_pence = net_pence - 1", {"charges are divided as the rules divide them"}),
        (
            "update billing.statements set total_pence = 1, balance_pence = brought_forward_pence + 1",
            {"statements add up to their lines"},
        ),
        ("update billing.accounts set items_said = null", {"open items are as last said"}),
        ("update billing.accounts set open_since = '2020-01-01'", {"open items are as last said"}),
        ("update billing.entries set cause_uid = gen_random_uuid()", {"every posting has its cause and its account"}),
    ],
)
async def test_damage_is_found_and_named(desk: Desk, vandal: asyncpg.Connection, damage: str, named: set[str]) -> None:
    await vandal.execute(damage)
    found = await desk.wrong()
    assert named <= {check.split(":")[0] for check in found}


async def test_a_difference_names_the_account(desk: Desk, vandal: asyncpg.Connection) -> None:
    await vandal.execute("delete from billing.entries where fact_id = 'C1'")
    assert any(A in check for check in await desk.wrong())


async def test_the_sums_are_what_accounts_were_charged_and_paid(desk: Desk, vandal: asyncpg.Connection) -> None:
    from services.billing.usecases import verify

    assert list((await desk.ask(verify.verify))["sums"].values()) == [{"charges": 1000, "payments": 300}]


async def test_a_credit_may_carry_the_id_of_its_charge(desk: Desk) -> None:
    """Ids name things of one kind: a housing system may number a credit note like its invoice."""
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")), a_charge("C1", 1200, unit="U1", on="2026-02-05"))
    await desk.hear(a_credit("C1", "C1", 200, on="2026-02-06"))
    assert await desk.wrong() == []
