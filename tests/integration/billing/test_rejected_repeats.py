"""A record that cannot be read may carry the id of an event that was applied: it changes nothing about that one."""

import json

from shared.bus.letters import Taken
from shared.bus.work import Cause, Work
from shared.events.decode import decode
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge


async def test_an_unreadable_record_under_a_known_id_leaves_the_first_as_it_was(desk: Desk) -> None:
    good = desk.taken(a_charge("C1", 500, unit="U1", on="2026-01-05"))
    assert good.record.value is not None
    document = json.loads(good.record.value)
    del document["type"]
    spoilt = good.record._replace(offset=2, value=json.dumps(document).encode())
    found = [await _apply(desk, good), await _apply(desk, Taken(spoilt, decode(spoilt)))]
    (row,) = await desk.rows("select disposition from msg.inbox where event_uid = $1", good.outcome.uid)
    assert (found, row["disposition"]) == (["D", "X"], "D")


async def _apply(desk: Desk, taken: Taken) -> str:
    async with desk.sessions.begin() as session:
        work = Work(session, service="billing", book=desk.book, cause=Cause("test", "repeat"))
        outcome = await desk.applier.apply(work, [taken])
    return str(outcome.verdicts[0][1].disposition)
