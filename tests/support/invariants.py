"""What must hold after every fault, once healed and drained: nothing lost, nothing twice, money conserved.

One routine for all fault tests (reliability.md c0, P0); I9 to I12 are in aftermath.py. Each check returns words that
name what differs; none: it holds.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.billing.db import proof
from shared.db.engine import connect
from shared.embedded.databases import ServiceUrls
from shared.events.base import Event
from shared.events.decode import Record, decode
from shared.events.topics import BY_TOPIC, CHANNELS, LINE_OF_SERVICES, heard_by, said_by
from tests.support.aftermath import Aftermath, chain, hands, letters, told

_FACTS = {
    "housing.charge-raised": "charges",
    "housing.charge-credited": "credits",
    "housing.payment-received": "payments",
    "housing.payment-reversed": "reversals",
}
_NAMED = 3
# So many differences are named for each check.

_RANGES = """
select topic, partition_no, from_offset, to_offset, n_done + n_dup + n_held + n_dead as counted
from msg.batch_log order by topic, partition_no, from_offset
"""
_ACCOUNTS = """
select account_id::text,
  coalesce(sum(amount_pence) filter (where fact_kind in ('charge', 'credit')), 0)::bigint as charges,
  -coalesce(sum(amount_pence) filter (where payment_id is not null), 0)::bigint as payments
from billing.entries where ledger = 'receivable' group by 1
"""
_CHASED = """
select account_id, charges_pence as charges, coalesce((select sum(amount_pence) from arrears.payments
  where payments.account_id = accounts.account_id), 0)::bigint as payments
