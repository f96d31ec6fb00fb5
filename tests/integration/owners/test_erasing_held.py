"""What waits when somebody is erased waits on without them, wherever it tells of them, and brings nothing back."""

import pytest

from tests.integration.owners.conftest import Desk
from tests.integration.owners.test_erasing import ELSEWHERE, MAIL, NAME, PERSON, erase, places, proved
from tests.support.ownership import a_change, a_party, a_unit, an_agent


@pytest.mark.parametrize("agent", [an_agent("Their Own Agent", email=MAIL), an_agent(NAME, address=ELSEWHERE)])
async def test_a_waiting_change_whose_billing_contact_is_the_erased_party_forgets_it(desk: Desk, agent: object) -> None:
    await desk.hear(a_unit("U1"), a_change("A", parties=(PERSON,)))
    await desk.hear(a_change("C", unit_id="U9", parties=(PERSON,), billing_contact=agent))
    assert (await erase(desk, party_id="P1"))["held"] == 1
    assert await places(desk) == []
    await desk.hear(a_unit("U9"))
    assert (await desk.held(), await places(desk), await proved(desk)) == ([], [], [])
    assert (await desk.contact("C")).erased


async def test_a_waiting_correction_that_names_an_erased_billing_contact_forgets_it(desk: Desk) -> None:
    agent = an_agent(NAME, email=MAIL, address=ELSEWHERE)
    await desk.hear(a_unit("U1"), a_change("A", billing_contact=agent))
    await desk.hear(a_change("C2", corrects="C1", billing_contact=agent))
    assert (await erase(desk, ownership_id="A"))["held"] == 1
    assert await places(desk) == []
    await desk.hear(a_change("C1", corrects="A"))
    assert (await desk.held(), await places(desk), await proved(desk)) == ([], [], [])


async def test_a_waiting_sale_of_an_erased_owners_flat_forgets_where_they_went(desk: Desk) -> None:
    sold = {"parties": (a_party("P3"),), "outgoing_forwarding_address": ELSEWHERE}
    await desk.hear(a_unit("U1"), a_change("A", parties=(PERSON,)))
    await desk.hear(a_change("B2", "2026-05-01", corrects="B", **sold))
    await desk.hear(a_change("C", unit_id="U9", parties=(PERSON,)))
    await desk.hear(a_change("D", "2026-05-01", unit_id="U9", **sold))
    assert (await erase(desk, party_id="P1"))["held"] == 3
    assert await places(desk) == []
    await desk.hear(a_unit("U9"), a_change("B", "2026-04-30", parties=(a_party("P3"),)))
    assert (await desk.held(), await places(desk), await proved(desk)) == ([], [], [])


async def test_a_change_that_tells_of_others_waits_on_untouched(desk: Desk) -> None:
    other = a_change("C", unit_id="U9", parties=(a_party("P4"),), outgoing_forwarding_address=ELSEWHERE)
    await desk.hear(a_unit("U1"), a_change("A", parties=(PERSON,)))
    await desk.hear(other)
    assert (await erase(desk, party_id="P1"))["held"] == 0
    assert await places(desk) == ["msg.held"]


async def test_a_sale_that_comes_with_an_erased_owners_purchase_forgets_where_they_went(desk: Desk) -> None:
    await desk.hear(a_unit("U1"), a_unit("U2"), a_change("A", parties=(PERSON,)))
    await erase(desk, party_id="P1")
    await desk.hear(
        a_change("C", unit_id="U2", parties=(PERSON,)),
        a_change("D", "2026-05-01", unit_id="U2", outgoing_forwarding_address=ELSEWHERE),
    )
    assert (await places(desk), await proved(desk)) == ([], [])
