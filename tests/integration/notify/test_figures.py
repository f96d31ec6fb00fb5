"""The figures of the mail: what waits, for how long, and what became of attempts."""

from pathlib import Path

from services.notify.usecases import figures
from tests.integration.notify.conftest import Office
from tests.support.figures import figure


def sent(channel: str, outcome: str, code: str) -> float:
    return figure("mail_sent_total", channel=channel, outcome=outcome, code=code) or 0


async def test_waiting_mail_is_counted_until_it_is_handed_over_or_refused(office: Office, tmp_path: Path) -> None:
    before = (sent("email", "accepted", "250"), sent("email", "refused", "550"), sent("email", "not-now", "450"))
    await office.close_of(3)
    await office.work()
    await office.rows("update notify.messages set due_at = now() - interval '90 seconds'")
    await figures.refresh(office.sessions)
    assert figure("mail_queue", state="queued") == 3
    assert 90 <= (figure("mail_oldest_age_seconds") or 0) < 120
    office.mail.script["owner2@example.org"] = [("RCPT", "550 no such user")]
    office.mail.script["owner3@example.org"] = [("RCPT", "450 come back later")]
    await office.send()
    await figures.refresh(office.sessions)
    assert [figure("mail_queue", state=state) for state in ("queued", "deferred", "unknown")] == [0, 1, 0]
    after = (sent("email", "accepted", "250"), sent("email", "refused", "550"), sent("email", "not-now", "450"))
    assert [new - old for old, new in zip(before, after, strict=True)] == [1, 1, 1]
    await office.hurry()
    await office.send()
    await figures.refresh(office.sessions)
    assert figure("mail_oldest_age_seconds") == 0
