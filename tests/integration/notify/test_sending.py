"""The sender against a mail server that misbehaves (reliability.md F69-F75)."""

import asyncio
import email
import email.policy
from datetime import date, timedelta
from pathlib import Path

import pytest

from services.notify.db import messages
from services.notify.usecases.sending import Sender
from shared.db import driver
from shared.events.arrears import HoldChanged, HoldKind, OverdueItem
from shared.events.notify import MessageFailed, MessageSent
from shared.logs import capture
from tests.integration.notify.conftest import Office, office_of, run_until
from tests.integration.notify.post_office import DAWDLE, DROP
from tests.support.bus import eventually
from tests.support.letters import a_dispute, a_hold, a_receipt, a_stage, a_statement, an_item, items_of
from tests.support.servers import Databases

ONE, TWO, THREE = (f"owner{n}@example.org" for n in (1, 2, 3))


async def queued(office: Office, owners: int = 1) -> None:
    """Have a welcome letter to each of so many owners in the queue."""
    await office.close_of(owners)
    await office.work()


async def test_each_message_is_handed_over_once_to_its_one_recipient(office: Office) -> None:
    await queued(office, 30)
    await office.send()
    assert await office.states() == {"handed-over": 30}
    assert len(office.mail.taken) == len({recipient for recipient, _ in office.mail.taken}) == 30
    (body,) = office.mail.to(ONE)
    message = email.message_from_bytes(body, policy=email.policy.default)
    assert [address.addr_spec for address in message["To"].addresses] == [ONE]


async def test_its_end_is_said_once_without_its_content(office: Office) -> None:
    await queued(office)
    await office.send()
    (said,) = await office.say()
    assert isinstance(said, MessageSent)
    (kept,) = await office.rows("select message_id, sha256 from notify.messages")
    assert (said.message_id, said.sha256) == (str(kept["message_id"]), kept["sha256"].hex())
    assert await office.say() == []


async def test_greylisting_is_retried_and_then_accepted(office: Office) -> None:
    await queued(office)
    office.mail.script[ONE] = [("RCPT", "450 come back later")]
    await office.send()
    assert await office.states() == {"deferred": 1}
    (row,) = await office.rows("select due_at - now() as wait, attempts, last_answer from notify.messages")
    assert timedelta(seconds=50) < row["wait"] <= timedelta(seconds=60)
    assert (row["attempts"], row["last_answer"]) == (1, "450 after RCPT")
    await office.hurry()
    await office.send()
    assert (await office.states(), len(office.mail.to(ONE))) == ({"handed-over": 1}, 1)


async def test_one_refused_recipient_of_many_bounces_alone(office: Office) -> None:
    await queued(office, 3)
    office.mail.script[TWO] = [("RCPT", "550 no such user")]
    office.mail.script[THREE] = [("DATA", "554 we do not like it")]
    await office.send()
    assert await office.states() == {"bounced": 2, "handed-over": 1}
    failed = [said for said in await office.say() if isinstance(said, MessageFailed)]
    assert sorted(said.reason for said in failed) == ["bounced: 550 after RCPT", "bounced: 554 after message"]


async def test_a_connection_dropped_after_the_last_byte_leads_to_one_copy_under_the_same_message_id(
    office: Office,
) -> None:
    await queued(office)
    office.mail.script[ONE] = [("DATA", DROP)]
    await office.send()
    assert await office.states() == {"unknown": 1}
    await office.send()
    assert len(office.mail.to(ONE)) == 1
    await office.hurry()
    await office.send()
    assert await office.states() == {"handed-over": 1}
    copies = office.mail.to(ONE)
    assert len(copies) == 2
    assert copies[0] == copies[1]
    assert b"Message-ID: <" in copies[0]


async def test_a_second_silence_is_left_to_a_person(office: Office) -> None:
    await queued(office)
    office.mail.script[ONE] = [("DATA", DROP), ("DATA", DROP)]
    await office.send()
    await office.hurry()
    await office.send()
    await office.hurry()
    await office.send()
    assert (await office.states(), len(office.mail.to(ONE))) == ({"failed": 1}, 2)


