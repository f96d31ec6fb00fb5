"""What a long day's work asks again and again is answered by an index, whatever plan PostgreSQL has settled on."""

from services.billing.db import statements
from shared.db import driver
from tests.integration.billing.conftest import Desk


async def test_a_page_of_payers_begins_where_the_one_before_it_ended(desk: Desk) -> None:
    async with desk.sessions.begin() as session:
        connection = await driver(session)
        # A prepared statement gets a generic plan after five uses; a small table is rather read whole.
        await connection.execute("set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off")
        await connection.execute(f"prepare page(uuid, int) as {statements._PAGE}")
        rows = await connection.fetch("explain execute page('00000000-0000-0000-0000-000000000000', 500)")
        plan = [row[0].strip() for row in rows]
        await connection.execute("deallocate page")
    assert "Index Cond: (account_id > $1)" in plan, plan
