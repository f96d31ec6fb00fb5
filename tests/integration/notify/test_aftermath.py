"""The proof after a fault sees what it is there to see: letters lost or doubled, hands lent, a log that is silent."""

from collections.abc import AsyncIterator
from email.message import EmailMessage
from uuid import UUID, uuid4

import asyncpg
import pytest_asyncio

from shared.db.engine import connect
from tests.support.aftermath import Aftermath, hands, letters, told
from tests.support.servers import Databases

_LETTER = """
insert into notify.letters (dedup_key, template, account_id, sha, matter, book, state, due_on, cause_source, cause_id)
values ($1::uuid::text, 'welcome', 'A', sha256(''), '{}', '2026-01-05', 'rendered', '2026-01-05', 's', 'c')
returning letter_no
"""
_MESSAGE = """
insert into notify.messages (message_id, letter_no, account_id, account_ref, template, template_version, channel,
  contact_kind, contact_id, dated_on, created_on, sha256, state, silences)
values ($1, $2, 'A', 'F', 'welcome', '1', 'email', 'party', 'P', '2026-01-05', '2026-01-05', sha256(''), $3, $4)
"""
_STOP = """
update msg.position set quarantined_at = now()
where (topic, partition_no) = (select topic, partition_no from msg.position limit 1) returning topic, partition_no
"""


@pytest_asyncio.fixture
async def notify(databases: Databases) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect((await databases("notify")).owner_url, application_name="tests")
    yield connection
    await connection.close()


async def _written(notify: asyncpg.Connection, state: str, silences: int = 0) -> UUID:
    """Write one letter and its message."""
    name = uuid4()
    await notify.execute(_MESSAGE, name, await notify.fetchval(_LETTER, name), state, silences)
    return name


def _mail(name: UUID) -> EmailMessage:
    mail = EmailMessage()
    mail["Message-ID"] = f"<{name}@example.org>"
    return mail


async def test_letters_that_came_once_are_as_they_should_be(notify: asyncpg.Connection) -> None:
    sent, unknown = await _written(notify, "handed-over"), await _written(notify, "handed-over", silences=1)
    await _written(notify, "bounced")
    assert await letters(notify, [_mail(sent), _mail(unknown), _mail(unknown)]) == []


async def test_a_letter_that_came_twice_or_never_or_from_nowhere_is_told(notify: asyncpg.Connection) -> None:
    twice = await _written(notify, "handed-over")
    await _written(notify, "handed-over")
    found = await letters(notify, [_mail(twice), _mail(twice), _mail(uuid4())])
    assert found == [
        "I9: 1 mails are of no message",
        "I9: 1 messages are noted as handed over and never came",
        "I9: 1 messages came again although their end was known",
    ]


async def test_a_letter_that_is_due_or_was_written_to_nobody_is_told(notify: asyncpg.Connection) -> None:
    number = await notify.fetchval(_LETTER, uuid4())
    assert await letters(notify, []) == ["I9: 1 letters are written to nobody"]
    await notify.execute("update notify.letters set state = 'wanted' where letter_no = $1", number)
    await notify.execute("update msg.gate set last_closed = '2026-01-05'")
    assert await letters(notify, []) == ["I9: 1 letters are due and not written"]


async def test_a_hand_that_was_lent_and_a_lane_that_waits_for_one_are_told(notify: asyncpg.Connection) -> None:
    assert await hands({"notify": notify}, 0) == []
    await notify.execute(
        "insert into msg.audit (who, action, subject, reason, detail) values ('a', 'b', 'c', 'd', '{}')"
    )
    ((topic, number),) = await notify.fetch(_STOP)
    assert await hands({"notify": notify}, 0) == [
        f"I10: notify: {topic}/{number} waits for an operator", "I10: people gave 1 commands, the test 0",
    ]  # fmt: skip


def test_a_log_that_is_silent_or_says_what_it_never_should_is_told() -> None:
    lines = {"billing": [{"event.name": "retrying"}, {"event.name": "unexpected_error", "error.type": "KeyError"}]}
    after = Aftermath([], 0, lines, ["billing:retrying", "billing:fenced", "arrears:retrying"])
    assert told(after) == [
        "I11: billing has not said fenced", "I11: arrears has not said retrying",
        "I11: billing: unexpected_error KeyError ",
    ]  # fmt: skip