async def test_a_dawdling_server_meets_a_deadline_and_keeps_nobody_else_waiting(office: Office) -> None:
    await queued(office, 2)
    office.mail.script[ONE] = [("RCPT", DAWDLE)]
    await office.send()
    assert await office.states() == {"deferred": 1, "handed-over": 1}
    assert (len(office.mail.to(ONE)), len(office.mail.to(TWO))) == (0, 1)


async def test_while_the_server_is_away_everything_waits_and_then_goes_once(office: Office) -> None:
    await queued(office, 25)
    await office.mail.close()
    sender = office.sender()

    async def all_went() -> bool:
        return await office.states() == {"handed-over": 25}

    task = asyncio.ensure_future(run_until(sender, all_went))
    await eventually(lambda: _is_away(sender), seconds=60)
    assert "handed-over" not in await office.states()
    await office.mail.open()
    await task
    assert len(office.mail.seen) == 25


async def _is_away(sender: Sender) -> bool:
    return sender.outage


async def test_nothing_goes_in_clear_to_a_server_without_starttls(office: Office) -> None:
    await queued(office)
    sender = office.sender(tls="starttls")
    await run_until(sender, lambda: _is_away(sender))
    assert office.mail.seen == []
    assert await office.states() == {"deferred": 1}


async def test_a_server_that_ends_a_connection_that_has_served_is_called_again_at_once(office: Office) -> None:
    await queued(office, 3)
    sender = office.sender()
    assert await sender.server.connect() is None
    first = await sender.server.hand_over(ONE, b"Subject: one\r\n\r\none\r\n")
    office.mail.hang_up()
    second = await sender.server.hand_over(TWO, b"Subject: two\r\n\r\n.two\r\n")
    await sender.server.leave()
    assert (first.answer, second.answer) == ("accepted", "accepted")
    assert office.mail.to(TWO) == [b"Subject: two\r\n\r\n.two\r\n"]


async def test_a_sender_that_died_before_the_dialogue_loses_nothing(office: Office) -> None:
    await queued(office)
    async with office.sessions.begin() as session:
        assert await messages.claim_mails(await driver(session), "dead", timedelta(minutes=2), 20)
    await office.send()
    assert office.mail.taken == []
    await office.expire_leases()
    await office.send()
    assert (await office.states(), len(office.mail.taken)) == ({"handed-over": 1}, 1)


async def test_a_sender_that_died_inside_the_dialogue_leaves_an_unknown(office: Office) -> None:
    await queued(office)
    async with office.sessions.begin() as session:
        connection = await driver(session)
        (mail,) = await messages.claim_mails(connection, "dead", timedelta(minutes=2), 20)
        assert await messages.begin(connection, mail.message_id, "dead", timedelta(minutes=2))
    await office.expire_leases()
    await office.send()
    assert (await office.states(), office.mail.taken) == ({"unknown": 1}, [])
    await office.hurry()
    await office.send()
    assert (await office.states(), len(office.mail.taken)) == ({"handed-over": 1}, 1)


async def test_two_senders_share_the_queue(office: Office) -> None:
    await queued(office, 45)
    await asyncio.gather(office.send(), office.send(), office.send())
    assert await office.states() == {"handed-over": 45}
    assert len(office.mail.seen) == 45


async def reminded(office: Office) -> None:
    """Have a first reminder in the queue, decided in the book of 6 May."""
    await office.close_of()
    await office.hear(a_statement(ref="F00000000001"))
    await office.work()
    await office.send()
    await office.hear(a_stage(ref="F00000000001"), book=date(2026, 5, 6))
    await office.work(date(2026, 5, 6))


async def test_a_reminder_whose_money_came_since_is_not_sent(office: Office) -> None:
    await reminded(office)
    await office.hear(a_receipt(14_000), book=date(2026, 5, 7))
    await office.billing_closed(date(2026, 5, 7))
    await office.send()
    (row,) = await office.rows("select state, last_answer from notify.messages where template = 'reminder-1'")
    assert tuple(row.values()) == ("suppressed", "paid-since")
    assert len(await office.say()) == 2  # welcome and statement; a suppressed reminder is no failure


