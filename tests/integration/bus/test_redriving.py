"""Dead letters applied again on the real bus: by a dry run, once, and twice; a stop released and a book said again."""

import asyncio
from typing import Any

import pytest

from shared.bus.commands import Given
from shared.bus.redrive import NotOpenError
from shared.bus.work import Work
from shared.events.base import Event
from tests.integration.bus.conftest import Bench
from tests.integration.bus.test_hearing import CHARGES, charge
from tests.support.bus import eventually

_TABLES = ("public.seen", "msg.inbox where disposition = 'D'", "msg.event_log", "msg.audit")


async def _refuse(work: Work, event: Event[Any]) -> None:
    work.refuse(event, "some-rule", "because", "charge_id")


async def _counts(billing: Bench) -> list[int]:
    return [int(await billing.sql.fetchval(f"select count(*) from {table}")) for table in _TABLES]


async def test_a_letter_is_applied_once_and_a_dry_run_leaves_no_trace(billing: Bench) -> None:
    billing.recorder.behaviours[CHARGES] = _refuse
    await billing.kafka.send(CHARGES, charge(1), partition=0)
    given = Given("dead-letter-redrive", "dead-letter:1", "operator-1", "rule mended", {"dead_letter": 1})
    async with billing.running() as running:
        await eventually(lambda: billing.count("msg.dead_letter"))
        said = (await _counts(billing))[2]
        assert await running.redriver.redrive(1, given, dry_run=True) == "some-rule"
        billing.recorder.behaviours.clear()
        assert await running.redriver.redrive(1, given, dry_run=True) == "done"
        assert await _counts(billing) == [0, 0, said, 0]
        assert await billing.sql.fetchval("select status from msg.dead_letter") == "open"
        assert await running.redriver.redrive(1, given) == "done"
        # Applied, and recorded as a command with its effect: in the event log, said to ourselves, and in the audit.
        assert await _counts(billing) == [1, 1, said + 2, 1]
        with pytest.raises(NotOpenError):
            await running.redriver.redrive(1, given)
        assert await _counts(billing) == [1, 1, said + 2, 1]
    row = await billing.row("select who, action, reason, detail from msg.audit")
    assert tuple(row)[:3] == ("operator-1", "dead-letter-redrive", "rule mended")
    assert await billing.sql.fetchval("select decided_by from msg.dead_letter") == "operator-1"


async def test_a_letter_driven_by_two_people_at_once_is_applied_once(billing: Bench) -> None:
    billing.recorder.behaviours[CHARGES] = _refuse
    await billing.kafka.send(CHARGES, charge(1), partition=0)
    async with billing.running() as running:
        await eventually(lambda: billing.count("msg.dead_letter"))
        billing.recorder.behaviours.clear()
        said = (await _counts(billing))[2]
        people = [
            Given("dead-letter-redrive", "dead-letter:1", f"operator-{number}", "rule mended", {"dead_letter": 1})
            for number in range(8)
        ]
        ends = await asyncio.gather(*(running.redriver.redrive(1, given) for given in people), return_exceptions=True)
        assert await _counts(billing) == [1, 1, said + 2, 1]
    assert ends.count("done") == 1
    assert sum(isinstance(end, NotOpenError) for end in ends) == len(people) - 1


async def _refuse_otherwise(work: Work, event: Event[Any]) -> None:
    work.refuse(event, "another-rule", "because", "raised_on")


async def test_a_letter_refused_for_another_reason_is_counted_with_its_new_cause(billing: Bench) -> None:
    billing.recorder.behaviours[CHARGES] = _refuse
    for number in (1, 2):
        await billing.kafka.send(CHARGES, charge(number), partition=0)
    cause = "select fingerprint, reason_class, reason_code, field, attempts from msg.dead_letter order by attempts"
    async with billing.running() as running:

        async def both_there() -> bool:
            return await billing.count("msg.dead_letter") == 2

        await eventually(both_there)
        billing.recorder.behaviours[CHARGES] = _refuse_otherwise
        given = Given("dead-letter-redrive", "dead-letter:1", "operator-1", "tried", {"dead_letter": 1})
        assert await running.redriver.redrive(1, given) == "another-rule"
    before, anew = await billing.sql.fetch(cause)
    assert tuple(before)[1:] == ("rule", "some-rule", "charge_id", 1)
    assert tuple(anew)[1:] == ("rule", "another-rule", "raised_on", 2)
    assert anew["fingerprint"] != before["fingerprint"]
