"""What Kafka may do to a consumer: lose its offsets, deliver again, deliver out of order, deliver rubbish."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.billing.domain import refs
from shared.events.topics import heard_by
from tests.support.bus import cloud_event
from tests.support.faults import Plant
from tests.support.plant_parts import Said, portfolio, until_quiet

_LIMIT = 50


async def _release(plant: Plant, service: str, topic: str) -> None:
    process = plant.stack.processes[service, 1]
    token = plant.stack.issuer.tokens()["operator"]
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=10) as client:
        answer = await client.post(f"{process.api_url}/bus/release", json={"topic": topic, "reason": "sender mended"})
    assert answer.status_code == 200, answer.text
    plant.by_hand += 1


@pytest.mark.slow
@pytest.mark.parametrize("offsets", ["lost", "ahead"])
async def test_lost_or_wrong_group_offsets_change_nothing(plant: Plant, offsets: str) -> None:
    """F30: the database knows where we are, and proves it by the record before, whatever the group is told."""
    await plant.say_many(plant.mixture(60))
    await plant.settle()
    await plant.stack.stop_service("billing")
    repeated = "select coalesce(sum(n_dup), 0)::bigint from msg.batch_log"
    before = await plant.value("billing", repeated)
    await plant.say_many(plant.mixture(60))
    await _commit(plant, "billing", at_the_end=offsets == "ahead")
    await plant.start("billing")
    await plant.close_day()
    await plant.prove()
    assert await plant.value("billing", repeated) == before


async def _commit(plant: Plant, service: str, *, at_the_end: bool) -> None:
    """Tell the group that it has read everything, or nothing (as after the loss of its offsets)."""
    lanes = [
        TopicPartition(plant.tools.prefix + channel.topic, number)
        for channel in heard_by(service)
        for number in range(1 if channel.single else plant.tools.partitions)
    ]
    group = f"{plant.tools.prefix}closebook.{service}"
    consumer = AIOKafkaConsumer(bootstrap_servers=plant.kafka.bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(lanes)
        ends = await consumer.end_offsets(lanes)
        await consumer.commit({lane: ends[lane] if at_the_end else 0 for lane in lanes})
    finally:
        await consumer.stop()


async def test_a_whole_topic_delivered_again_is_all_duplicates(plant: Plant) -> None:
    """F34."""
    await plant.say_many(plant.mixture(90))
    await plant.settle()
    # What was read is noted for billing itself (decision 0024); what it says to others must not grow.
    said = "select count(*) from msg.event_log where topic <> 'billing.taken-in'"
    counts = f"select (select count(*) from billing.entries), ({said})"
    before = (await plant.rows("billing", counts))[0]
    for topic in ("housing.payment-received", "housing.charge-raised"):
        records = await plant.tools.read_all(topic)
        await plant.tools.send_many(topic, [(record.key, record.value) for record in records if record.value])
    await plant.prove()
    assert (await plant.rows("billing", counts))[0] == before


@pytest.mark.slow
async def test_topics_in_adverse_order_end_with_the_same_balances(plant: Plant) -> None:
    """F35: payments before owners before units before charges' share sets: the same figures as in good order."""
    good, adverse = [f"G{number}" for number in range(1, 5)], [f"A{number}" for number in range(1, 5)]
    for facts in _history(plant, good, "SG"):
        await plant.say_many(facts)
        await plant.settle()
    for facts in reversed(_history(plant, adverse, "SA")):
        await plant.say_many(list(reversed(facts)))
        await plant.settle()
    await plant.prove()
    assert await _balances(plant, good) == await _balances(plant, adverse)
    assert await plant.value("billing", "select count(*) from msg.held") == 0
    await plant.close_day()
    await plant.prove()


def _history(plant: Plant, units: Sequence[str], shares: str) -> list[list[Said]]:
    """Return facts in good order, batch by batch: registry, charges, credits, payments, reversals."""
    charges = [plant.charge(unit, 100_00 + number) for number, unit in enumerate(units)]
    together: dict[str, Any] = plant.shared_charge(1000_00)[2] | {"share_set_id": shares}
    charges.append(("charge-raised", shares, together))
    today = str(plant.today)
    credit = {
        "credit_id": plant.fresh("CR"), "charge_id": together["charge_id"], "amount_pence": 333_32, "reason": "r",
        "credited_on": today,
    }  # fmt: skip
    payments = [plant.payment(unit, 70_00 + 7 * number) for number, unit in enumerate(units)]
    back = {
        "reversal_id": plant.fresh("REV"), "payment_id": payments[0][2]["payment_id"], "amount_pence": 70_00,
        "reversed_on": today, "reason": "arudd-0",
    }  # fmt: skip
    facts = portfolio(units, shares)
    # Four units, amounts that four divides: no odd penny falls by a lot that the names decide.
    return [
        facts[0::2],
        facts[1::2],
        charges,
        [("charge-credited", together["charge_id"], credit)],
        payments,
        [("payment-reversed", back["payment_id"], back)],
    ]