async def test_money_of_a_day_that_billing_has_not_closed_does_not_count_yet(office: Office) -> None:
    await reminded(office)
    await office.billing_closed(date(2026, 5, 6))
    await office.hear(a_receipt(), book=date(2026, 5, 7))
    await office.send()
    assert await office.states() == {"handed-over": 3}


async def test_money_that_the_stage_already_knew_does_not_count_again(office: Office) -> None:
    await reminded(office)
    await office.hear(a_receipt(), book=date(2026, 5, 6))
    await office.billing_closed(date(2026, 5, 8))
    await office.send()
    assert await office.states() == {"handed-over": 3}


@pytest.mark.parametrize("hold", [a_hold(HoldKind.DECEASED), a_hold(HoldKind.MORATORIUM, charge_id="C1")])
async def test_a_hold_set_since_stops_a_reminder_but_no_statement(office: Office, hold: HoldChanged) -> None:
    await reminded(office)
    await office.hear(hold, book=date(2026, 5, 7))
    await office.send()
    assert await office.states() == {"handed-over": 2, "suppressed": 1}


async def test_an_insolvency_stops_the_reminder_of_frozen_debt_and_not_that_of_later_debt(office: Office) -> None:
    """The first was decided before anybody knew; arrears left what is frozen out of the second."""
    await reminded(office)
    assert await office.hear(a_hold(HoldKind.INSOLVENCY), book=date(2026, 5, 7)) == ["D"]
    await office.send()
    assert await office.states() == {"handed-over": 2, "suppressed": 1}
    fresh = OverdueItem(charge_id="C2", due_on=date(2026, 7, 29), open_pence=300_00)
    stage = a_stage(ref="F00000000001", overdue=300_00, on=date(2026, 8, 5), cycle=2)
    await office.hear(stage.model_copy(update={"items": (fresh,)}), book=date(2026, 8, 5))
    await office.work(date(2026, 8, 5))
    await office.send()
    assert await office.states() == {"handed-over": 3, "suppressed": 1}


async def test_a_dispute_raised_since_stops_the_reminder_that_chases_it(office: Office) -> None:
    await reminded(office)
    assert await office.hear(a_dispute(), book=date(2026, 5, 7)) == ["D"]
    await office.send()
    (row,) = await office.rows("select state, last_answer from notify.messages where template = 'reminder-1'")
    assert tuple(row.values()) == ("suppressed", "disputed-since")


async def test_a_dispute_that_the_stage_knew_or_of_another_charge_or_account_stops_nothing(office: Office) -> None:
    await reminded(office)
    await office.hear(a_dispute(), book=date(2026, 5, 6))
    await office.hear(a_dispute("D-2", charge_id="C9"), a_dispute("D-3", account_id="A2"), book=date(2026, 5, 7))
    await office.send()
    assert await office.states() == {"handed-over": 3}


async def test_a_reminder_of_a_debt_that_stands_no_more_is_not_sent(office: Office) -> None:
    """As when the charge was credited whole, written off, or moved to the buyer by a sale learnt late."""
    await reminded(office)
    told = [items_of(an_item()), items_of(an_item(90_00, "C2", date(2026, 7, 29)))]
    assert await office.hear(*told, book=date(2026, 5, 7)) == ["D", "D"]
    await office.billing_closed(date(2026, 5, 7))
    await office.send()
    (row,) = await office.rows("select state, last_answer from notify.messages where template = 'reminder-1'")
    assert tuple(row.values()) == ("suppressed", "no-longer-open")


async def test_what_is_open_and_disputed_is_not_what_a_reminder_may_chase(office: Office) -> None:
    await reminded(office)
    await office.hear(items_of(an_item(disputed=148_15 - 19_99)), book=date(2026, 5, 7))
    await office.billing_closed(date(2026, 5, 7))
    await office.send()
    assert await office.states() == {"handed-over": 2, "suppressed": 1}


