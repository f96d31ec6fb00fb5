"""Letters that have come of age: what they said is blanked, that they went and their hash stays."""

from datetime import timedelta

from services.notify.db.messages import PURGE
from tests.integration.notify.conftest import DAY, Office
from tests.support.letters import a_statement


async def test_a_letter_is_blanked_when_its_day_has_come_and_one_still_to_go_is_not(office: Office) -> None:
    await office.close_of(2)
    await office.work()
    await office.send()
    await office.hear(a_statement(ref="F00000000001"))
    await office.work()
    state = "select state, count(*), count(body), count(mailbox), count(sha256) from notify.messages "
    state += "join notify.contents using (message_id) group by state order by state"
    before = [tuple(row) for row in await office.rows(state)]
    assert [row[0] for row in before] == ["handed-over", "queued"]
    await office.rows(PURGE, DAY - timedelta(days=1))  # the day before it
    assert [tuple(row) for row in await office.rows(state)] == before
    await office.rows(PURGE, DAY)
    (_, sent, *_), queued = before
    assert [tuple(row) for row in await office.rows(state)] == [("handed-over", sent, 0, 0, sent), queued]


async def test_a_letter_that_came_to_its_end_late_is_blanked_then(office: Office) -> None:
    """Its day was over while nobody knew whether it had left: no day may pass it by."""
    await office.close_of(2)
    await office.work()
    await office.rows(PURGE, DAY)
    await office.send()
    await office.rows(PURGE, DAY + timedelta(days=700))
    left = "select count(*), count(body), count(mailbox) from notify.messages join notify.contents using (message_id)"
    ((letters, bodies, mailboxes),) = await office.rows(left)
    assert (letters > 0, bodies, mailboxes) == (True, 0, 0)
    assert await office.rows(PURGE + " returning 1", DAY + timedelta(days=701)) == []