from arrears.accounts
"""


@dataclass(frozen=True)
class Evidence:
    """Everything that is on Kafka, and a connection to each database."""

    records: Mapping[str, list[Record]]
    databases: Mapping[str, asyncpg.Connection]

    def uids(self, topic: str) -> set[UUID]:
        """Return the distinct readable events of a topic."""
        events = (decode(record) for record in self.records[topic])
        return {event.uid for event in events if isinstance(event, Event)}


async def assert_invariants(
    bootstrap: str, prefix: str, partitions: int, urls: Mapping[str, ServiceUrls], after: Aftermath | None = None
) -> None:
    """Fail with everything that differs; to be called when nothing moves any more.

    Without an aftermath nothing is said of letters, hands and logs.
    """
    records = await read_topics(bootstrap, prefix, partitions)
    databases = {
        name: await connect(url.owner_url, application_name="invariants", command_timeout=60)
        for name, url in urls.items()
    }
    try:
        found = await violations(Evidence(records, databases))
        if after is not None:
            found += await letters(databases["notify"], after.mails)
            found += [*await hands(databases, after.by_hand), *told(after)]
    finally:
        for connection in databases.values():
            await connection.close()
    assert not found, "\n".join(found)


async def violations(evidence: Evidence) -> list[str]:
    """Return all that differs, each with the number of its invariant."""
    found = await _sums(evidence.databases["billing"])
    found += await _causes(evidence.databases["billing"])
    found += await _money(evidence)
    for service in LINE_OF_SERVICES:
        found += [f"{service}: {words}" for words in await _of_service(evidence, service)]
    return found


async def _of_service(evidence: Evidence, service: str) -> list[str]:
    connection = evidence.databases[service]
    return [
        *await _heard(evidence, service, connection),
        *await _ranges(evidence, connection),
        *await _versions(evidence, service, connection),
        *await _said(evidence, service, connection),
        *await chain(service, connection),
    ]


async def _sums(billing: asyncpg.Connection) -> list[str]:
    """I1, I2: entries sum to zero for each cause and in total; what stands on accounts is what is posted."""
    hunts = {
        "I1": (proof.UNBALANCED, proof.TOTAL, proof.NAMELESS),
        "I2": (proof.CHARGES_STAND, proof.CHARGES_WHOLE, proof.PAYMENTS_STAND),
    }
    return [
        f"{number}: {words}"
        for number, statements in hunts.items()
        for statement in statements
        for words in await proof.differences(billing, statement)
    ]


async def _heard(evidence: Evidence, service: str, connection: asyncpg.Connection) -> list[str]:
    """I3: what is on Kafka is in the inbox, once, and nothing else; what was put aside is there with its bytes."""
    rows = await connection.fetch("select event_uid, topic, disposition from msg.inbox")
    inbox: defaultdict[str, set[UUID]] = defaultdict(set)
    for row in rows:
        inbox[row["topic"]].add(row["event_uid"])
    found = []
    for channel in heard_by(service):
        found += _differ(
            f"I3: {channel.topic}", "not in the inbox", evidence.uids(channel.topic) - inbox[channel.topic]
        )
        found += _differ(f"I3: {channel.topic}", "not on Kafka", inbox[channel.topic] - evidence.uids(channel.topic))
    held = {row["event_uid"] for row in rows if row["disposition"] == "H"}
    kept = {row["event_uid"] for row in await connection.fetch("select event_uid from msg.held")}
    return [*found, *_differ("I3: held", "without its bytes", held ^ kept)]


async def _causes(billing: asyncpg.Connection) -> list[str]:
    """I4: each money event that was done has its fact and its postings; no other has any."""
    posted = {row[0] for row in await billing.fetch("select distinct cause_uid from billing.entries")}
    found = []
    for topic, table in _FACTS.items():
        rows = await billing.fetch("select event_uid, disposition from msg.inbox where topic = $1", topic)
        done = {row["event_uid"] for row in rows if row["disposition"] == "D"}
        aside = {row["event_uid"] for row in rows} - done
        facts = {row[0] for row in await billing.fetch(f"select event_uid from billing.{table}")}
        found += _differ(f"I4: {topic}", "done without a fact, or the reverse", done ^ facts)
        found += _differ(f"I4: {topic}", "done without postings", done - posted)
        found += _differ(f"I4: {topic}", "posted although not done", aside & posted)
    return found


async def _ranges(evidence: Evidence, connection: asyncpg.Connection) -> list[str]:
    """I5: the batches of a lane follow each other from 0 to its position, and count every record there is."""
    places = await connection.fetch("select topic, partition_no, next_offset from msg.position")
    read = {(row["topic"], row["partition_no"]): 0 for row in places}
    counted = dict.fromkeys(read, 0)
    found = []
    for row in await connection.fetch(_RANGES):
        lane = row["topic"], row["partition_no"]
        if row["from_offset"] != read[lane]:
            found.append(f"I5: {lane}: a batch from {row['from_offset']} follows one to {read[lane]}")
        read[lane] = row["to_offset"]
        counted[lane] += row["counted"]
    for topic, number, position in places:
        there = sum(1 for r in evidence.records[topic] if r.partition == number and r.offset < position)
        if read[topic, number] != position or counted[topic, number] != there:
            found.append(
                f"I5: {topic}/{number}: batches to {read[topic, number]} with {counted[topic, number]} records, "
                f"position {position} with {there}"
            )
    return found[:_NAMED]


async def _versions(evidence: Evidence, service: str, connection: asyncpg.Connection) -> list[str]:
    """I6: each thing's versions are 1..n where they are said, and n where they are heard."""
    gaps = await connection.fetch(
        "select topic, msg_key, count(*) as events, max(aggver) as highest from msg.event_log "
        "group by 1, 2 having count(*) <> max(aggver) or min(aggver) <> 1"
    )
    found = [f"I6: {row['topic']} {row['msg_key']}: {row['events']} versions up to {row['highest']}" for row in gaps]
    for row in await connection.fetch("select topic, msg_key, aggver from msg.stream"):
        channel = BY_TOPIC[row["topic"]]
        highest = await evidence.databases[channel.owner].fetchval(
            "select max(aggver) from msg.event_log where topic = $1 and msg_key = $2", row["topic"], row["msg_key"]
        )
        if highest != row["aggver"]:
            found.append(f"I6: {service} is at {row['aggver']} of {highest} of {row['topic']} {row['msg_key']}")
    return found[:_NAMED]


