"""A person is forgotten in the whole plant: nothing of them is left, every penny is, and a rebuild comes out equal."""

import json
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.events.topics import CHANNELS, LINE_OF_SERVICES
from tests.support.kafka_tools import KafkaTools
from tests.system.examiner import charge, contact, dumped, home, party, say
from tests.system.office import Office
from tests.system.test_people import CANARIES, MAIL, NAME, PHONE, STREET

pytestmark = pytest.mark.slow  # months told, every table and topic searched; `make recovery` runs it

_ADDRESS = {"lines": [STREET], "town": "Edinburgh", "postcode": "EH1 1AA"}
_PERSON = {"party_id": "ER-party", "kind": "person", "name": NAME, "email": MAIL, "phone": PHONE}
_CONTACTS = "owners.contact-changed"
STORY = [
    *home("ER-1", parties=[_PERSON | {"correspondence_address": _ADDRESS}, party("ER-other")]),
    contact("ER-party", name=NAME, email=MAIL, phone=PHONE, correspondence_address=_ADDRESS),
    charge("ER-C", 501, "ER-1"),
]


@pytest_asyncio.fixture(scope="module")
async def told(office: Office) -> AsyncIterator[Office]:
    """A person owns a flat, owes money, has had letters; what was said of them badly was discarded."""
    kafka = _kafka(office)
    await say(kafka, STORY)
    # At another time, so under another id: it comes on another partition, and whichever is read first would stand.
    bad = contact("ER-party", time="2026-01-03T09:00:01Z", name=NAME, email=[MAIL])
    await kafka.send("housing.contact-changed", dumped(bad), partition=0)
    await office.close("2026-03-31", through="2026-04-01")
    await office.ask("settle")
    await office.ask("dead-letters", "discard", "owners", "1", "--reason", "not a contact")
    yield office
    await kafka.close()


def _kafka(office: Office) -> KafkaTools:
    return KafkaTools(office.stack.servers.kafka.bootstrap, office.stack.topic_prefix)


async def _databases(office: Office) -> dict[str, str]:
    """Return every table of the four databases as text, bytes decoded."""
    found = {}
    for service in LINE_OF_SERVICES:
        connection = await asyncpg.connect(office.stack.urls[service].owner_url)
        for (table,) in await connection.fetch(
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('msg', $1)", service
        ):
            values = (value for row in await connection.fetch(f"select * from {table}") for value in row.values())
            text = (value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in values)
            found[f"{service} {table}"] = "\n".join(text)
        await connection.close()
    return found


async def _topics(office: Office) -> dict[str, str]:
    """Return what our topics hold: of a compacted one, as Kafka keeps it, the last value of each key."""
    kafka, found = _kafka(office), {}
    for channel in CHANNELS:
        if channel.owner != "housing":
            records = await kafka.read_all(channel.topic)
            kept = {record.key: record.value for record in records} if channel.topic == _CONTACTS else dict(enumerate(
                (record.key, record.value) for record in records))  # fmt: skip
            found[channel.topic] = str(kept)
    await kafka.close()
    return found


async def _places(office: Office) -> list[str]:
    """Return where anything of the person is found."""
    everywhere = await _databases(office) | await _topics(office)
    return sorted(name for name, text in everywhere.items() if any(one in text.lower() for one in CANARIES))


async def _compact(office: Office) -> None:
    """Take from Kafka what compaction would: everything said of contacts before now."""
    kafka = _kafka(office)
    ends = await kafka.end_offsets(_CONTACTS)
    await kafka.close()
    admin = AIOKafkaAdminClient(bootstrap_servers=office.stack.servers.kafka.bootstrap)
    await admin.start()
    topic = office.stack.topic_prefix + _CONTACTS
    # A topic that only compacts lets nobody delete.
    deletable = ConfigResource(ConfigResourceType.TOPIC, topic, configs={"cleanup.policy": "compact,delete"})
    await admin.alter_configs([deletable])
    await admin.delete_records(
        {TopicPartition(topic, n): RecordsToDelete(before_offset=end) for n, end in ends.items()}
    )
    await admin.close()


async def test_nothing_of_the_person_is_left_anywhere(told: Office) -> None:
    before = await told.ask("accounts"), await told.ask("letters")
    assert {
        "owners msg.dead_letter", "owners msg.event_log", "owners owners.changes", "owners owners.contact_statements",
        "owners owners.contacts", "notify notify.contacts", "notify notify.messages", _CONTACTS,
    } <= set(await _places(told))  # fmt: skip

    made = await told.ask("erase", "--party", "ER-party", "--reason", "asked for it")
    alone = await told.run("proposals", "approve", "owners", str(made["id"]), "--as", "finance")
    assert alone.code != 0
    approved = await told.ask("proposals", "approve", "owners", str(made["id"]), "--as", "board")
    assert approved["answer"] == {"letters": 1, "held": 0, "also": []}
    await told.ask("settle")

    assert await _places(told) == []
    kept = json.dumps(await told.ask("dead-letters", "list"), ensure_ascii=False).lower()
    assert not any(canary in kept for canary in CANARIES)
    accounts, letters = await told.ask("accounts"), await told.ask("letters")
    assert accounts == before[0]
    assert [one["account_ref"] for one in letters] == [one["account_ref"] for one in before[1]]
    assert (await told.ask("verify"))["ok"]


async def test_an_erasure_names_one_contact_that_is_known(told: Office) -> None:
    for named in ([], ["--party", "ER-other", "--billing-contact-of", "ER-1.o"]):
        answer = await told.run("erase", *named, "--reason", "asked for it")
        assert (answer.code, "Name either" in answer.err) == (64, True)
    unknown = await told.run("erase", "--billing-contact-of", "ER-1.o", "--reason", "asked for it")
    assert (unknown.code, "the billing contact of ER-1.o" in unknown.err) == (1, True)


async def test_the_proof_of_what_was_sent_stays(told: Office) -> None:
    connection = await asyncpg.connect(told.stack.urls["notify"].owner_url)
    rows = await connection.fetch(
        "select mailbox is null and body is null as blank, octet_length(sha256) as hash from notify.messages"
        " join notify.contents using (message_id) where contact_id = 'ER-party'"
    )
    await connection.close()
    assert rows
    assert all(tuple(row) == (True, 32) for row in rows)


async def test_life_goes_on_and_a_rebuild_comes_out_equal(told: Office) -> None:
    await _compact(told)
    await say(_kafka(told), [contact("ER-party", time="2026-04-01T10:00:00Z", email=MAIL)])
    await told.close("2026-04-02")
    await told.ask("settle")
    assert await _places(told) == []
    assert (await told.ask("verify"))["ok"]
    answer = await told.ask("rebuild", "notify")
    assert [one for one in answer["differences"] if one["differ"]] == []
    assert {one["what"]: one["live"] for one in answer["differences"]}["messages"] > 0
