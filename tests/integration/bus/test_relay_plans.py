"""A page of the outbox is looked up row by row, also under a plan that was made while the log was empty."""

from shared.bus import relay
from shared.db.engine import connect
from tests.support.servers import Databases


async def test_a_page_planned_on_an_empty_log_does_not_read_all_of_it(databases: Databases) -> None:
    urls = await databases("owners")
    owner = await connect(urls.owner_url, application_name="test")
    await owner.execute("analyze msg.event_log, msg.outbox_pending")
    app = await connect(urls.app_url, application_name="test")
    try:
        await app.execute(relay._SETTINGS)
        plan = [row[0] for row in await app.fetch(f"explain {relay._PAGE}")]
    finally:
        await app.close()
        await owner.close()
    assert not [line for line in plan if "Seq Scan" in line], plan