@pytest.mark.parametrize(
    ("told", "closed"), [(date(2026, 5, 6), date(2026, 5, 8)), (date(2026, 5, 8), date(2026, 5, 7))]
)
async def test_what_the_stage_knew_and_what_billing_has_not_closed_yet_stops_no_reminder(
    office: Office, told: date, closed: date
) -> None:
    await reminded(office)
    await office.hear(items_of(), book=told)
    await office.billing_closed(closed)
    await office.send()
    assert await office.states() == {"handed-over": 3}


async def test_the_last_that_billing_said_by_its_closed_day_counts(office: Office) -> None:
    await reminded(office)
    await office.hear(items_of(), book=date(2026, 5, 7))
    await office.hear(items_of(an_item(50_00)), book=date(2026, 5, 8))
    await office.hear(items_of(), book=date(2026, 5, 9))
    await office.billing_closed(date(2026, 5, 8))
    await office.send()
    assert await office.states() == {"handed-over": 3}


async def test_a_stage_that_is_heard_late_is_looked_at_from_the_day_it_was_decided(office: Office) -> None:
    """As after a dead letter that is driven again: what came meanwhile counts, money and disputes alike."""
    await office.close_of(2)
    await office.hear(a_receipt(), a_dispute(account_id="A2"), book=date(2026, 5, 7))
    stages = [a_stage(ref="F00000000001"), a_stage(account_id="A2", ref="F00000000002")]
    await office.hear(*stages, book=date(2026, 5, 11))
    await office.work(date(2026, 5, 11))
    await office.billing_closed(date(2026, 5, 11))
    await office.send()
    rows = await office.rows(
        "select account_id, last_answer from notify.messages where state = 'suppressed' order by account_id"
    )
    assert [tuple(row.values()) for row in rows] == [("A1", "paid-since"), ("A2", "disputed-since")]


async def test_a_hold_set_since_and_lifted_already_stops_the_reminder_all_the_same(office: Office) -> None:
    """Its owner has days of grace; then the next stage goes (domain.md 4.3)."""
    await reminded(office)
    await office.hear(a_hold(HoldKind.DECEASED), book=date(2026, 5, 7))
    await office.hear(a_hold(HoldKind.DECEASED, ended_on=date(2026, 5, 8)), book=date(2026, 5, 8))
    await office.send()
    (row,) = await office.rows("select state, last_answer from notify.messages where template = 'reminder-1'")
    assert tuple(row.values()) == ("suppressed", "hold:deceased")


@pytest.mark.parametrize("lifted_in", [date(2026, 5, 6), date(2026, 5, 8)])
async def test_a_hold_that_the_stage_knew_and_that_is_lifted_stops_nothing(office: Office, lifted_in: date) -> None:
    await reminded(office)
    await office.hear(a_hold(HoldKind.DECEASED), book=date(2026, 5, 6))
    await office.hear(a_hold(HoldKind.DECEASED, ended_on=lifted_in), book=lifted_in)
    await office.send()
    assert await office.states() == {"handed-over": 3}


async def test_the_allow_list_keeps_everybody_else_out(databases: Databases, tmp_path: Path) -> None:
    async with office_of(
        await databases("notify"), tmp_path, recipient_domains="staff.example, test.example"
    ) as office:
        await queued(office)
        await office.send()
        assert (await office.states(), office.mail.seen) == ({"suppressed": 1}, [])


async def test_the_kill_switch_stops_everything(databases: Databases, tmp_path: Path) -> None:
    async with office_of(await databases("notify"), tmp_path, sending=False) as office:
        await queued(office)
        assert not await office.sender().one_round()
        assert (await office.states(), office.mail.seen) == ({"queued": 1}, [])


async def test_no_log_line_names_anybody(office: Office) -> None:
    office.mail.script[TWO] = [("RCPT", "550 owner2@example.org is not known here")]
    with capture() as lines:
        await queued(office, 2)
        await office.send()
    assert lines
    assert not [line for line in lines if "owner" in str(line).lower() or "example.org" in str(line)]
