"""The proof is broken by hand, one way after another, in a real database: each break is named, each mending holds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from tests.system.office import Office
from tests.system.story import FIRST_QUARTER, REFUND, REPAIR, opening

A_PAYMENT = ("payment_id = 'PAY-H1-OPEN'", "topic = 'housing.payment-received' and pence = 6250")


@dataclass(frozen=True)
class Break:
    """A change by hand in one service's database, its undoing, and how the proof must name it."""

    service: str
    change: str
    undo: str
    check: str
    names: str


BREAKS = {
    "a posting of another amount": Break(
        "billing",
        "update billing.entries set amount_pence = amount_pence + 1 where fact_id = 'RPR-1' and ledger like 'income%'",
        "update billing.entries set amount_pence = amount_pence - 1 where fact_id = 'RPR-1' and ledger like 'income%'",
        "billing: the ledger sums to zero",
        "sums to 1",
    ),
    "a payment of another amount": Break(
        "billing",
        f"update billing.payments set amount_pence = amount_pence + 1 where {A_PAYMENT[0]}",
        f"update billing.payments set amount_pence = amount_pence - 1 where {A_PAYMENT[0]}",
        "billing: payments stand where they are posted",
        "PAY-H1-OPEN",
    ),
    "a receipt taken in that is nowhere": Break(
        "billing",
        f"update msg.inbox set pence = pence + 1 where {A_PAYMENT[1]}",
        f"update msg.inbox set pence = pence - 1 where {A_PAYMENT[1].replace('6250', '6251')}",
        "every receipt and reversal is on an account, in suspense or put aside",
        "£0.01 differs",
    ),
    "a charge taken in that is nowhere": Break(
        "billing",
        "update msg.inbox set pence = pence + 7 where topic = 'housing.charge-raised' and pence = 100000",
        "update msg.inbox set pence = pence - 7 where topic = 'housing.charge-raised' and pence = 100007",
        "every charge and credit is on an account, in suspense or put aside",
        "£0.07 differs",
    ),
    "a credit that billing forgot": Break(
        "billing",
        "update billing.credits set amount_pence = amount_pence - 1 where credit_id = 'CR-1'",
        "update billing.credits set amount_pence = amount_pence + 1 where credit_id = 'CR-1'",
        "every charge and credit is on an account, in suspense or put aside",
        "£0.01 differs",
    ),
    "an account that arrears sees otherwise": Break(
        "arrears",
        "update arrears.accounts set charges_pence = charges_pence + 1 where unit_id = 'A2'",
        "update arrears.accounts set charges_pence = charges_pence - 1 where unit_id = 'A2'",
        "billing and arrears agree on every account",
        "account {A2-C0}: billing has charges",
    ),
    "an event that a hearer lost": Break(
        "arrears",
        "update msg.inbox set topic = 'lost' where topic = 'billing.account-opened' and event_uid = "
        "(select max(event_uid::text)::uuid from msg.inbox where topic = 'billing.account-opened')",
        "update msg.inbox set topic = 'billing.account-opened' where topic = 'lost'",
        "arrears heard all that billing said, once",
        "billing.account-opened: billing said 12 events, arrears took in 11",
    ),
    "a version that is missing": Break(
        "owners",
        "update msg.event_log set aggver = 9 where topic = 'owners.unit-changed' and msg_key = 'B1'",
        "update msg.event_log set aggver = 1 where topic = 'owners.unit-changed' and msg_key = 'B1'",
        "owners: versions without a gap",
        "owners.unit-changed key B1",
    ),
}


@pytest_asyncio.fixture(scope="module")
async def told(office: Office) -> Office:
    """Tell the story's first weeks."""
    await office.publish(opening())
    await office.close("2025-12-31")
    await office.publish([*(one for _, page in FIRST_QUARTER[:2] for one in page), REPAIR, REFUND])
    await office.close("2026-01-01", "2026-01-02")
    await office.ask("settle")
    return office


@asynccontextmanager
async def by_hand(office: Office, service: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a superuser's connection to a service's database, past every trigger."""
    database = office.stack.urls[service].owner_url.rsplit("/", 1)[1].split("?")[0]
    server = office.stack.servers.postgres.admin_url.rsplit("/", 1)[0]
    connection = await asyncpg.connect(f"{server}/{database}")
    try:
        await connection.execute("set session_replication_role = replica")
        yield connection
    finally:
        await connection.close()


async def proof(office: Office) -> dict[str, Any]:
    answer = await office.run("verify", "--json")
    document: dict[str, Any] = answer.document
    assert answer.code == (0 if document["ok"] else 1)
    return document


async def test_the_proof_holds_before_anything_is_broken(told: Office) -> None:
    found = await proof(told)
    assert found["ok"], [check for check in found["checks"] if not check["ok"]]
    assert len(found["checks"]) > 30


@pytest.mark.parametrize("name", BREAKS)
async def test_what_is_broken_by_hand_is_named(told: Office, name: str) -> None:
    broken = BREAKS[name]
    references = {f"{{{a['ownership_id']}}}": a["account_ref"] for a in await told.ask("accounts") if a["ownership_id"]}
    async with by_hand(told, broken.service) as connection:
        assert (await connection.execute(broken.change)) == "UPDATE 1"
        try:
            found = await proof(told)
        finally:
            assert (await connection.execute(broken.undo)) == "UPDATE 1"
    failing = {check["name"]: check["detail"] for check in found["checks"] if not check["ok"]}
    names = broken.names
    for placeholder, reference in references.items():
        names = names.replace(placeholder, reference)
    assert names in failing[broken.check], failing


async def test_another_event_in_the_place_of_one_is_named(told: Office) -> None:
    async with by_hand(told, "notify") as connection:
        pick = "select max(event_uid::text)::uuid from msg.inbox where topic = 'billing.statement-issued'"
        original = await connection.fetchval(pick)
        swap = "update msg.inbox set event_uid = $2 where event_uid = $1"
        other = await connection.fetchval("select gen_random_uuid()")
        await connection.execute(swap, original, other)
        try:
            found = await proof(told)
        finally:
            await connection.execute(swap, other, original)
    failing = {check["name"]: check["detail"] for check in found["checks"] if not check["ok"]}
    assert "but not the same ones" in failing["notify heard all that billing said, once"]


async def test_every_mending_holds(told: Office) -> None:
    assert (await proof(told))["ok"]
