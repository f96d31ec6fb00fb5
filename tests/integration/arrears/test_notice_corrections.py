"""What was noted of a notice in error is taken back, and a breach seen to, through a real PostgreSQL: kept and said."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.arrears.usecases import notice_questions
from services.arrears.usecases.notice_corrections import TAKE_BACK
from services.arrears.usecases.notice_corrections import take_back as effect
from services.arrears.usecases.verify import verify
from shared.bus.commands import Given
from shared.bus.refusals import NotKnownError, NotNowError
from shared.db.engine import snapshot
from tests.integration.arrears.conftest import Desk
from tests.integration.arrears.test_notices import (
    N1,
    N2,
    REF,
    RIPE,
    a_registered,
    listed,
    note,
    owe,
    pay,
    said,
    told,
)


async def take_back(desk: Desk, step: str, notice_id: str = N1) -> dict[str, Any]:
    content = {"notice_id": notice_id, "step": step, "reason": "another flat's", "by": "officer-8"}
    given = Given(TAKE_BACK, REF, "officer-8", "another flat's", content)
    async with desk.doors.command(given.cause) as work:
        work.book = desk.book
        return await effect(work, content)


async def prove(desk: Desk) -> None:
    async with snapshot(desk.sessions) as connection:
        checks = (await verify(connection))["checks"]
    assert [check["name"] for check in checks if not check["ok"]] == []


async def test_a_renewal_noted_in_error_is_taken_back_and_the_notice_asks_for_its_renewal_again(desk: Desk) -> None:
    await owe(desk)
    await desk.work_to(date(2026, 8, 19))
    await a_registered(desk, "2023-08-30")
    await desk.work_day()
    await note(desk, "renewed", reference="REG-2")
    await desk.work_day()
    answer = await take_back(desk, "renewed")
    assert (answer["state"], str(answer["last_on"]), answer["reference"]) == ("registered", "2026-08-29", "REG-1")
    last = (await said(desk))[-1]
    assert (last.change, last.state, last.last_on, last.renewed_on) == (
        "taken-back", "registered", date(2026, 8, 29), None,
    )  # fmt: skip
    assert (last.reason, last.reference) == ("another flat's", "REG-1")
    await desk.work_day()
    assert next(row["task"] for row in await listed(desk)).startswith("renew it (task of ")
    await prove(desk)


async def test_a_renewal_noted_in_error_and_found_out_after_the_end_leaves_the_breach_that_it_hid(desk: Desk) -> None:
    await owe(desk, 60_00)
    await desk.work_to(date(2026, 8, 14))
    await a_registered(desk, "2023-08-16")
    await note(desk, "renewed", reference="REG-2")
    await desk.work_to(date(2026, 8, 20))
    answer = await take_back(desk, "renewed")
    assert (answer["state"], str(answer["last_on"])) == ("expired", "2026-08-15")
    await prove(desk)
    assert [change for _, change, _ in await told(desk)][-2:] == ["taken-back", "expired"]
    (row,) = await listed(desk)
    assert (row["breach"], row["ended_on"]) == (True, date(2026, 8, 16))
    await note(desk, "renewed", on="2026-08-15", reference="REG-3")
    assert (await said(desk))[-1].last_on == date(2029, 8, 14)
    await prove(desk)


async def test_a_late_renewal_that_was_in_time_is_put_right_after_the_end(desk: Desk) -> None:
    """The error is the reason why it looked ended: its day was typed wrongly."""
    await owe(desk, 60_00)
    await desk.work_to(date(2026, 8, 14))
    await a_registered(desk, "2023-08-16")
    await desk.work_to(date(2026, 8, 20))
    await note(desk, "renewed", on="2026-08-16", reference="REG-2")
    with pytest.raises(NotNowError, match=f"Of {N1} only the newest step can be taken back: registered"):
        await take_back(desk, "renewed")
    answer = await take_back(desk, "registered", N2)
    assert (answer["state"], answer["last_on"]) == ("withdrawn", None)
    await note(desk, "renewed", on="2026-08-15", reference="REG-2")
    (row,) = await listed(desk)
    assert (row["notice_id"], row["state"], row["breach"], row["last_on"]) == (
        N1, "renewed", False, date(2029, 8, 14),
    )  # fmt: skip
    await desk.work_day()
    await prove(desk)


async def test_a_discharge_noted_in_error_is_taken_back_and_the_notice_binds_buyers_again(desk: Desk) -> None:
    await owe(desk)
    await desk.work_to(RIPE)
    await a_registered(desk)
    await pay(desk)
    await desk.work_to(RIPE + timedelta(days=1))
    await note(desk, "discharged")
    assert await listed(desk) == []
    await desk.work_day()
    await take_back(desk, "discharged")
    (row,) = await listed(desk)
    assert (row["state"], row["ended_on"], row["task"]) == (
        "consent-issued", None, "note the discharge once the Registers confirm it",
    )  # fmt: skip
    assert await take_back_is_refused(desk, "discharged")
    await desk.work_day()
    await prove(desk)


async def take_back_is_refused(desk: Desk, step: str) -> bool:
    with pytest.raises(NotNowError):
        await take_back(desk, step)
    return True


async def test_a_day_of_registration_is_put_right_after_it_made_the_notice_look_ended(desk: Desk) -> None:
    """Taken over with the wrong day: it was registered on 31 August 2023, so it is in force."""
    await owe(desk)
    await desk.work_to(RIPE)
    await a_registered(desk, "2023-07-31")
    await desk.work_to(date(2026, 7, 31))
    assert [change for name, change, _ in await told(desk) if name == N1][-1] == "expired"
    await note(desk, "seen-to")
    answer = await note(desk, "registered", on="2023-08-31", reference="REG-1")
    assert (answer["state"], str(answer["last_on"])) == ("registered", "2026-08-30")
    last = (await said(desk))[-1]
    assert (last.change, last.breach, last.seen_to_on) == ("registered", False, None)
    await desk.work_day()
    assert [row["notice_id"] for row in await listed(desk) if row["state"] == "registered"] == [N1]
    await prove(desk)


async def test_a_registration_that_never_was_leaves_the_notice_under_way_and_its_candidate_gives_way(
    desk: Desk,
) -> None:
    await owe(desk)
    await desk.work_to(RIPE)
    await a_registered(desk, "2023-08-02")
    await desk.work_day()
    assert (N2, "raised", "2026-07-29") in await told(desk)
    await take_back(desk, "registered")
    assert (await told(desk))[-2:] == [(N2, "withdrawn", "2026-07-30"), (N1, "taken-back", "2026-07-30")]
    assert [(row["notice_id"], row["state"]) for row in await listed(desk)] == [(N1, "approved")]
    await desk.work_day()
    await note(desk, "rejected")
    with pytest.raises(NotKnownError, match="There is no notice N-9"):
        await take_back(desk, "registered", "N-9")
    await prove(desk)


async def test_the_record_says_who_took_what_back_and_why(desk: Desk) -> None:
    await owe(desk)
    await desk.work_to(RIPE)
    await a_registered(desk)
    await note(desk, "left-to-expire")
    await take_back(desk, "left-to-expire")
    async with snapshot(desk.sessions) as connection:
        shown = await notice_questions.show(connection, N1)
    assert not shown["left_to_expire"]
    last = shown["changes"][-1]
    assert (last["change"], last["reason"], last["state"]) == ("taken-back", "another flat's", "registered")


async def test_a_breach_that_was_seen_to_is_done_and_still_counts_among_those_that_lapsed(desk: Desk) -> None:
    await owe(desk, 60_00)
    await desk.work_to(date(2026, 8, 14))
    await a_registered(desk, "2023-08-16")
    await desk.work_to(date(2026, 8, 18))
    await note(desk, "seen-to", on="2026-08-18")
    assert await listed(desk) == []
    last = (await said(desk))[-1]
    assert (last.change, last.state, last.breach, last.seen_to_on) == ("seen-to", "expired", True, date(2026, 8, 18))
    await desk.work_to(date(2026, 8, 22))
    assert (await said(desk))[-1] == last
    async with snapshot(desk.sessions) as connection:
        (row,) = await notice_questions.worklist(connection, lapsed=True)
    assert (row["notice_id"], row["breach"]) == (N1, True)
    assert row["task"] == "lapsed: its last day was 2026-08-15; seen to on 2026-08-18"
