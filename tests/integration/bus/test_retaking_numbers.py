"""Numbers that a database gives by itself may be others in its copy: nothing that is said rests on them."""

from dataclasses import replace
from typing import Any

import asyncpg

from shared.auth import Caller
from shared.bus.bench import Bench as Desk
from shared.bus.commands import Given
from shared.bus.kinds import BUS_KINDS
from shared.bus.lag import Lags
from shared.bus.proposals import Proposals
from shared.bus.service import Running, build
from shared.bus.work import Work
from shared.db.engine import driver
from shared.embedded.stack import PostgresServer
from shared.events.base import Event
from shared.rebuild.remembering import remember
from tests.integration.bus.conftest import Bench
from tests.integration.bus.test_hearing import CHARGES, charge
from tests.integration.bus.test_retaking import copied
from tests.support.bus import eventually

OPERATOR = Caller("op", frozenset({"operator"}))
FINANCE = Caller("fin", frozenset({"finance"}))


def desk(running: Running) -> Desk:
    """Return the bench of a service that runs in this process."""
    proposals = Proposals(running.doors, BUS_KINDS)
    return Desk("billing", running.doors, running.redriver, Lags(running.cuts), lambda: "", proposals)


async def _at_first_refused(work: Work, event: Event[Any]) -> None:
    """Refuse a charge that comes, and take it when it is driven again."""
    letter = "select exists (select from msg.dead_letter where event_uid = $1)"
    if not await (await driver(work.session)).fetchval(letter, event.uid):
        work.refuse(event, "some-rule", "because", "charge_id")


async def _burn(sql: asyncpg.Connection, table: str, count: int) -> None:
    """Give numbers to rows that are not written in the end, as every transaction does that is tried again."""
    draw = "select nextval(pg_get_serial_sequence($1, 'id')) from generate_series(1, $2::int)"
    await sql.fetch(draw, table, count)


async def _three_letters(bench: Bench) -> list[int]:
    """Let three charges come that are refused; return their numbers."""
    for number in range(3):
        await bench.kafka.send(CHARGES, charge(number), partition=0)

    async def all_there() -> bool:
        return await bench.count("msg.dead_letter") == 3

    await eventually(all_there)
    return [row["id"] for row in await bench.sql.fetch("select id from msg.dead_letter order by kafka_offset")]


async def _decide(bench: Bench) -> None:
    """Drive one letter again, let two people put one away, and propose to put the third away."""
    bench.recorder.behaviours[CHARGES] = _at_first_refused
    async with bench.running() as running:
        await _burn(bench.sql, "msg.dead_letter", 2)
        driven, gone, open_ = await _three_letters(bench)
        given = Given("dead-letter-redrive", f"dead-letter:{driven}", "op", "mended", {"dead_letter": driven})
        assert await running.redriver.redrive(driven, given) == "done"
        at_desk = desk(running)
        made = await at_desk.discard(gone, OPERATOR, "said again")
        await at_desk.proposals.approve(FINANCE, made["proposal"], "yes")
        await _burn(bench.sql, "msg.proposal", 2)
        await at_desk.discard(open_, OPERATOR, "said again")

        async def all_said() -> bool:
            return await bench.count("msg.outbox_pending") == 0

        await eventually(all_said)


_STATE = {
    "letters": "select kafka_offset, status, decided_by, approved_by from msg.dead_letter order by kafka_offset",
    "proposals": "select id, subject, body, status, decided_by from msg.proposal order by id",
    "commands": "select event_uid, body from msg.event_log where topic = 'billing.command-given' order by 1",
    "audit": "select who, action, subject, reason, detail from msg.audit order by id",
}


async def _state(sql: asyncpg.Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {name: [tuple(row) for row in await sql.fetch(query)] for name, query in _STATE.items()}


async def test_letters_and_proposals_are_found_again_although_numbers_were_passed_over(
    billing: Bench, postgres: PostgresServer
) -> None:
    async with copied(postgres, billing) as urls:
        await _decide(billing)
        older = replace(billing, urls=urls, sql=await asyncpg.connect(urls.owner_url))
        # An attempt that broke off has drawn numbers for proposals, and none for letters.
        await _burn(older.sql, "msg.proposal", 4)
        running = build(older.service, older.settings())
        await remember(running)
        assert await _state(older.sql) == await _state(billing.sql)
        numbers = "select array_agg(id order by id) from msg.dead_letter"
        assert await older.sql.fetchval(numbers) != await billing.sql.fetchval(numbers)
        open_ = await older.sql.fetchval("select id from msg.proposal where status = 'open'")
        await desk(running).proposals.approve(FINANCE, open_, "yes")
        assert [row[1] for row in (await _state(older.sql))["letters"]] == ["replayed", "discarded", "discarded"]
        await running.cuts.stop()
        await running.engine.dispose()
        await older.sql.close()
