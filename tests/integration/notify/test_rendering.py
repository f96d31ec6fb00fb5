"""The work of a day: every letter due is written to each of its recipients, once."""

import email
import email.policy
import hashlib
from datetime import date, timedelta

import asyncpg

from services.notify.db.tables import metadata
from services.notify.usecases import rendering
from services.notify.usecases.verify import verify
from shared.db import migrate
from shared.db.engine import snapshot
from tests.integration.notify.conftest import DAY, Office
from tests.support.letters import (
    a_fee_notice,
    a_line,
    a_party,
    a_period,
    a_relief_ended,
    a_stage,
    a_statement,
    a_unit,
    an_account,
    an_agent,
    an_erasure,
    by_post,
)


async def letters_of(office: Office) -> dict[str, tuple[str, str]]:
    rows = await office.rows("select dedup_key, state, reason from notify.letters order by letter_no")
    return {row["dedup_key"]: (row["state"], row["reason"]) for row in rows}


async def messages_of(office: Office) -> list[tuple[str, str, str]]:
    rows = await office.rows("select template, channel, contact_id from notify.messages order by 1, 2, 3")
    return [(row["template"], row["channel"], row["contact_id"]) for row in rows]


async def test_tables_are_those_that_migrations_make(office: Office) -> None:
    assert await migrate.differences(office.urls.owner_url, metadata) == []


async def test_a_statement_and_a_welcome_are_written_once(office: Office) -> None:
    await office.close_of()
    await office.hear(a_statement(ref="F00000000001"))
    assert await office.work() == [None]
    assert await messages_of(office) == [("statement", "email", "P1"), ("welcome", "email", "P1")]
    await office.work()
    await office.work(DAY + timedelta(days=1))
    assert len(await messages_of(office)) == 2


async def test_what_is_kept_is_what_the_hash_says(office: Office) -> None:
    await office.close_of()
    await office.work()
    (row,) = await office.rows("select sha256, body from notify.messages join notify.contents using (message_id)")
    message = email.message_from_bytes(row["body"], policy=email.policy.default)
    assert hashlib.sha256(row["body"]).digest() == row["sha256"]
    assert message["To"] == "Owner Number 1 <owner1@example.org>"
    assert [part.get_content_type() for part in message.walk() if not part.is_multipart()] == [
        "text/plain",
        "text/html",
        "application/pdf",
    ]


async def test_the_same_events_make_the_same_bytes(office: Office) -> None:
    await office.close_of()
    await office.work()
    first = await office.rows("select message_id, sha256 from notify.messages")
    for table in ("contents", "messages"):
        await _as_owner(office, f"delete from notify.{table}")
    await office.rows("update notify.letters set state = 'wanted'")
    await office.work()
    assert await office.rows("select message_id, sha256 from notify.messages") == first


async def _as_owner(office: Office, statement: str) -> None:
    connection = await asyncpg.connect(office.urls.owner_url)
    await connection.execute(statement)
    await connection.close()


async def test_the_same_statement_said_again_is_a_duplicate_and_another_a_conflict(office: Office) -> None:
    await office.close_of()
    assert await office.hear(a_statement()) == ["D"]
    assert await office.hear(a_statement()) == ["U"]
    assert await office.hear(a_statement(brought_forward=1)) == ["X"]
    assert await office.hear(an_account("A1", "F00000000001", "U1", "O1")) == ["U"]


async def test_a_stage_without_a_letter_is_refused(office: Office) -> None:
    assert await office.hear(a_stage(name="pre-legal")) == ["X"]


async def test_joint_owners_get_a_message_each_and_an_agent_the_only_one(office: Office) -> None:
    joint = a_line(a_period("O1", "P1", "P2"))
    let = a_line(a_period("O2", "P3", billing_contact=True), unit_id="U2")
    await office.hear(
        a_unit("U1"), a_unit("U2"), joint, let, a_party("P1"), by_post("P2"), a_party("P3"), an_agent("O2")
    )
    await office.hear(an_account(), an_account("A2", "F000000000A2", "U2", "O2"))
    await office.work()
    assert await messages_of(office) == [
        ("welcome", "email", "O2"),
        ("welcome", "email", "P1"),
        ("welcome", "print", "P2"),
    ]


