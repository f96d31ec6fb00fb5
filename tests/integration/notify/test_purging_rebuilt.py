"""What has come of age and was blanked is no difference of a rebuild, and comes with it blanked."""

from datetime import timedelta

from services.notify.db.likeness import CARRIED
from services.notify.db.messages import PURGE
from shared.bus.purging import read_retention
from shared.embedded.stack import PostgresServer
from shared.rebuild.adoption import adopt
from tests.integration.notify.conftest import DAY, Office
from tests.integration.notify.rebuilt import both, differ

_KEPT = "select count(*), count(body), count(mailbox) from notify.messages join notify.contents using (message_id)"


async def test_blanked_letters_are_no_difference_and_are_taken_over_blanked(
    office: Office, postgres: PostgresServer
) -> None:
    keep = timedelta(days=min(version.keep_days["letters"] for version in read_retention()))
    await office.close_of(2)
    await office.work()
    await office.send()
    async with both(postgres, office) as (live, fresh):
        for connection in (live, fresh):
            await connection.execute("update msg.gate set last_closed = $1", DAY + keep - timedelta(days=1))
        await fresh.execute("update notify.messages set mailbox = 'else@example.org' where mailbox is not null")
        assert any("mailbox" in first for first in await differ(live, fresh)), "young letters are compared whole"
        for connection in (live, fresh):
            await connection.execute("update msg.gate set last_closed = $1", DAY + keep)
        await live.execute(PURGE, DAY)
        assert await differ(live, fresh) == []
        await adopt(live, fresh, CARRIED)
        kept = await fresh.fetchrow(_KEPT)
        assert kept is not None
        assert (kept[0] > 0, *kept[1:]) == (True, 0, 0)
