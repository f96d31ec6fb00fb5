"""The questions operators ask after a bad night, answered from the lines of the log alone (docs/logs.md)."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.billing.domain import refs
from shared.events.topics import BY_TOPIC, LINE_OF_SERVICES, heard_by
from shared.log_lines import NAMES
from tests.contract.test_log_page import rows
from tests.support.kafka_tools import KafkaTools
from tests.system.examiner import charge, home, payment, say
from tests.system.office import Office

pytestmark = pytest.mark.timeout(600)  # on a busy machine the night takes minutes

Line = dict[str, Any]
DAY, TOPIC, PARTITION = "2026-01-31", "housing.payment-reversed", 1
JUNK, LIMIT = 55, 50
REF = refs.account_ref("LQ-1", "LQ-1.o")
HOMES = [*home("LQ-1"), *home("LQ-2")]
MONEY = [
    charge("LQ-C1", 500, "LQ-1"),
    charge("LQ-early", 700, "LQ-3"),
    payment("LQ-P", 200, account_ref=REF),
    payment("LQ-nobody", 4500, reference="RENT MRS CAMPBELL"),
]
LATE = home("LQ-3")
_HEAD = {
    "timestamp", "severity_text", "body", "event.name", "service.name", "service.version", "service.instance.id",
    "deployment.environment.name", "app.runbook", "app.repeats", "app.cut",
}  # fmt: skip


@dataclass(frozen=True)
class Night:
    """All lines of all services, in the order of their time, and where the log ends were on Kafka."""

    lines: list[Line]
    ends: dict[tuple[str, int], int]

    def find(self, *names: str, **fields: object) -> list[Line]:
        """The lines of these names whose fields are these, named as on the page."""
        wanted = {NAMES.get(name, f"app.{name}"): value for name, value in fields.items()}
        return [
            line
            for line in self.lines
            if line["event.name"] in names and all(line.get(name) == value for name, value in wanted.items())
        ]


def read(office: Office) -> list[Line]:
    found = [
        json.loads(line)
        for path in sorted((office.stack.directory / "logs").glob("*.jsonl"))
        for line in path.read_bytes().splitlines()
    ]
    return sorted(found, key=lambda line: str(line["timestamp"]))


async def until_written(office: Office, *wanted: tuple[str, str]) -> None:
    """Wait until each of these services has written this line."""
    for _ in range(1200):
        if set(wanted) <= {(line["service.name"], line["event.name"]) for line in read(office)}:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"never written: {wanted}")


async def readiness(office: Office) -> tuple[int, Any]:
    async with httpx.AsyncClient(timeout=10) as client:
        answer = await client.get(f"{office.stack.processes['billing', 1].private_url}/readyz")
    return answer.status_code, answer.json()["degraded"]


@pytest_asyncio.fixture(scope="module")
async def night(office: Office) -> AsyncIterator[Night]:
    """Money comes in, a sender goes mad, a day stands still over it, and somebody lets it go on."""
    kafka = KafkaTools(office.stack.servers.kafka.bootstrap, office.stack.topic_prefix)
    for facts in (HOMES, MONEY, LATE):
        await say(kafka, facts)
        await office.ask("settle")
    for _ in range(JUNK):
        await kafka.send(TOPIC, b"junk", partition=PARTITION)
    await until_written(office, ("billing", "quarantine_tripped"))
    await office.ask("close", DAY, "--no-wait")
    await until_written(office, ("billing", "day_waiting"), ("arrears", "day_waiting"), ("notify", "day_waiting"))
    assert await readiness(office) == (200, ["quarantine_tripped"])
    await office.run("dead-letters", "redrive", "billing", "1")
    release = ("dead-letters", "release", "billing", "--topic", TOPIC, "--partition", str(PARTITION))
    await office.ask(*release, "--reason", "the sender was stopped")
    await office.close(DAY)
    await office.ask("settle")
    await until_written(office, *((service, "invariant_checked") for service in LINE_OF_SERVICES))
    heard = {channel.topic for service in LINE_OF_SERVICES for channel in heard_by(service)}
    ends = {(topic, number): end for topic in heard for number, end in (await kafka.end_offsets(topic)).items()}
    await kafka.close()
    yield Night(read(office), ends)


def names(lines: list[Line]) -> list[tuple[str, str]]:
    return [(line["service.name"], line["event.name"]) for line in lines]


def test_where_is_event_x(night: Night) -> None:
    [taken_in] = night.find("event", event_id="charge-raised/LQ-C1")
    assert (taken_in["service.name"], taken_in["app.outcome"], taken_in["app.entries"]) == ("billing", "done", 2)
    [share] = night.find("event", topic="billing.charge-raised", correlation_id="charge-raised/LQ-C1")
    assert share["service.name"] == "arrears"
    pages = [line for line in night.find("page") if share["app.event_id"] in line["app.event_ids"]]
    assert names(pages) == [("billing", "page")]
    assert pages[0]["timestamp"] < share["timestamp"]


def test_every_event_of_ours_that_was_heard_is_in_a_page_of_who_said_it(night: Night) -> None:
    said = {(line["service.name"], event_id) for line in night.find("page") for event_id in line["app.event_ids"]}
    heard = {
        (BY_TOPIC[line["messaging.destination.name"]].owner, line["app.event_id"])
        for line in night.find("event")
        if BY_TOPIC[line["messaging.destination.name"]].owner in LINE_OF_SERVICES
    }
    assert len(heard) > 10
    assert heard <= said


def test_what_became_of_a_payment(night: Night) -> None:
    [received] = night.find("event", aggregate_id="LQ-P")
    account, story = received["app.account_id"], received["app.correlation_id"]
    paid = night.find("event", topic="billing.payment-received", correlation_id=story, aggregate_id=account)
    assert {(line["service.name"], line["app.amount_pence"]) for line in paid} == {("arrears", 200), ("notify", 200)}
    [nobodys] = night.find("event", aggregate_id="LQ-nobody")
    assert "app.account_id" not in nobodys
    [waiting] = night.find("suspense_posted", payment_id="LQ-nobody")
    assert (waiting["app.amount_pence"], waiting["app.correlation_id"]) == (4500, nobodys["app.correlation_id"])


def test_where_a_charge_went_that_came_before_its_owner(night: Night) -> None:
    [waiting] = night.find("suspense_posted", charge_id="LQ-early")
    moves = [line for line in night.find("reclassified") if line["timestamp"] > waiting["timestamp"]]
    [moved] = [line for line in moves if line.get("app.charges")]
    assert (waiting["app.amount_pence"], moved["app.amount_pence"], moved["app.charges"]) == (700, 700, 1)
    assert moved["app.correlation_id"] == "ownership-changed/LQ-3.o"


def test_what_became_of_an_accounts_letter(night: Night) -> None:
    [received] = night.find("event", aggregate_id="LQ-P")
    [written] = night.find("letter_rendered", account_id=received["app.account_id"], template="welcome")
    ends = night.find("mail_handed_over", message_id=written["app.message_id"])
    assert [(line["app.account_id"], line["app.correlation_id"]) for line in ends] == [
        (written["app.account_id"], written["app.correlation_id"])
    ]
    assert written["app.correlation_id"] == "ownership-changed/LQ-1.o"


def test_why_nothing_moved(night: Night) -> None:
    [stopped] = night.find("quarantine_tripped")
    place = NAMES["topic"], NAMES["partition"], NAMES["offset"]
    assert [stopped[name] for name in place] == [TOPIC, PARTITION, LIMIT]
    assert (stopped["service.name"], stopped["app.runbook"]) == ("billing", "quarantine")


def test_what_the_day_waited_for(night: Night) -> None:
    waits = {line["service.name"]: line["app.detail"] for line in night.find("day_waiting", day=DAY)}
    assert waits["billing"] == f"{TOPIC} partition {PARTITION}: {JUNK - LIMIT} to read"
    assert waits["arrears"] == f"billing to close {DAY}"
    begun = {line["service.name"]: line["app.waited_ms"] for line in night.find("day_started", day=DAY)}
    assert begun.keys() == set(LINE_OF_SERVICES)
    assert begun["billing"] > 1000
    assert {line["service.name"] for line in night.find("day_closed", day=DAY)} == set(LINE_OF_SERVICES)


def test_whether_anything_was_lost(night: Night) -> None:
    read_to: defaultdict[tuple[str, str, int], int] = defaultdict(int)
    for line in night.find("batch"):
        for part in line["app.ranges"]:
            place, _, offsets = part.rpartition(":")
            topic, _, number = place.rpartition("/")
            begin, end = map(int, offsets.split("-"))
            lane = line["service.name"], topic, int(number)
            assert begin == read_to[lane], f"{lane}: a batch from {begin} follows one to {read_to[lane]}"
            read_to[lane] = end
    for service in LINE_OF_SERVICES:
        for channel in heard_by(service):
            for (topic, number), end in night.ends.items():
                assert topic != channel.topic or read_to[service, topic, number] == end, (service, topic, number)
    assert {line["service.name"] for line in night.find("invariant_checked")} == set(LINE_OF_SERVICES)
    assert night.find("invariant_violation") == []


def test_who_did_what(night: Night) -> None:
    [released] = night.find("quarantine_released", topic=TOPIC, partition=PARTITION)
    asked, answered = night.find("dlq_replay_requested", "dlq_replay_failed", letter=1)
    who = {line["app.who"] for line in (released, asked, answered)}
    assert len(who) == 1
    assert all(who)
    assert (asked["app.dry_run"], answered["app.outcome"]) == (False, "not-json")


def test_every_line_is_one_of_the_page_with_its_fields(night: Night) -> None:
    short = {written: name for name, written in NAMES.items()}
    page = rows()
    unlisted = {
        (line["event.name"], name)
        for line in night.lines
        for name in line.keys() - _HEAD
        if short.get(name, name.removeprefix("app.")) not in page[line["event.name"]][1]
        and line["event.name"] != "metrics_snapshot"
    }
    assert unlisted == set()