async def test_a_reminder_names_its_charges_from_the_accounts_own_statements(office: Office) -> None:
    await office.close_of(2)
    await office.hear(a_statement(ref="F00000000001"), a_stage(ref="F00000000001"))
    await office.work(date(2026, 5, 6))
    (row,) = await office.rows(
        "select body from notify.messages join notify.contents using (message_id) where template = 'reminder-1'"
    )
    message = email.message_from_bytes(row["body"], policy=email.policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    assert "Roof: replace slipped slates: £148.15" in body.get_content()


async def test_a_new_owner_is_welcomed_on_the_day_of_entry(office: Office) -> None:
    entry = DAY + timedelta(days=9)
    await office.hear(a_unit(), a_line(a_period("O1", "P1", **{"from": entry})), a_party())
    await office.hear(an_account())
    await office.work()
    assert await letters_of(office) == {"welcome|A1": ("wanted", "begins later")}
    await office.work(entry - timedelta(days=1))
    assert await messages_of(office) == []
    await office.work(entry)
    assert await messages_of(office) == [("welcome", "email", "P1")]


async def test_an_earlier_entry_told_later_brings_the_welcome_forward(office: Office) -> None:
    await office.hear(a_unit(), a_line(a_period("O1", "P1", **{"from": DAY + timedelta(days=90)})), a_party())
    await office.hear(an_account())
    await office.work()
    await office.hear(a_line(version=2), book=DAY + timedelta(days=1))
    await office.work(DAY + timedelta(days=1))
    assert await messages_of(office) == [("welcome", "email", "P1")]


async def test_a_cancelled_sale_gets_no_welcome_until_it_stands_again(office: Office) -> None:
    await office.hear(a_unit(), a_party(), an_account())
    await office.work()
    assert await letters_of(office) == {"welcome|A1": ("waiting", "no current period")}
    await office.hear(a_line(), book=DAY + timedelta(days=3))
    await office.work(DAY + timedelta(days=3))
    assert await messages_of(office) == [("welcome", "email", "P1")]


async def test_the_associations_own_account_gets_no_letter(office: Office) -> None:
    await office.hear(a_unit(), an_account(ownership_id=None))
    await office.work()
    assert await letters_of(office) == {}


async def test_a_letter_that_lacks_a_fact_is_named_until_it_is_written(office: Office) -> None:
    await office.hear(a_line(), a_party(), an_account())
    await office.work()
    await office.closed(DAY)
    assert ("every letter of a closed book is written", False) in await checks(office)
    await office.hear(a_unit(), book=DAY + timedelta(days=1))
    await office.work(DAY + timedelta(days=1))
    assert ("every letter of a closed book is written", True) in await checks(office)


async def checks(office: Office) -> list[tuple[str, bool]]:
    async with snapshot(office.sessions) as connection:
        return [(check.name, check.ok) for check in await verify(connection)]


async def test_a_crash_between_slices_writes_nothing_twice_and_misses_nothing(office: Office) -> None:
    owners = rendering.LETTERS_IN_A_SLICE + 3
    await office.close_of(owners)
    noted = await office.work(slices=1)
    assert noted != [None]
    await office.work()  # the progress was lost with the process: the day begins again
    found = await messages_of(office)
    assert len(found) == len(set(found)) == owners


async def test_a_day_with_nothing_to_do_is_one_empty_slice(office: Office) -> None:
    assert await office.work() == [None]


async def test_erasure_blanks_what_was_written_and_withdraws_what_had_not_gone(office: Office) -> None:
    await office.close_of(2)
    await office.work()
    await office.send()
    await office.hear(a_statement(ref="F00000000001"))
    await office.work()
    await office.hear(an_erasure("P1"))
    rows = await office.rows(
        "select template, contact_id, state, mailbox, body is null as blank "
        "from notify.messages join notify.contents using (message_id) order by 1, 2"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("statement", "P1", "withdrawn", None, True),
        ("welcome", "P1", "handed-over", None, True),
        ("welcome", "P2", "handed-over", "owner2@example.org", False),
    ]
    left = await office.rows("select name, email, address from notify.contacts where contact_id = 'P1'")
    assert [tuple(row.values()) for row in left] == [(None, None, None)]


async def test_an_increase_is_written_once_to_each_owner_whatever_is_said_again(office: Office) -> None:
    await office.close_of(2)
    await office.work()
    notices = [a_fee_notice(), a_fee_notice(account_id="A2", account_ref="F00000000002", unit_id="U2")]
    assert await office.hear(*notices) == ["D", "D"]
    assert await office.hear(notices[0]) == ["U"]
    assert await office.hear(a_fee_notice(new_pence=193_00)) == ["X"]
    await office.work(DAY + timedelta(days=1))
    await office.work(DAY + timedelta(days=2))
    assert [one for one in await messages_of(office) if one[0] == "fee-increase"] == [
        ("fee-increase", "email", "P1"), ("fee-increase", "email", "P2"),
    ]  # fmt: skip
    [(dated_on,)] = await office.rows("select distinct dated_on from notify.messages where template = 'fee-increase'")
    assert dated_on == date(2026, 5, 6)


async def test_the_end_of_a_relief_is_written_once_whatever_is_said_again(office: Office) -> None:
    await office.close_of(1)
    await office.work()
    assert await office.hear(a_relief_ended(), a_relief_ended(relief_id="RL-8")) == ["D", "D"]
    assert await office.hear(a_relief_ended()) == ["U"]
    assert await office.hear(a_relief_ended(new_pence=526_00)) == ["X"]
    await office.work(DAY + timedelta(days=1))
    await office.work(DAY + timedelta(days=2))
    rows = await office.rows("select dated_on from notify.messages where template = 'relief-ended'")
    assert [row["dated_on"] for row in rows] == [date(2026, 5, 6)] * 2
