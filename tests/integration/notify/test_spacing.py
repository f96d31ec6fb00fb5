"""Reminders of one account keep their distance, however long nothing could leave (domain.md 4.2)."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from services.notify.usecases import figures, questions
from tests.integration.notify.conftest import Office
from tests.support.figures import figure
from tests.support.letters import a_receipt, a_stage, by_post

FIRST, SECOND = date(2026, 5, 6), date(2026, 5, 20)
LATE = date(2026, 6, 10)
"""The last day closed before anything leaves."""


async def remind(office: Office, number: int, on: date, *, account: str = "A1", cycle: int = 1) -> None:
    """Have a reminder written in the book in which it was decided, and that book closed."""
    stage = a_stage(number, account_id=account, ref=f"F0000000000{account[1:]}", on=on, cycle=cycle)
    await office.hear(stage, book=on)
    await office.work(on)
    await office.closed(on)


async def begin(office: Office, owners: int = 1) -> None:
    """Let every welcome letter be out."""
    await office.close_of(owners)
    await office.work()
    await office.send()


async def pile_up(office: Office) -> None:
    """Have both reminders queued for weeks."""
    await begin(office)
    await remind(office, 1, FIRST)
    await remind(office, 2, SECOND)
    await office.closed(LATE)


async def states(office: Office) -> list[str]:
    rows = await office.rows("select state from notify.messages where template like 'reminder%' order by letter_no")
    return [row["state"] for row in rows]


async def due(office: Office) -> int:
    async with office.sessions.begin() as session:
        return len((await questions.list_due(session))["messages"])


async def test_two_reminders_that_waited_leave_fourteen_books_apart(office: Office) -> None:
    await pile_up(office)
    assert await due(office) == 1
    await office.send()
    assert (await states(office), await due(office)) == (["handed-over", "queued"], 0)
    handed_in = LATE + timedelta(days=1)
    await office.closed(handed_in + timedelta(days=12))
    await office.send()
    assert (await states(office), await due(office)) == (["handed-over", "queued"], 0)
    await office.closed(handed_in + timedelta(days=13))
    assert await due(office) == 1
    await office.send()
    assert await states(office) == ["handed-over", "handed-over"]


async def test_a_reminder_decided_in_time_leaves_when_its_day_is_closed(office: Office) -> None:
    await begin(office)
    await remind(office, 1, FIRST)
    await office.send()
    await remind(office, 2, SECOND)
    await office.send()
    assert await states(office) == ["handed-over", "handed-over"]


async def test_a_new_cycle_waits_seven_books(office: Office) -> None:
    await begin(office)
    await remind(office, 2, FIRST)
    await office.closed(LATE)
    await office.send()
    await remind(office, 1, LATE + timedelta(days=7), cycle=2)
    await office.closed(LATE + timedelta(days=6))
    await office.send()
    assert await states(office) == ["handed-over", "queued"]
    await office.closed(LATE + timedelta(days=7))
    await office.send()
    assert await states(office) == ["handed-over", "handed-over"]


@pytest.mark.parametrize(
    ("answer", "then"),
    [("550 no such user", ["bounced", "handed-over"]), ("450 come back later", ["deferred", "queued"])],
)
async def test_one_that_failed_holds_no_later_one_back_and_one_still_to_leave_does(
    office: Office, answer: str, then: list[str]
) -> None:
    await pile_up(office)
    office.mail.script["owner1@example.org"] = [("RCPT", answer)]
    await office.send()
    assert await states(office) == then


async def test_one_that_was_suppressed_holds_no_later_one_back(office: Office) -> None:
    await begin(office)
    await remind(office, 1, FIRST)
    await office.hear(a_receipt(), book=FIRST + timedelta(days=1))
    await office.billing_closed(FIRST + timedelta(days=1))
    await remind(office, 2, SECOND)
    await office.send()
    assert await states(office) == ["suppressed", "handed-over"]


async def test_one_that_waited_is_looked_at_again_before_it_leaves(office: Office) -> None:
    await pile_up(office)
    await office.send()
    paid_in = LATE + timedelta(days=5)
    await office.hear(a_receipt(), book=paid_in)
    await office.billing_closed(paid_in)
    await office.closed(LATE + timedelta(days=14))
    await office.send()
    assert await states(office) == ["handed-over", "suppressed"]


async def test_a_reminder_handed_over_before_its_book_was_kept_counts_from_the_day_it_was_written(
    office: Office,
) -> None:
    await begin(office)
    await remind(office, 1, FIRST)
    await office.send()
    await office.rows("update notify.messages set handed_in = null")
    await remind(office, 2, SECOND)
    await office.closed(FIRST + timedelta(days=12))
    assert await due(office) == 0
    await office.closed(FIRST + timedelta(days=13))
    assert await due(office) == 1


async def test_one_that_waits_stands_in_nobodys_way_on_paper(office: Office, tmp_path: Path) -> None:
    await office.close_of(2)
    await office.hear(by_post("P1"), by_post("P2"))
    await office.work()
    await office.print(tmp_path / "print")
    await remind(office, 1, FIRST)
    await remind(office, 2, SECOND)
    await office.closed(LATE)
    await remind(office, 1, LATE, account="A2")
    await office.print(tmp_path / "print")
    assert await states(office) == ["handed-over", "queued", "handed-over"]
    await office.closed(LATE + timedelta(days=14))
    await office.print(tmp_path / "print")
    assert await states(office) == ["handed-over", "handed-over", "handed-over"]


async def test_one_that_waits_for_its_day_is_not_late(office: Office) -> None:
    await pile_up(office)
    await office.send()
    await office.rows("update notify.messages set due_at = now() - interval '9 days'")
    await figures.refresh(office.sessions)
    assert (figure("mail_queue", state="queued"), figure("mail_oldest_age_seconds")) == (1, 0)