async def _balances(plant: Plant, units: Sequence[str]) -> list[tuple[int, int]]:
    """Return what each unit's account was charged and has paid."""
    sums = (
        "select coalesce(sum(amount_pence) filter (where charge_id is not null), 0)::bigint as charged, "
        "coalesce(sum(amount_pence) filter (where payment_id is not null), 0)::bigint as paid "
        "from billing.entries where account_id = $1"
    )
    found = []
    for unit in units:
        [row] = await plant.rows("billing", sums, refs.account_id(unit, f"{unit}-C1"))
        found.append((row["charged"], row["paid"]))
    return found


async def test_one_id_on_two_partitions_is_one_event_and_other_content_is_a_conflict(plant: Plant) -> None:
    """F36: the second is a duplicate; with other content it is a dead letter, and the first stands."""
    topic = "housing.payment-received"
    first, event_id = plant.payment("U03", 61_00), plant.fresh("event")
    value = cloud_event(topic, first[2], event_id)
    other = cloud_event(topic, first[2] | {"amount_pence": 62_00}, event_id)
    dead = "select count(*) from msg.dead_letter where reason_code = 'conflicting-event' and event_id = $1"
    for partition in (0, 1):
        await plant.tools.send(topic, value, partition=partition)
        await plant.settle()
    assert await plant.value("billing", dead, event_id) == 0
    await plant.tools.send(topic, other, partition=2)
    await plant.prove()
    assert await plant.value("billing", dead, event_id) == 1
    amounts = "select amount_pence from billing.payments where payment_id = $1"
    assert [row[0] for row in await plant.rows("billing", amounts, first[2]["payment_id"])] == [61_00]


async def test_a_partition_that_ends_in_a_transaction_marker_blocks_no_day(plant: Plant) -> None:
    """The end offset is past the marker, no record ever is: the cut is proven read, and the lane goes on after it."""
    topic = "housing.payment-received"
    facts = [plant.payment("U04", 30_00 + number) for number in range(3)]
    values = [cloud_event(topic, fact[2], plant.fresh("event")) for fact in facts]
    lost = cloud_event(topic, plant.payment("U04", 99_00)[2], plant.fresh("event"))
    await plant.tools.send_transaction(topic, values[:2], partition=0, abort=False)
    await plant.tools.send_transaction(topic, [lost], partition=1, abort=True)
    await plant.close_day()
    await plant.tools.send(topic, values[2], partition=0)
    await plant.tools.send(topic, cloud_event(topic, plant.payment("U04", 1)[2], plant.fresh("event")), partition=1)
    await plant.close_day()
    await plant.prove()
    ids = [fact[2]["payment_id"] for fact in facts]
    assert await plant.value("billing", "select count(*) from billing.payments where payment_id = any($1)", ids) == 3


@pytest.mark.slow
async def test_a_storm_of_poison_trips_the_quarantine_and_a_release_goes_on(plant: Plant) -> None:
    """F16: the limit's number of dead letters, then the partition stands; the others go on; nothing is skipped."""
    topic = "housing.charge-raised"
    dead_before = await plant.value("billing", "select count(*) from msg.dead_letter where topic = $1", topic)
    since = plant.mark("billing")
    for number in range(2 * _LIMIT + 20):
        await plant.tools.send(topic, b"poison %d" % number, partition=0)
    good = plant.charge("U01", 12_34)
    await plant.tools.send(topic, cloud_event(topic, good[2], plant.fresh("event")), partition=0)
    elsewhere = plant.payment("U02", 55_00)
    await plant.say([elsewhere])

    async def tripped(times: int) -> str:
        return "" if len(plant.said("billing", "quarantine_tripped", since)) >= times else "not tripped"

    await until_quiet(lambda: tripped(1), 30)
    dead = "select count(*) from msg.dead_letter where topic = $1"
    assert await plant.value("billing", dead, topic) == dead_before + _LIMIT
    paid = "select exists (select from billing.payments where payment_id = $1)"

    async def other_lanes_go_on() -> str:
        return "" if await plant.value("billing", paid, elsewhere[2]["payment_id"]) else "the payment is not there"

    await until_quiet(other_lanes_go_on, 20)
    assert await plant.value("billing", dead, topic) == dead_before + _LIMIT

    await _release(plant, "billing", topic)
    await until_quiet(lambda: tripped(2), 30)
    assert await plant.value("billing", dead, topic) == dead_before + 2 * _LIMIT
    # A restart forgets nothing: the lane still waits for a person.
    await plant.stack.stop_service("billing")
    plant.spawn("billing")  # it does not call itself ready while a lane waits
    await plant.say([plant.payment("U02", 56_00)])
    await plant.until_read("billing", but=("housing.charge-raised", 0))
    assert await plant.value("billing", dead, topic) == dead_before + 2 * _LIMIT
    await _release(plant, "billing", topic)
    await plant.prove(leaves=["billing:quarantine_tripped", "billing:quarantine_released"])
    assert await plant.value("billing", dead, topic) == dead_before + 2 * _LIMIT + 20
    charged = "select exists (select from billing.charges where charge_id = $1)"
    assert await plant.value("billing", charged, good[2]["charge_id"])
