"""Letters about a notice of potential liability: written once for what is said of it, kept here by some holds."""

from datetime import date, timedelta

import pytest

from shared.events.arrears import HoldKind, NoticeChange
from tests.integration.notify.conftest import DAY, Office
from tests.support.letters import a_hold, a_notice


async def letters(office: Office) -> list[tuple[object, ...]]:
    rows = await office.rows(
        "select template, dated_on, state from notify.messages where template like 'notice-%' order by dated_on, 1"
    )
    return [tuple(row) for row in rows]


async def test_each_registration_and_each_consent_is_one_letter_and_the_rest_is_none(office: Office) -> None:
    await office.close_of()
    registered = a_notice()
    assert await office.hear(registered) == ["D"]
    assert await office.hear(registered) == ["U"]
    assert await office.hear(registered.model_copy(update={"reference": "REG-78"})) == ["X"]
    moved = a_notice(NoticeChange.SALE, number=5, entry_on=date(2026, 7, 1), buyer_liable=True)
    assert await office.hear(moved, a_notice(NoticeChange.EXPIRED, number=6)) == ["D", "D"]
    consent = a_notice(NoticeChange.CONSENT_ISSUED, number=7, changed_on=date(2026, 5, 9))
    assert await office.hear(consent) == ["D"]
    await office.work()
    await office.work(DAY + timedelta(days=1))
    assert await letters(office) == [
        ("notice-registered", date(2026, 5, 6), "queued"), ("notice-consent", date(2026, 5, 9), "queued"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "state"),
    [(HoldKind.DECEASED, "suppressed"), (HoldKind.RETURNED_MAIL, "suppressed"), (HoldKind.VULNERABLE, "suppressed"),
     (HoldKind.SALE_PENDING, "handed-over")],
)  # fmt: skip
async def test_it_does_not_leave_under_a_hold_that_keeps_it_here(office: Office, kind: HoldKind, state: str) -> None:
    await office.close_of()
    await office.hear(a_notice())
    await office.work()
    await office.hear(a_hold(kind))
    await office.send()
    [(_, _, found)] = await letters(office)
    assert found == state
    [(why,)] = await office.rows("select last_answer from notify.messages where template = 'notice-registered'")
    assert (why == f"hold:{kind}") is (state == "suppressed")
