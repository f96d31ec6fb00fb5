"""Setting a mandate and proposing a collection stay as quick as they were, however many owners pay by direct debit."""

import asyncio
from typing import Any

from services.billing.usecases.direct_debits import ANNOUNCE, RELEASE
from services.billing.usecases.mandates import CANCEL, SET, set_mandate
from shared.bus import locks
from shared.bus.commands import Given, Json, give
from shared.bus.proposals import Proposal, Proposals
from shared.bus.work import Work
from shared.db import driver
from tests.integration.billing.conftest import Desk
from tests.integration.billing.people import OFFICER
from tests.integration.billing.test_direct_debits import ID, A, B, close_of, say

_OTHERS = """
insert into billing.mandates (mandate_id, command_uid, book, account_id, set_on)
select 'OTHER' || n, gen_random_uuid(), '2026-04-01', gen_random_uuid(), '2026-04-01'
from generate_series($1::int, $2) as n
"""
_READ = """
select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::int from pg_stat_xact_user_tables
where relname in ('mandates', 'mandate_ends')
"""


async def rows_read(desk: Desk, account_ref: str, mandate_id: str) -> int:
    """Set a mandate; return how many rows of mandates that read."""
    read: list[int] = []

    async def effect(work: Work) -> Json:
        connection = await driver(work.session)
        # A small table is rather read whole; what is asked here is what a large one would cost.
        await connection.execute("set local enable_seqscan = off")
        answer = await set_mandate(work, {"account_ref": account_ref, "mandate_id": mandate_id})
        read.append(await connection.fetchval(_READ))
        return answer

    await give(desk.doors, Given(SET, "x", "ada", "form", {"mandate_id": mandate_id}), effect)
    return read[0]


async def test_setting_a_mandate_reads_no_more_at_a_thousand_than_at_a_hundred(desk: Desk) -> None:
    await close_of(desk, "A", "B")
    for mandate_id in ("MD1", "MD2"):
        await say(desk, CANCEL, mandate_id=mandate_id)
    await desk.rows(_OTHERS, 1, 100)
    few = await rows_read(desk, A, "NEW1")
    await desk.rows(_OTHERS, 101, 1_000)
    many = await rows_read(desk, B, "NEW2")
    assert max(few, many) <= 10


async def test_money_moves_on_while_mandates_are_set_and_a_file_is_proposed(desk: Desk) -> None:
    await close_of(desk, "A", "B")
    await say(desk, ANNOUNCE, collect_on="2026-04-29")
    await say(desk, CANCEL, mandate_id="MD2")
    proposal = Proposal("collection-release", ID, {"collection_id": ID}, "due", OFFICER.subject)
    async with desk.sessions.begin() as session:
        await locks.take(session, (), ("structure",))  # as whoever posts money does

        async def both() -> Any:
            await say(desk, SET, account_ref=B, mandate_id="MD3")
            return await Proposals(desk.doors, (RELEASE,)).propose(OFFICER, proposal)

        made = await asyncio.wait_for(both(), timeout=5)
    assert made["status"] == "open"
