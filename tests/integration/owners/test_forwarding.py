"""Where former owners went is said with their ownership, as the change that ended it tells; erasure takes it away."""

from typing import Any

import pytest

from services.owners.usecases.verify import verify
from shared.bus.refusals import NotKnownError
from shared.db.engine import snapshot
from shared.events.housing import Address
from tests.integration.owners.conftest import Desk
from tests.integration.owners.test_erasing import erase
from tests.support.ownership import a_cancellation, a_change, a_unit, an_agent

THERE = Address(lines=("3 New Street",), town="Perth", postcode="PH1 1AA")
ELSEWHERE = Address(lines=("4 Newer Street",), town="Perth", postcode="PH1 1AA")


async def sell(desk: Desk, **more: Any) -> None:
    """A owned the flat and B bought it; A's owners told where they went."""
    await desk.hear(a_unit("U1"))
    await desk.hear(a_change("A", **more))
    await desk.hear(a_change("B", "2026-05-01", outgoing_forwarding_address=THERE))


async def is_proved(desk: Desk) -> bool:
    async with snapshot(desk.sessions) as connection:
        return all(check.ok for check in await verify(connection))


async def test_it_follows_the_change_that_ended_the_ownership(desk: Desk) -> None:
    await sell(desk)
    assert (await desk.contact("A")).forwarding_address == THERE
    await desk.hear(a_change("C", "2026-05-02", corrects="B", outgoing_forwarding_address=ELSEWHERE))
    assert (await desk.contact("A")).forwarding_address == ELSEWHERE
    await desk.hear(a_cancellation("X", cancels="B"))
    assert (await desk.contact("A")).forwarding_address is None
    assert await is_proved(desk)


async def test_it_stands_beside_a_billing_contact(desk: Desk) -> None:
    await sell(desk, billing_contact=an_agent("Lets Ltd"))
    contact = await desk.contact("A")
    assert (contact.name, contact.forwarding_address) == ("Lets Ltd", THERE)


async def test_a_sale_learnt_late_between_two_makes_it_the_address_of_whom_the_flat_was_bought_from(desk: Desk) -> None:
    await sell(desk)
    await desk.hear(a_change("M", "2026-03-01"))
    assert (await desk.contact("A")).forwarding_address is None
    assert (await desk.contact("M")).forwarding_address == THERE
    assert await is_proved(desk)


async def test_it_vanishes_with_the_person(desk: Desk) -> None:
    await sell(desk)
    await erase(desk, party_id="P-A")
    assert (await desk.contact("A")).forwarding_address is None
    kept = await desk.rows(
        "select convert_from(body, 'UTF8') as text from msg.event_log "
        "union all select content::text from owners.contacts union all select content::text from owners.changes"
    )
    assert not [row for row in kept if "New Street" in row["text"]]
    assert await is_proved(desk)


async def test_an_ownership_that_only_has_it_has_no_billing_contact_to_erase(desk: Desk) -> None:
    await sell(desk)
    with pytest.raises(NotKnownError):
        await erase(desk, ownership_id="A")


async def test_only_the_decision_to_erase_lets_the_service_blank_it(desk: Desk) -> None:
    await sell(desk)
    with pytest.raises(Exception, match="nobody decided to erase this contact"):
        await desk.rows("select owners.blank_forwarding('P-A')")
