"""Days under faults: services away, days ended often or many at once, a lost row, a crash at every step of the work."""

from collections.abc import Sequence
from datetime import timedelta
from signal import SIGKILL

import pytest

from shared.events.topics import LINE_OF_SERVICES
from tests.support.faults import UNITS, Plant
from tests.support.plant_parts import Said, until_quiet

_STEPS = (
    "day-shut", "day-started", "slice-written", "slice-committed", "day-drained", "close-written", "day-closed",
)  # fmt: skip


async def test_no_reminder_goes_to_anyone_who_had_paid_while_billing_was_away(plant: Plant) -> None:
    """The whole point of the day: payments lie in Kafka, days end, and arrears must not decide without them."""
    quarter = plant.next_quarter()
    await plant.close_day(quarter - timedelta(days=2))
    await plant.say_many([await _to_owe(plant, unit, 80_00) for unit in UNITS])
    await plant.close_day(quarter)
    await plant.settle()
    reminders = "select count(*) from notify.letters where template like 'reminder%'"
    assert await plant.value("notify", reminders) == 0

    await plant.stack.stop_service("billing")
    await plant.end_day(quarter + timedelta(days=19))
    payers, debtors = UNITS[:7], UNITS[7:]
    await plant.say_many([plant.payment(unit, 80_00) for unit in payers])
    last = await plant.end_day(quarter + timedelta(days=40))
    await plant.until_closed(last, ("owners",))
    assert await plant.last_closed("arrears") == quarter

    await plant.start("billing")
    await plant.until_closed(last, seconds=120)
    await plant.prove()
    reminded = await plant.rows(
        "notify",
        "select distinct account.unit_id from notify.letters join notify.accounts as account using (account_id) "
        "where template like 'reminder%'",
    )
    assert {row["unit_id"] for row in reminded} == set(debtors)
    await until_quiet(lambda: _reminders_out(plant, payers, debtors), 30)


async def _reminders_out(plant: Plant, payers: Sequence[str], debtors: Sequence[str]) -> str:
    """Return whose reminder has not reached the mail server; fails when one went to somebody who had paid."""
    reminder = "select mailbox from notify.messages where template like 'reminder%' and state = 'handed-over'"
    reached = {row["mailbox"].partition("@")[0].upper() for row in await plant.rows("notify", reminder)}
    assert not reached & set(payers)
    return "" if reached == set(debtors) else f"no reminder for {set(debtors) - reached}"


async def _to_owe(plant: Plant, unit: str, pence: int) -> Said:
    """Return the fact after which a unit's owner owes just so much."""
    more = pence - await _owed(plant, unit)
    return plant.charge(unit, more) if more > 0 else plant.payment(unit, -more)


async def test_a_day_ended_ten_times_is_closed_once(plant: Plant) -> None:
    await plant.say_many(plant.mixture(12))
    day = plant.today
    for _ in range(10):
        await plant.end_day(day)
    await plant.until_closed(day)
    await plant.prove()
    for service in LINE_OF_SERVICES:
        assert await plant.value(service, "select count(*) from msg.closed_day where day = $1", day) == 1
        assert await plant.value(service, "select count(*) from msg.ended_day where day = $1", day) == 1


@pytest.mark.slow
async def test_thirty_days_ended_at_once_are_closed_in_order(plant: Plant) -> None:
    await plant.close_day()
    await plant.say_many(plant.mixture(24))
    first = plant.today
    last = first + timedelta(days=29)
    await plant.close_day(last)
    await plant.prove()
    for service in LINE_OF_SERVICES:
        days = await plant.rows(service, "select day from msg.closed_day where day >= $1 order by closed_at", first)
        assert [row["day"] for row in days] == [first + timedelta(days=number) for number in range(30)]


