"""Letters about a notice of potential liability: written once for what is said of it, kept here by some holds."""

from datetime import date, timedelta

import pytest

from shared.events.arrears import HoldKind, NoticeChange, NoticeChanged, NoticeState
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


def approved(number: int = 2) -> NoticeChanged:
    """A notice that two people approved and that nobody registered yet."""
    nothing = dict.fromkeys(("registered_on", "reference", "last_on", "binds_from"))
    return a_notice(NoticeChange.APPROVED, number=number, state=NoticeState.APPROVED, **nothing)


def then(notice: NoticeChanged, change: str, state: str, **more: object) -> NoticeChanged:
    """The same notice after something else happened to it."""
    facts = {"number": (notice.number or 0) + 1, "change": NoticeChange(change), "state": state} | more
    return notice.model_copy(update=facts)


async def left(office: Office) -> list[tuple[object, ...]]:
    """What became of each letter, in the order in which they were asked for."""
    rows = await office.rows(
        "select letter.template, it.state, it.last_answer from notify.messages it join notify.letters letter "
        "using (letter_no) where letter.template like 'notice-%' order by letter_no"
    )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("together", [True, False])
async def test_a_notice_that_is_turned_down_in_the_book_of_its_approval_warns_nobody(
    office: Office, *, together: bool
) -> None:
    await office.close_of()
    said = (approved(), then(approved(), "rejected", "rejected"))
    for batch in [said] if together else [(one,) for one in said]:
        assert set(await office.hear(*batch)) == {"D"}
    await office.work()
    await office.send()
    assert await left(office) == [("notice-warning", "suppressed", "notice-moved-on")]


async def test_a_notice_that_goes_its_way_warns_and_what_is_said_again_changes_nothing(office: Office) -> None:
    await office.close_of()
    rejected, again = then(approved(), "rejected", "rejected"), then(approved(3), "submitted", "submitted")
    await office.hear(approved(), rejected, again)
    await office.hear(rejected)
    await office.work()
    await office.send()
    assert [state for _, state, _ in await left(office)] == ["handed-over"]


@pytest.mark.parametrize(("change", "state"), [("taken-back", "suppressed"), ("sale", "handed-over")])
async def test_a_renewal_that_is_taken_back_before_its_letter_left_is_told_to_nobody(
    office: Office, change: str, state: str
) -> None:
    await office.close_of()
    days = {"renewed_on": date(2026, 5, 6), "reference": "REG-78", "registered_on": date(2023, 5, 20)}
    renewed = a_notice(NoticeChange.RENEWED, state=NoticeState.RENEWED, **days)
    before = {"renewed_on": None, "reference": "REG-7"} if change == "taken-back" else {}
    await office.hear(renewed, then(renewed, change, "registered", **before))
    await office.work()
    await office.send()
    assert [found for _, found, _ in await left(office)] == [state]
