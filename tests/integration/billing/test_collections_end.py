"""Arrears hears until when a collection may be on its way, and of whom nothing is taken; a rebuild says no more."""

from datetime import date
from typing import Any

from services.billing.usecases import direct_debits
from services.billing.usecases.direct_debits import ANNOUNCE
from services.billing.usecases.mandates import CANCEL, SET
from shared.bus.commands import Given, give
from shared.events.topics import COLLECTION_ANNOUNCED, COLLECTION_ENDED
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_charge, a_line, a_payment, a_unit
from tests.integration.billing.test_direct_debits import A, B, close_of, released, say
from tests.integration.billing.test_repeated_words import Kept, repeat


async def announced_before(desk: Desk, collect_on: str) -> Any:
    """Announce a collection as a release did that said no ends."""
    await desk.note_closed()
    content = {"collect_on": collect_on}
    return await give(
        desk.doors, Given(ANNOUNCE, "x", "ada", "form 12", content), lambda work: direct_debits.announce(work, content)
    )


async def ends(desk: Desk) -> list[tuple[str, int, str]]:
    return [(one.collection_id, one.amount_pence, one.why) for one in await desk.said(COLLECTION_ENDED)]


async def test_an_announcement_says_how_long_the_money_may_be_on_its_way(desk: Desk) -> None:
    await close_of(desk, "A")
    await say(desk, ANNOUNCE, collect_on="2026-05-11")
    assert [one.settled_by for one in await desk.said(COLLECTION_ANNOUNCED)] == [date(2026, 5, 18)]


async def test_a_cancelled_mandate_ends_what_is_not_released_at_once_and_once(desk: Desk) -> None:
    await close_of(desk, "A", "B")
    await say(desk, ANNOUNCE, collect_on="2026-04-29")
    await say(desk, CANCEL, mandate_id="MD1")
    assert await ends(desk) == [("DD-2026-04-29-1", 100_00, "mandate-ended")]
    await say(desk, SET, account_ref=A, mandate_id="MD9")
    # The sum is not on its way any more, so another collection may ask for it.
    assert (await say(desk, ANNOUNCE, collect_on="2026-05-06"))["amount_pence"] == 100_00
    went = await released(desk)
    assert (went["accounts"], went["amount_pence"], went["skipped"]) == (1, 200_00, 1)
    assert len(await ends(desk)) == 1
    await say(desk, CANCEL, mandate_id="MD2")
    assert len(await ends(desk)) == 1  # the file is out: it is taken
    assert await desk.wrong() == []


async def test_whom_a_release_passes_over_is_said(desk: Desk) -> None:
    await close_of(desk, "A", "B")
    await say(desk, ANNOUNCE, collect_on="2026-04-29")
    await desk.hear(a_payment("P1", 1, on="2026-04-08", account_ref=A))
    await released(desk)
    assert await ends(desk) == [("DD-2026-04-29-1", 100_00, "owes-less")]


async def test_a_rebuild_says_the_ends_that_were_said_and_none_of_an_older_release(desks: Desks) -> None:
    live, fresh, kept = await desks(), await desks(), Kept()
    taken = live.taken
    live.taken = lambda data, event_id="": kept.keep(taken(data, event_id))  # type: ignore[method-assign]
    due: dict[str, Any] = {"on": "2026-01-01", "kind": "opening-balance", "due_on": "2026-01-10"}
    for unit, name in (("U1", "A"), ("U2", "B")):
        await live.hear_each(a_unit(unit), a_line(unit, (name, "2025-06-01")))
        await live.hear(a_charge(f"C-{unit}", 800, unit=unit, **due))
    await say(live, SET, account_ref=A, mandate_id="MD1")
    await announced_before(live, "2026-01-20")
    await say(live, SET, account_ref=B, mandate_id="MD2")
    await say(live, ANNOUNCE, collect_on="2026-01-21")
    await say(live, CANCEL, mandate_id="MD1")
    await say(live, CANCEL, mandate_id="MD2")
    assert await ends(live) == [("DD-2026-01-21-1", 800, "mandate-ended")]
    assert [one.settled_by for one in await live.said(COLLECTION_ANNOUNCED)] == [None, date(2026, 1, 28)]
    assert await repeat(live, fresh, kept, matches=0) == []
    assert await ends(fresh) == await ends(live)
