"""A letter that somebody drove again is in the rebuilt books where it was applied, and the audit outlives a swap."""

from typing import Any

import pytest
import pytest_asyncio

from tests.system.office import Office
from tests.system.story import opening, paid, shared
from tests.system.test_verify import by_hand

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # a rebuild and a swap

FAULT = "alter table billing.charges add constraint fault check (charge_id <> 'RPR-X')"


@pytest_asyncio.fixture(scope="module")
async def redriven(office: Office) -> Office:
    """A charge that a fault of the database keeps out for two days; then it is mended, and the letter driven again."""
    await office.publish(opening())
    await office.close("2025-12-31")
    async with by_hand(office, "billing") as sql:
        await sql.execute(FAULT)
        await office.publish(
            [shared("RPR-X", "repair", "SB", 40_00, "2026-01-01"), paid("P-1", 5_00, "2026-01-01", "cash")]
        )
        await office.close("2026-01-02")
        await sql.execute("alter table billing.charges drop constraint fault")
    (letter,) = await office.ask("dead-letters", "list")
    assert (letter["reason"], letter["status"]) == ("refused-by-database", "open")
    await office.ask("dead-letters", "redrive", "billing", str(letter["id"]))
    await office.close("2026-01-03")
    await office.ask("settle")
    return office


async def books(office: Office) -> list[tuple[str, int, str]]:
    """Return whom the charge was divided between, and in which book."""
    async with by_hand(office, "billing") as sql:
        rows = await sql.fetch(
            "select account_ref, amount_pence, entry.book::text as book from billing.entries as entry"
            " join billing.accounts using (account_id) where charge_id = 'RPR-X' order by account_ref"
        )
    return [tuple(row) for row in rows]


async def test_what_was_driven_again_is_rebuilt_in_the_book_it_was_applied_in(redriven: Office) -> None:
    posted = await books(redriven)
    assert [(pence, book) for _, pence, book in posted] == [(10_00, "2026-01-03")] * 4
    rebuilt = await redriven.ask("rebuild", "billing")
    assert rebuilt["ok"], [one for one in rebuilt["differences"] if one["differ"]]
    letters = next(one for one in rebuilt["differences"] if one["what"] == "dead letters")
    assert (letters["live"], letters["rebuilt"]) == (1, 1)


async def test_the_audit_verifies_after_a_swap_and_the_letter_stays_decided(redriven: Office) -> None:
    before, head = await books(redriven), await audit_of(redriven)
    await redriven.stack.stop_service("billing")
    await redriven.ask("rebuild", "billing", "--swap")
    await redriven.stack.start_service("billing")
    assert await books(redriven) == before
    assert await audit_of(redriven) == head
    (letter,) = await redriven.ask("dead-letters", "list", "--status", "replayed")
    again = await redriven.run("dead-letters", "redrive", "billing", str(letter["id"]))
    assert (again.code, "replayed" in again.out) == (0, True)
    assert await audit_of(redriven) == head


async def audit_of(office: Office) -> str:
    """Return what the proof says of billing's audit; everything else holds too."""
    found: dict[str, Any] = await office.ask("verify")
    assert found["ok"], [check for check in found["checks"] if not check["ok"]]
    detail: str = next(c["detail"] for c in found["checks"] if c["name"] == "billing: the audit is as it was written")
    assert detail.startswith("1 rows, head ")
    return detail
