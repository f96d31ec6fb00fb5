"""The memory of the four services over many events and days: it must not grow with what they have done."""

from collections.abc import Iterable
from datetime import date, timedelta

import asyncpg
import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.cli.supervisor import PARTITIONS, Stack
from shared.embedded.databases import provision
from shared.embedded.mail import EmbeddedMail
from shared.embedded.stack import Servers
from shared.events.topics import (
    CHARGE_RAISED,
    CONTACT_CHANGED,
    DAY_ENDED,
    LINE_OF_SERVICES,
    OWNERSHIP_CHANGED,
    PAYMENT_RECEIVED,
    UNIT_REGISTERED,
)
from tests.benchmarks import facts
from tests.benchmarks.figures import Figure
from tests.benchmarks.stage import Stage, until
from tests.support.bus import cloud_event
from tests.support.kafka_tools import KafkaTools

_MIB = 1024 * 1024
_PARTS = 10
_EARLY = 2
"""Parts after which memory is looked at first: a fifth of the events."""
_BEFORE = date(2026, 3, 2)
_PREFIX = "benchmemory."
_SENT = tuple(
    channel.topic for channel in (CHARGE_RAISED, PAYMENT_RECEIVED, CONTACT_CHANGED, UNIT_REGISTERED, OWNERSHIP_CHANGED)
)

Sizes = dict[str, float]
"""Resident memory in MiB by service."""


async def measure(stage: Stage) -> list[Figure]:
    """Feed all four services through the doors of the housing system, and end a day after every tenth part."""
    part = stage.scaled(stage.events) // _PARTS
    mail = await EmbeddedMail(stage.directory / "memory-mail").start()
    stack = Stack(stage.directory / "memory", servers=Servers(stage.kafka, stage.postgres, mail), topic_prefix=_PREFIX)
    kafka = KafkaTools(stage.kafka.bootstrap, _PREFIX)
    try:
        await stack.start()
        urls = await provision(stage.postgres.admin_url)
        sql = await asyncpg.connect(urls[LINE_OF_SERVICES[-1]].owner_url)
        early, end = await _feed(stack, kafka, sql, part)
        await sql.close()
    finally:
        await kafka.close()
        await stack.stop()
        await mail.stop()
    return [figure for service in LINE_OF_SERVICES for figure in _figures(service, early[service], end[service])]


def _figures(service: str, early: float, end: float) -> Iterable[Figure]:
    yield Figure(f"memory.{service} after a fifth", "MiB", (early,))
    yield Figure(f"memory.{service} at the end", "MiB", (end,), most=200)
    yield Figure(f"memory.{service} growth", "percent", ((end / early - 1) * 100,), most=5)


async def _feed(stack: Stack, kafka: KafkaTools, sql: asyncpg.Connection, part: int) -> tuple[Sizes, Sizes]:
    """Return the processes' memory after a fifth of the events and after all of them."""
    await kafka.send_many(UNIT_REGISTERED.topic, facts.registrations())
    await kafka.send_many(OWNERSHIP_CHANGED.topic, facts.first_owners())
    await _end(kafka, sql, _BEFORE)
    early: Sizes = {}
    for number in range(_PARTS):
        first, count = number * (part // 3), part // 3
        await kafka.send_many(CHARGE_RAISED.topic, facts.charges(first, count))
        await kafka.send_many(PAYMENT_RECEIVED.topic, facts.payments(first, count))
        await kafka.send_many(CONTACT_CHANGED.topic, facts.contacts(first, count))
        await _end(kafka, sql, _BEFORE + timedelta(days=number + 1))
        if number + 1 == _EARLY:
            early = _sizes(stack)
    return early, _sizes(stack)


async def _end(kafka: KafkaTools, sql: asyncpg.Connection, day: date) -> None:
    """End the day at the cut of what was sent, and wait until the last service has closed it."""
    cut = {"day": day.isoformat(), "after": await _ends(kafka)}
    event = cloud_event(DAY_ENDED.topic, cut, f"end-{day}", source="calendar")
    await kafka.send(DAY_ENDED.topic, event, key=b"calendar")
    await until(sql, "select exists (select from msg.closed_day where day = $1)", day)


async def _ends(kafka: KafkaTools) -> dict[str, list[int]]:
    """Return where each partition of the topics that were sent to ends."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        places = {
            topic: [TopicPartition(kafka.prefix + topic, number) for number in range(PARTITIONS)] for topic in _SENT
        }
        ends = await consumer.end_offsets([place for own in places.values() for place in own])
    finally:
        await consumer.stop()
    return {topic: [ends[place] for place in own] for topic, own in places.items()}


def _sizes(stack: Stack) -> Sizes:
    processes = {name: stack.processes[name, 1].child.pid for name in LINE_OF_SERVICES}
    return {name: psutil.Process(pid).memory_info().rss / _MIB for name, pid in processes.items()}