async def _money(evidence: Evidence) -> list[str]:
    """I7: what is on Kafka was taken in; what was applied are the facts; each account is the same in arrears."""
    billing, arrears = evidence.databases["billing"], evidence.databases["arrears"]
    found = []
    for topic, table in _FACTS.items():
        said: defaultdict[UUID, set[int]] = defaultdict(set)
        for event in map(decode, evidence.records[topic]):
            if isinstance(event, Event):
                said[event.uid].add(event.pence)
        taken = await billing.fetch("select event_uid, pence from msg.inbox where topic = $1", topic)
        wrong = [row["event_uid"] for row in taken if row["pence"] not in said[row["event_uid"]]]
        found += _differ(f"I7: {topic}", "with other pence than on Kafka", wrong)
        amount = "net_pence + tax_pence" if table == "charges" else "amount_pence"
        facts = await billing.fetchval(f"select coalesce(sum({amount}), 0)::bigint from billing.{table}")
        done = await billing.fetchval(
            "select coalesce(sum(pence), 0)::bigint from msg.inbox where topic = $1 and disposition = 'D'", topic
        )
        if facts != done and table != "credits":  # a credit without an amount carries no pence
            found.append(f"I7: {topic}: {done} pence applied, {facts} in facts")
    ours = {row["account_id"]: (row["charges"], row["payments"]) for row in await billing.fetch(_ACCOUNTS)}
    theirs = {row["account_id"]: (row["charges"], row["payments"]) for row in await arrears.fetch(_CHASED)}
    for account in sorted(ours.keys() | theirs.keys()):
        here, there = ours.get(account, (0, 0)), theirs.get(account, (0, 0))
        if here != there:
            found.append(f"I7: account {account}: (charges, payments) {here} in billing, {there} in arrears")
    return found[: 2 * _NAMED]


async def _said(evidence: Evidence, service: str, connection: asyncpg.Connection) -> list[str]:
    """I8: Kafka has what the event log has, byte for byte, and each key's first arrivals are in its order."""
    waiting = await connection.fetchval("select count(*) from msg.outbox_pending")
    found = [f"I8: {waiting} events are not relayed"] if waiting else []
    for channel in said_by(service):
        rows = await connection.fetch("select event_uid, body from msg.event_log where topic = $1", channel.topic)
        logged = {row["event_uid"]: bytes(row["body"]) for row in rows}
        wire: dict[UUID, bytes | None] = {}
        latest: defaultdict[bytes | None, int] = defaultdict(int)
        for record in evidence.records[channel.topic]:
            event = decode(record)
            assert isinstance(event, Event), f"{channel.topic}: {event}"
            if event.uid not in wire and event.aggver is not None:
                if event.aggver != latest[record.key] + 1:
                    found.append(f"I8: {channel.topic} {event.key}: {event.aggver} came after {latest[record.key]}")
                latest[record.key] = event.aggver
            wire.setdefault(event.uid, record.value)
        found += _differ(f"I8: {channel.topic}", "on one side only", logged.keys() ^ wire.keys())
        found += _differ(f"I8: {channel.topic}", "with other bytes", {u for u in logged if wire.get(u) != logged[u]})
    return found[: 2 * _NAMED]


def _differ(where: str, what: str, uids: Iterable[UUID]) -> list[str]:
    uids = sorted(uids)
    names = ", ".join(str(uid) for uid in uids[:_NAMED])
    return [f"{where}: {len(uids)} {what} ({names})"] if uids else []


async def read_topics(bootstrap: str, prefix: str, partitions: int) -> dict[str, list[Record]]:
    """Return every committed record of every topic, by partition and offset."""
    lanes = {
        TopicPartition(prefix + channel.topic, number): channel.topic
        for channel in CHANNELS
        for number in range(1 if channel.single else partitions)
    }
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, isolation_level="read_committed", enable_auto_commit=False, max_poll_records=5000
    )
    await consumer.start()
    try:
        consumer.assign(list(lanes))
        await consumer.seek_to_beginning(*lanes)
        ends: dict[Any, int] = await consumer.end_offsets(list(lanes))
        records: dict[str, list[Record]] = {topic: [] for topic in lanes.values()}
        while any([await consumer.position(lane) < end for lane, end in ends.items()]):
            for lane, batch in (await consumer.getmany(timeout_ms=100)).items():
                records[lanes[lane]] += [
                    Record(lanes[lane], lane.partition, r.offset, r.key, r.value, tuple(r.headers), r.timestamp)
                    for r in batch
                ]
    finally:
        await consumer.stop()
    return {
        topic: sorted(found, key=lambda record: (record.partition, record.offset)) for topic, found in records.items()
    }
