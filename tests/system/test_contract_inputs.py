"""contract.md 4, row by row: what each input gets, seen from outside over real Kafka and the command line."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.support.kafka_tools import KafkaTools
from tests.system.examiner import (
    Said,
    again,
    balances,
    charge,
    contact,
    credit,
    dumped,
    entry,
    home,
    payment,
    reversal,
    say,
    topic_of,
    unit,
)
from tests.system.malformed import LARGEST, MALFORMED, REASONS, REFUSED, Malformed, padded
from tests.system.office import Office
from tests.system.stories_inputs import CLASHES, FIRST, HOLDS, REPEATS

Place = tuple[str, int, int]
Letter = dict[str, Any]


class Inputs:
    """The stack after every kind of input was sent, and where each record went."""

    def __init__(self, office: Office, kafka: KafkaTools) -> None:
        self.office = office
        self.kafka = kafka
        self.places: dict[str, Place] = {}
        self.letters: dict[tuple[str, Place], Letter] = {}

    async def send(self, name: str, topic: str, value: bytes | None, **how: Any) -> None:
        how = {"key": b"tombstone"} | how if value is None else how  # a producer cannot send nothing at all
        partition, offset = await self.kafka.send(topic, value, **how)
        self.places[name] = topic, partition, offset

    async def read_letters(self) -> None:
        found = await self.office.ask("dead-letters", "list")
        self.letters = {(one["service"], (one["topic"], one["partition"], one["offset"])): one for one in found}

    def letter(self, service: str, name: str) -> Letter:
        return self.letters[service, self.places[name]]


@pytest_asyncio.fixture(scope="module")
async def inputs(office: Office) -> AsyncIterator[Inputs]:
    kafka = KafkaTools(office.stack.servers.kafka.bootstrap, office.stack.topic_prefix)
    told = Inputs(office, kafka)
    await say(kafka, FIRST)
    await office.ask("settle")
    for number, row in enumerate((*MALFORMED, *REFUSED)):
        await told.send(row.name, row.topic, row.value, partition=number % 3)
    await say(kafka, REPEATS)
    for name, (_, said) in CLASHES.items():
        await told.send(name, topic_of(said), dumped(said), partition=0)
    await send_binary(told)
    await office.ask("settle")
    await told.read_letters()
    yield told
    await kafka.close()


def binary(said: Said) -> dict[str, Any]:
    """The headers of an event in binary mode."""
    names = ("specversion", "id", "source", "type", "time")
    headers = [(f"ce_{name}", str(said[name]).encode()) for name in names]
    return {"headers": [("content-type", b"application/json"), ("empty", None), *headers]}


async def send_binary(told: Inputs) -> None:
    topic = "housing.charge-raised"
    said = charge("IN-binary-C", 1100, "IN-binary")
    await told.send("binary", topic, json.dumps(said["data"]).encode(), **binary(said))
    await told.send("binary, structured again", topic, dumped(said))
    misled = charge("IN-binary-D", 2200, "IN-binary")
    await told.send("structured wins", topic, dumped(misled), **binary(charge("IN-other", 7, "IN-binary")))
    wrong = charge("IN-binary-E", 100, "IN-binary") | {"type": "housing.charge-raised.v9"}
    await told.send("binary, unknown type", topic, json.dumps(wrong["data"]).encode(), **binary(wrong))
    await told.send("binary tombstone", topic, None, **binary(charge("IN-binary-F", 100, "IN-binary")))
    await told.send("exactly the limit", topic, padded(charge("IN-big-C", 4400, "IN-big"), LARGEST))


async def balance_of(told: Inputs, unit_id: str) -> int:
    accounts = await balances(told.office)
    return int(accounts[unit_id, f"{unit_id}.o"]["balance_pence"])


@pytest.mark.parametrize("row", MALFORMED, ids=lambda row: row.name)
async def test_what_is_no_event_is_a_dead_letter_with_its_reason_and_its_bytes(inputs: Inputs, row: Malformed) -> None:
    letter = inputs.letter(row.service, row.name)
    assert (letter["reason"], letter["status"]) == (row.reason, "open")
    if row.field is not None:
        assert letter["field"] == row.field
    assert letter["detail"]
    assert {"service", "id", "topic", "partition", "offset", "event_id", "reason", "detail", "status"} <= letter.keys()
    shown = await inputs.office.ask("dead-letters", "show", row.service, str(letter["id"]))
    kept = shown["value"]
    assert (None if kept is None else base64.b64decode(kept)) == row.value


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.name)
async def test_what_a_rule_refuses_is_a_dead_letter_with_the_rules_name(inputs: Inputs, row: Malformed) -> None:
    letter = inputs.letter(row.service, row.name)
    assert letter["reason"] not in REASONS | {"conflicting-event", "conflicting-id"}
    assert letter["reason"].replace("-", "").isalpha()
    assert letter["detail"]


@pytest.mark.parametrize("name", CLASHES)
async def test_of_two_that_contradict_each_other_the_first_stands(inputs: Inputs, name: str) -> None:
    reason, said = CLASHES[name]
    service = "owners" if "ownership" in topic_of(said) else "billing"
    letter = inputs.letter(service, name)
    assert (letter["reason"], letter["event_id"]) == (reason, said["id"])


async def test_nothing_but_what_was_wrong_is_a_dead_letter(inputs: Inputs) -> None:
    wrong = {row.name for row in (*MALFORMED, *REFUSED)} | set(CLASHES) | {"binary, unknown type", "binary tombstone"}
    assert {place for _, place in inputs.letters} == {inputs.places[name] for name in wrong}
    assert len(inputs.letters) == len(wrong)


async def test_what_is_valid_is_applied_once_however_often_it_is_said(inputs: Inputs) -> None:
    assert await balance_of(inputs, "IN-ok") == 500 - 200
    assert await balance_of(inputs, "IN-twice") == 300 - 100
    assert await balance_of(inputs, "IN-clash") == 700 - 50 + 20
    assert await balance_of(inputs, "IN-spent") == 0
    # An event is named by its source and its id together.
    assert await balance_of(inputs, "IN-source") == 5500


async def test_binary_mode_and_plain_producers_are_read_alike(inputs: Inputs) -> None:
    assert await balance_of(inputs, "IN-binary") == 1100 + 2200
    assert inputs.letter("billing", "binary, unknown type")["reason"] == "unknown-type"
    assert inputs.letter("billing", "binary tombstone")["reason"] == "not-json"
    assert await balance_of(inputs, "IN-big") == 4400


async def test_every_dead_letter_is_said_without_its_content(inputs: Inputs) -> None:
    said = [json.loads(record.value or b"{}") for record in await inputs.kafka.read_all("billing.event-rejected")]
    told = {(one["data"]["topic"], one["data"]["partition"], one["data"]["offset"]): one["data"] for one in said}
    assert set(told) == {place for service, place in inputs.letters if service == "billing"}
    for place, data in told.items():
        assert data["reason"] == inputs.letters["billing", place]["reason"]


# Held: each waits under its own name, its money is seen, and it is applied when what it waits for comes.


async def suspended(told: Inputs) -> dict[str, list[tuple[Any, ...]]]:
    """What waits, as (id, amount, waits for)."""
    found = await told.office.ask("suspense")
    ids = {"charges": "charge_id", "credits": "credit_id", "reversals": "reversal_id"}
    return {
        kind: [(one[name], one["amount_pence"], one["waiting_for"]) for one in found[kind]]
        for kind, name in ids.items()
    } | {"payments": [(one["payment_id"], one["amount_pence"]) for one in found["payments"]]}


@pytest_asyncio.fixture(scope="module")
async def held(inputs: Inputs) -> dict[str, Any]:
    """What waited before the rest was known, and the accounts after."""
    await say(inputs.kafka, [said for first, *_ in HOLDS.values() for said in first])
    correction = entry("HC.2", "HC", "2026-01-12", corrects="HC.1")
    await say(inputs.kafka, [unit("HC"), charge("HC-C", 1200, "HC"), correction])
    await inputs.office.ask("settle")
    before = await suspended(inputs)
    status = await inputs.office.ask("status")
    figures = await inputs.office.ask("suspense")
    await say(inputs.kafka, [said for *_, then, _ in HOLDS.values() for said in then])
    await say(inputs.kafka, [entry("HC.1", "HC", "2026-01-02")])
    await inputs.office.ask("settle")
    return {
        "before": before,
        "figures": figures,
        "status": {one["name"]: one for one in status["services"]},
        "after": await suspended(inputs),
        "accounts": await balances(inputs.office),
    }


@pytest.mark.parametrize("name", HOLDS)
async def test_what_depends_on_something_unknown_is_held_and_seen(held: dict[str, Any], name: str) -> None:
    _, kind, expected, _, owed = HOLDS[name]
    ids = {one[0] for one in expected}
    assert [one for one in held["before"][kind] if one[0] in ids] == expected
    assert {unit_id: held["accounts"][unit_id, f"{unit_id}.o"]["balance_pence"] for unit_id in owed} == owed


async def test_a_correction_waits_for_what_it_corrects(held: dict[str, Any]) -> None:
    assert held["status"]["owners"]["held"] == 1
    # The correction moved the entry to after the charge's day, so nobody is known to owe it.
    assert held["accounts"]["HC", "HC.1"]["from"] == "2026-01-12"
    assert held["after"]["charges"] == [("HC-C", 1200, "owner:HC")]


async def test_the_suspense_figures_are_the_sum_of_what_waits(held: dict[str, Any]) -> None:
    figures = held["figures"]
    # 100+200+300+400+500+600+700+600 and the charge of HB and HC, whole.
    assert figures["charges_pence"] == 3400 + 1000 + 1200
    assert figures["payments_pence"] == 0
    assert [one["unit_id"] for one in figures["charges"] if one["charge_id"] == "H1-C"] == ["H1"]
    assert (held["after"]["credits"], held["after"]["reversals"]) == ([], [])


async def test_what_waited_is_judged_when_its_time_comes(inputs: Inputs) -> None:
    """Said twice, contradicted or too much while it waits: one counts, and only what is wrong is a dead letter."""
    back, refund = reversal("WT-R", "WT-P", 30), credit("WT-K", "WT-C", 40)
    await say(inputs.kafka, [back, back, again(back, "WT/1"), refund, refund, again(refund, "WT/2")])
    for name, said in {
        "WT contradicts R": again(back, "WT/3", amount_pence=31),
        "WT contradicts K": again(refund, "WT/4", amount_pence=41),
        "WT too much R": reversal("WT-R2", "WT-P", 71),
        "WT too much K": credit("WT-K2", "WT-C", 961),
        "WT other unit": entry("WT.2", "WT", corrects="WU.o"),
    }.items():
        key = said["data"].get("unit_id") or said["data"].get("charge_id") or said["data"]["payment_id"]
        await inputs.send(name, topic_of(said), dumped(said), key=key.encode())
    await inputs.office.ask("settle")
    await say(inputs.kafka, [*home("WT"), *home("WU"), charge("WT-C", 1000, "WT"), payment("WT-P", 100, unit_id="WT")])
    await inputs.office.ask("settle")
    assert await balance_of(inputs, "WT") == (1000 - 40) - (100 - 30)
    await inputs.read_letters()
    assert inputs.letter("billing", "WT contradicts R")["reason"] == "conflicting-id"
    assert inputs.letter("billing", "WT contradicts K")["reason"] == "conflicting-id"
    too_much = {name: inputs.letter("billing", name)["reason"] for name in ("WT too much R", "WT too much K")}
    refused = {name: inputs.letter("billing", name)["reason"] for name in ("reversal-above", "credit-above")}
    assert list(too_much.values()) == list(refused.values())
    other = inputs.letter("owners", "corrects-other-unit")["reason"]
    assert inputs.letter("owners", "WT other unit")["reason"] == other
    waiting = await suspended(inputs)
    assert [one for kind in ("credits", "reversals") for one in waiting[kind] if one[0].startswith("WT")] == []


async def test_money_that_nobody_matches_is_in_suspense_with_its_value_date(inputs: Inputs) -> None:
    await say(inputs.kafka, [payment("SU-P", 4500, day="2026-01-16", reference="RENT MRS CAMPBELL")])
    await say(inputs.kafka, [payment("SU-Q", 1000, account_ref="F0000000000X"), reversal("SU-QR", "SU-Q", 400)])
    await say(inputs.kafka, [payment("SU-Z", 800), reversal("SU-ZR", "SU-Z", 800)])
    await inputs.office.ask("settle")
    found = await inputs.office.ask("suspense")
    # A reversal of a suspended payment lowers it there; what is left of nothing is not shown.
    assert found["payments"] == [
        {"payment_id": "SU-Q", "amount_pence": 600, "received_on": "2026-01-15"},
        {"payment_id": "SU-P", "amount_pence": 4500, "received_on": "2026-01-16"},
    ]
    assert found["payments_pence"] == 5100


# Dead letters: re-driven, discarded; a partition that stops.


async def test_driving_a_dead_letter_twice_does_no_harm(inputs: Inputs) -> None:
    letter = inputs.letter("billing", "credit-above")
    for _ in range(2):
        answer = await inputs.office.run("dead-letters", "redrive", "billing", str(letter["id"]))
        assert answer.code == 1
        assert "Traceback" not in answer.err
        assert answer.err.strip()
    await inputs.office.ask("settle")
    assert await balance_of(inputs, "IN-ok") == 500 - 200
    await inputs.read_letters()
    assert inputs.letter("billing", "credit-above")["status"] == "open"


async def test_a_dead_letter_is_discarded_with_a_reason_and_kept(inputs: Inputs) -> None:
    letter = str(inputs.letter("billing", "words")["id"])
    without = await inputs.office.run("dead-letters", "discard", "billing", letter)
    assert without.code != 0
    made = await inputs.office.ask("dead-letters", "discard", "billing", letter, "--reason", "a test of the sender")
    await inputs.office.ask("proposals", "approve", "billing", str(made["proposal"]), "--as", "finance")
    shown = await inputs.office.ask("dead-letters", "show", "billing", letter)
    assert shown["status"] == "discarded"
    assert base64.b64decode(shown["value"]) == b"charge everybody ten pounds"
    twice = await inputs.office.run("dead-letters", "discard", "billing", letter, "--reason", "again")
    assert (twice.code, twice.out) == (0, f"billing: dead letter {letter} is discarded already.\n")
    redriven = await inputs.office.run("dead-letters", "redrive", "billing", letter)
    assert "Traceback" not in redriven.err
    assert (await inputs.office.ask("dead-letters", "show", "billing", letter))["status"] == "discarded"


async def lane_of(told: Inputs, topic: str, partition: int) -> dict[str, Any]:
    services = (await told.office.ask("status"))["services"]
    lanes = [lane for one in services for lane in one.get("partitions", ())]
    return next(one for one in lanes if (one["topic"], one["partition"]) == (topic, partition))


async def test_fifty_dead_letters_in_a_row_stop_the_partition_until_it_is_released(inputs: Inputs) -> None:
    topic, good = "housing.payment-received", payment("QU-P", 123, unit_id="IN-ok")
    await inputs.send("QU-first", topic, dumped(payment("QU-F", 9, unit_id="IN-ok")), partition=1)
    await inputs.office.ask("settle")
    before = await balance_of(inputs, "IN-ok")
    for number in range(50):
        await inputs.send(f"QU-{number}", topic, f"not json {number}".encode(), partition=1)
    await inputs.send("QU-P", topic, dumped(good), partition=1)
    await inputs.send("QU-other", topic, dumped(payment("QU-O", 1, unit_id="IN-ok")), partition=2)
    for _ in range(100):
        if (await lane_of(inputs, topic, 1))["quarantined"]:
            break
        await asyncio.sleep(0.1)
    assert (await lane_of(inputs, topic, 1))["lag"] == 1
    why = await inputs.office.run("status")
    assert (why.code, f"billing {topic}/1" in why.err, "release" in why.err) == (0, True, True)
    # Only that partition stops.
    for _ in range(100):
        if await balance_of(inputs, "IN-ok") != before:
            break
        await asyncio.sleep(0.1)
    assert await balance_of(inputs, "IN-ok") == before - 1
    assert not (await lane_of(inputs, topic, 2))["quarantined"]
    release = ("dead-letters", "release", "billing", "--reason", "the sender was mended")
    await inputs.office.ask(*release, "--topic", topic, "--partition", "1")
    await inputs.office.ask("settle")
    assert await balance_of(inputs, "IN-ok") == before - 1 - 123
    again_released = await inputs.office.run(*release)
    assert (again_released.code, again_released.out) == (0, "billing: nothing is in quarantine.\n")


async def test_forty_nine_in_a_row_do_not_stop_it(inputs: Inputs) -> None:
    topic = "housing.contact-changed"
    await inputs.send("QV", topic, dumped(contact("QV", name="Someone")), partition=0)
    for round_ in range(2):
        for number in range(49):
            await inputs.send(f"QV-{round_}-{number}", topic, f"no {round_} {number}".encode(), partition=0)
        await inputs.send(f"QV-{round_}", topic, dumped(contact(f"QV-{round_}", name="Someone")), partition=0)
    await inputs.office.ask("settle")
    assert not (await lane_of(inputs, topic, 0))["quarantined"]


async def test_the_proof_holds_after_all_of_it(inputs: Inputs) -> None:
    proof = await inputs.office.ask("verify")
    assert proof["ok"], [check for check in proof["checks"] if not check["ok"]]
    assert all({"name", "ok", "detail"} <= check.keys() for check in proof["checks"])


# A day that a person ends, with nothing but a producer.


def day_ended(day: str, event_id: str, **more: Any) -> bytes:
    said = {"specversion": "1.0", "id": event_id, "source": "kcat", "type": "calendar.day-ended.v1"}
    return json.dumps(said | {"time": "2026-02-01T00:05:00Z", "data": {"day": day, **more}}).encode()


async def days_closed(told: Inputs) -> list[str]:
    return [one["last_day_closed"] for one in (await told.office.ask("status"))["services"]]


async def test_a_day_is_ended_by_hand_without_a_cut_and_only_once(inputs: Inputs) -> None:
    topic, before = "calendar.day-ended", await balances(inputs.office)
    await inputs.send("day", topic, day_ended("2026-01-31", "kcat/1"))
    for _ in range(300):
        if await days_closed(inputs) == ["2026-01-31"] * 4:
            break
        await asyncio.sleep(0.1)
    await inputs.send("day again", topic, day_ended("2026-01-31", "kcat/2", after={}))
    await inputs.send("no day", topic, day_ended("31 January", "kcat/3"))
    await inputs.send("too far", topic, day_ended("2027-03-09", "kcat/4"))
    await say(inputs.kafka, FIRST)  # whatever day they come on
    await inputs.office.ask("settle")
    assert await days_closed(inputs) == ["2026-01-31"] * 4
    await inputs.read_letters()
    for service in ("owners", "billing", "arrears", "notify"):
        assert inputs.letter(service, "no day")["reason"] == "bad-date"
        assert inputs.letter(service, "too far")["reason"] not in REASONS
        assert (service, inputs.places["day again"]) not in inputs.letters
    assert {name: one["balance_pence"] for name, one in (await balances(inputs.office)).items()} == {
        name: one["balance_pence"] for name, one in before.items()
    }