async def _owed(plant: Plant, unit: str) -> int:
    owed: int = await plant.value(
        "billing",
        "select coalesce(sum(amount_pence), 0)::bigint from billing.entries join billing.accounts using (account_id) "
        "where unit_id = $1",
        unit,
    )
    return owed


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["the row", "the row and its effect"])
async def test_a_row_lost_from_an_inbox_stops_the_day_and_saying_the_book_again_mends_it(
    plant: Plant, lost: str
) -> None:
    """The control totals find it on the day; log and command name topic and difference; nothing else is needed."""
    await plant.close_day()
    payment = plant.payment("U05", 43_21)
    await plant.say([payment])
    await plant.settle()
    async with plant.database("arrears") as connection, connection.transaction():
        taken = "delete from msg.inbox where topic = 'billing.payment-received' and book = $1 returning pence"
        assert await connection.fetchval(taken, plant.today) == 43_21
        if lost != "the row":  # as if its batch had never been
            await connection.execute("delete from arrears.payments where payment_id = $1", payment[2]["payment_id"])
            await connection.execute(
                "update msg.stream set aggver = aggver - 1 where topic = 'billing.payment-received' and msg_key = ("
                "select account_id from arrears.accounts where unit_id = 'U05')"
            )
    since, day = plant.mark("arrears"), plant.today
    await plant.end_day()

    async def paged() -> str:
        return "" if plant.said("arrears", "day_totals_differ", since) else "nobody was paged"

    await until_quiet(paged, 30)
    [line, *_] = plant.said("arrears", "day_totals_differ", since)
    named = line["app.detail"]
    assert "billing.payment-received" in named
    assert "1 events" in named
    assert "4321" in named
    assert plant.said("arrears", "day_closed", since) == []
    # Billing does not wait: its next book stands in Kafka before what it will say again.
    await plant.say_many(plant.mixture(36))
    await plant.until_read("billing")
    code, out = await plant.command("close", str(day), "--timeout", "5")
    assert code != 0
    assert "billing.payment-received" in out
    assert "4321" in out

    code, out = await plant.command("republish", "billing", "--topic", "billing.payment-received", "--book", str(day))
    assert code == 0, out
    plant.by_hand += 1
    await plant.until_closed(day)
    await plant.prove()


@pytest.mark.slow
async def test_what_waits_for_a_day_is_read_after_it_although_a_process_joins_and_leaves_meanwhile(
    plant: Plant,
) -> None:
    """Lanes that billing fills ahead of arrears' book are given away and back: a paused lane comes back running."""
    await plant.close_day()
    await plant.say([plant.payment("U06", 12_34)])
    await plant.settle()
    lost = "delete from msg.inbox where topic = 'billing.payment-received' and book = $1 returning pence"
    assert await plant.value("arrears", lost, plant.today) == 12_34
    day = await plant.end_day()
    await plant.until_closed(day, ("owners", "billing"))
    await plant.say_many(plant.mixture(36))
    await plant.until_read("billing")
    await plant.start("arrears", 2)
    await plant.until_member("arrears", 2)
    assert await plant.stack.stop_service("arrears", 2) == 0
    code, out = await plant.command("republish", "billing", "--topic", "billing.payment-received", "--book", str(day))
    assert code == 0, out
    plant.by_hand += 1
    await plant.until_closed(day)
    await plant.prove()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("service", LINE_OF_SERVICES)
async def test_a_service_killed_at_every_step_of_its_days_closes_them_all(plant: Plant, service: str) -> None:
    for step in _STEPS:
        await plant.say_many(plant.mixture(12))
        await plant.stack.stop_service(service)
        plant.spawn(service, crash_at=f"{step}/1")
        day = await plant.end_day()
        assert await plant.until_dead(service) == -SIGKILL, step
        await plant.start(service)
        await plant.until_closed(day)
        assert await plant.value(service, "select count(*) from msg.closed_day where day = $1", day) == 1
    await plant.prove()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "visits"),
    [("slice-written", (1, 2, 2)), ("slice-committed", (1, 1, 1))],
)
async def test_a_statement_run_is_the_same_whichever_slice_it_dies_in(
    plant: Plant, step: str, visits: tuple[int, ...]
) -> None:
    """Billing issues twelve statements in slices of five, and dies in each of the three in turn."""
    await plant.say_many([plant.charge(unit, 40_00 + number) for number, unit in enumerate(UNITS)])
    quarter = plant.next_quarter()
    await plant.close_day(quarter - timedelta(days=1))
    await plant.stack.stop_service("billing")
    await plant.end_day(quarter)
    for visit in visits:
        plant.spawn("billing", crash_at=f"{step}/{visit}", SMALL_SLICES="5")
        assert await plant.until_dead("billing") == -SIGKILL
    await plant.start("billing")
    await plant.until_closed(quarter)
    await plant.prove()
    issued = "select count(*), count(distinct account_id) from billing.statements where issued_on = $1"
    assert tuple((await plant.rows("billing", issued, quarter))[0]) == (12, 12)
    said = "select count(*) from msg.event_log where topic = 'billing.statement-issued' and book = $1"
    assert await plant.value("billing", said, quarter) == 12
