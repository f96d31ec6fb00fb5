"""What a compacted topic forgets: a tombstone clears a key and hearers pass over it; blanked content is a repeat."""

from typing import Any

from shared.bus.totals import totals
from shared.bus.work import Cause
from shared.db import create_engine, session_factory
from shared.events.owners import ContactDetailsChanged, ContactKind
from shared.events.topics import OWNERS_CONTACT
from tests.integration.bus.conftest import Bench, Benches
from tests.support.bus import eventually

TOPIC = OWNERS_CONTACT.topic
_BLANKED = "replace(convert_from(body, 'UTF8'), '\"name\":\"Ann\",', '')"


def contact(**more: Any) -> ContactDetailsChanged:
    return ContactDetailsChanged(contact_id="P1", kind=ContactKind.PARTY, **more)


async def _read(notify: Bench, records: int) -> bool:
    read = await notify.sql.fetchval("select sum(next_offset) from msg.position where topic = $1", TOPIC)
    return bool(read == records)


async def _said_and_heard(*benches: Bench) -> tuple[Any, Any]:
    """Return what the proof lays side by side of the topic."""
    found = []
    for bench, side in zip(benches, ("said", "heard"), strict=True):
        engine = create_engine(bench.urls.app_url, application_name="tests")
        answer = await totals(session_factory(engine), bench.service.name)
        await engine.dispose()
        assert answer["versions_ok"], answer["versions_detail"]
        found.append({name: answer[side][TOPIC][name] for name in ("events", "amount_pence", "digest")})
    return found[0], found[1]


async def test_a_tombstone_ends_a_key_and_what_was_blanked_and_said_again_is_a_repeat(benches: Benches) -> None:
    owners, notify = await benches("owners"), await benches("notify")
    async with owners.running() as running, notify.running():
        async with running.doors.command(Cause("test", "1")) as work:
            work.stage(OWNERS_CONTACT, contact(name="Ann"))
        async with running.doors.command(Cause("test", "2")) as work:
            work.stage(OWNERS_CONTACT, contact(erased=True))
            work.clear(OWNERS_CONTACT, "P1")
        await eventually(lambda: _read(notify, 3))
        said, heard = await _said_and_heard(owners, notify)
        assert said == heard == said | {"events": 2}
        assert await notify.sql.fetchval("select sum(n_dup) from msg.batch_log where topic = $1", TOPIC) == 1

        await owners.sql.execute(f"update msg.event_log set body = convert_to({_BLANKED}, 'UTF8') where aggver = 1")
        await owners.sql.execute("insert into msg.outbox_pending (seq) select seq from msg.event_log")
        await eventually(lambda: _read(notify, 6))
    values = [one.value for one in await owners.kafka.read_all(TOPIC)]
    assert [value is None for value in values] == [False, False, True] * 2
    assert [b"Ann" in (value or b"") for value in values] == [True, False, False, False, False, False]
    assert await notify.count("public.seen") == 2
    assert await notify.count("msg.dead_letter") == 0
