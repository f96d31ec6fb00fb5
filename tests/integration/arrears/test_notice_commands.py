"""`closebook notices` against arrears' own door: listed, proposed and approved by two people, noted, shown."""

import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from services.arrears import api
from shared.events import topics
from shared.events.billing import AccountOpened
from shared.local_issuer import LocalIssuer
from tests.integration.arrears.conftest import (
    Closebook,
    Desk,
    commanding,
    item,
    items_changed,
)
from tests.integration.arrears.test_notices import RIPE, charged, sold
from tests.support.staff import as_, staff_door

REF = "FY5FN0W0QBWR"
N1 = f"N-{REF}-1"
PROPOSE = ("notices", "propose", REF, "--form", "2004", "--title", "GLA12345", "--heading", "Repairs", "--reason", "x")


@pytest.fixture
async def closebook(
    desk: Desk, issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Closebook]:
    """Gives a command to arrears, which has found a candidate; returns what it answers and what it tells beside."""
    opened = AccountOpened(account_id="A1", account_ref=REF, unit_id="U1", ownership_id="O1", internal=False)
    await desk.hear(topics.ACCOUNT_OPENED, opened)
    await desk.hear(topics.ACCOUNT_CHARGED, charged())
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item(300_00)))
    await desk.work_to(RIPE)
    for role in ("assistant", "lead-officer", "auditor"):
        monkeypatch.setenv(f"CLOSEBOOK_TOKEN_{role.upper().replace('-', '_')}", issuer.token(f"{role}-1", [role]))
    async with commanding(desk, issuer, monkeypatch, capsys) as give:
        yield give


async def listed(closebook: Closebook) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((await closebook("notices", "list", "--json"))[0])
    return found


async def approve(closebook: Closebook) -> None:
    told = (await closebook(*PROPOSE))[0]
    assert told == (
        f"arrears: proposal 1, notice {N1} of {REF}, waits for a second person "
        "(`closebook proposals approve arrears 1 --as lead-officer`).\n"
    )
    await closebook("proposals", "approve", "arrears", "1", "--as", "lead-officer")


async def note(closebook: Closebook, step: str, *more: str) -> str:
    return (await closebook("notices", "note", N1, step, *more, "--reason", "as told"))[0]


async def test_the_worklist_names_each_candidate_with_its_figures_and_its_reason(closebook: Closebook) -> None:
    told, _ = await closebook("notices", "list")
    assert told.splitlines()[0].strip() == "1 notice"
    for words in (N1, REF, "U1", "candidate", "£300.00", "propose or reject it", "the oldest 90 days past due"):
        assert words in told
    (row,) = await listed(closebook)
    assert row.keys() >= {"notice_id", "account_ref", "unit_id", "state", "urgent", "eligible_pence", "oldest_due_on",
                          "reason", "last_on", "days_left", "entry_on", "buyer_liable", "breach", "task"}  # fmt: skip


async def test_two_people_approve_and_officers_note_what_follows(closebook: Closebook) -> None:
    await approve(closebook)
    assert [one["state"] for one in await listed(closebook)] == ["approved"]
    assert await note(closebook, "submitted") == f"Notice {N1} of {REF} is submitted.\n"
    told = await note(closebook, "registered", "--on", "2026-07-29", "--reference", "GLA-77")
    assert told == f"Notice {N1} of {REF} is registered, in force to 2029-07-28.\n"
    assert "is left to expire, in force to 2029-07-28" in await note(closebook, "left-to-expire")
    shown = json.loads((await closebook("notices", "show", N1, "--json"))[0])
    people = [(one["change"], one["by"], one["approved_by"]) for one in shown["changes"]]
    assert people == [
        ("raised", None, None), ("approved", "assistant-1", "lead-officer-1"), ("submitted", "lead-officer-1", None),
        ("registered", "lead-officer-1", None), ("left-to-expire", "lead-officer-1", None),
    ]  # fmt: skip
    words, _ = await closebook("notices", "show", N1)
    assert "title_number: GLA12345" in words
    assert "5 changes" in words


async def test_what_follows_is_told_as_it_is_and_its_days_are_shown(closebook: Closebook) -> None:
    await approve(closebook)
    await note(closebook, "registered", "--on", "2026-07-29", "--reference", "GLA-77")
    await note(closebook, "left-to-expire")
    assert await note(closebook, "consent") == f"Notice {N1} of {REF} is consent-issued, in force to 2029-07-28.\n"
    assert await note(closebook, "discharged") == f"Notice {N1} of {REF} is discharged.\n"
    words, _ = await closebook("notices", "show", N1)
    for name in ("approved_on", "consented_on", "ended_on"):
        assert f"{name}: 2026-07-29" in words


async def test_a_late_renewal_is_told_as_a_notice_in_the_place_of_the_expired_one(
    closebook: Closebook, desk: Desk
) -> None:
    await closebook(*PROPOSE, "--registered-on", "2023-07-30", "--reference", "OLD")
    await closebook("proposals", "approve", "arrears", "1", "--as", "lead-officer")
    await desk.work_to(date(2026, 7, 30))
    told = await note(closebook, "renewed", "--on", "2026-07-30", "--reference", "NEW")
    assert told == (
        f"Notice N-{REF}-3 of {REF} is registered, in force to 2029-07-29, in the place of {N1}, which had expired.\n"
    )


async def test_a_sale_shows_its_entry_and_whether_the_buyer_is_liable(closebook: Closebook, desk: Desk) -> None:
    await approve(closebook)
    await note(closebook, "registered", "--on", "2026-07-29", "--reference", "R")
    await desk.hear(topics.OWNERS_LINE, sold(date(2026, 8, 30), 1))
    await desk.work_day()
    await desk.hear(topics.OWNERS_LINE, sold(date(2026, 8, 11), 2))
    await desk.work_day()
    assert "2026-08-11 (was 2026-08-30), buyer not liable" in (await closebook("notices", "list"))[0]
    await desk.hear(topics.OWNERS_LINE, sold(date(2026, 8, 11), 3, date(2026, 12, 1)))
    await desk.work_day()
    told, _ = await closebook("notices", "list")
    assert "2026-08-11 (was 2026-08-30), buyer not liable; sold on 2026-12-01, buyer liable" in told
    assert "resale_liable: True" in (await closebook("notices", "show", N1))[0]


async def test_nobody_approves_what_they_proposed_themselves(closebook: Closebook) -> None:
    await closebook(*PROPOSE, "--as", "lead-officer")
    _, told = await closebook("proposals", "approve", "arrears", "1", "--as", "lead-officer", code=1)
    assert "You proposed this yourself; another person must approve it." in told


async def test_whether_to_consent_or_to_let_a_notice_expire_the_lead_officer_decides(
    closebook: Closebook, desk: Desk, issuer: LocalIssuer
) -> None:
    await approve(closebook)
    await note(closebook, "registered", "--reference", "R", "--as", "assistant")
    for step in ("consent", "left-to-expire"):
        _, told = await closebook(
            "notices", "note", N1, step, "--reason", "x", "--as", "assistant", code=64
        )  # fmt: skip
        assert f"To decide on {step} needs the role lead-officer." in told


async def test_a_breach_goes_off_the_list_once_the_lead_officer_notes_that_it_is_seen_to(
    closebook: Closebook, desk: Desk
) -> None:
    await closebook(*PROPOSE, "--registered-on", "2023-07-30", "--reference", "OLD")
    await closebook("proposals", "approve", "arrears", "1", "--as", "lead-officer")
    await desk.work_to(date(2026, 7, 31))
    assert any(row["notice_id"] == N1 and row["breach"] for row in await listed(closebook))
    _, told = await closebook("notices", "note", N1, "seen-to", "--reason", "x", "--as", "assistant", code=64)
    assert "To decide on seen-to needs the role lead-officer." in told
    told = await note(closebook, "seen-to")
    assert told == f"Notice {N1} of {REF} is expired: its last day was 2026-07-29; the breach is seen to.\n"
    assert all(row["notice_id"] != N1 for row in await listed(closebook))
    words, _ = await closebook("notices", "list", "--lapsed")
    assert words.splitlines()[0].strip() == "1 notice"
    assert f"{N1}" in words
    assert "seen to on 2026-08-01" in words
    assert "seen_to_on: 2026-08-01" in (await closebook("notices", "show", N1))[0]


async def test_a_step_noted_in_error_is_taken_back_by_the_lead_officer_and_the_record_names_both(
    closebook: Closebook,
) -> None:
    await approve(closebook)
    await note(closebook, "registered", "--reference", "R", "--as", "assistant")
    await note(closebook, "consent")
    await note(closebook, "discharged", "--as", "assistant")
    back = ("notices", "take-back", N1, "discharged", "--reason", "another flat's")
    _, told = await closebook(*back, "--as", "assistant", code=64)
    assert "lead-officer" in told
    told, _ = await closebook(*back)
    assert told == f"Notice {N1} of {REF} is consent-issued, in force to 2029-07-28.\n"
    _, told = await closebook(*back, code=1)
    assert f"Of {N1} only the newest step can be taken back: consent." in told
    shown = json.loads((await closebook("notices", "show", N1, "--json"))[0])
    last = shown["changes"][-1]
    assert (last["change"], last["taken_back"], last["by"], last["reason"]) == (
        "taken-back", "discharged", "lead-officer-1", "another flat's",
    )  # fmt: skip
    words, _ = await closebook("notices", "show", N1)
    assert "taken-back: discharged" in words
    assert "ended_on" not in words


async def test_what_is_not_there_or_not_yet_is_one_sentence(closebook: Closebook) -> None:
    _, told = await closebook("notices", "show", "N-9", code=1)
    assert "There is no notice N-9." in told
    assert "`closebook notices list` lists every notice" in told
    _, told = await closebook("notices", "note", N1, "renewed", "--reason", "x", code=1)
    assert f"{N1} is candidate: it cannot be noted as renewed." in told


@pytest.mark.parametrize("role", ["operator", "auditor", "finance", "board", "admin-team"])
async def test_only_officers_note(closebook: Closebook, desk: Desk, issuer: LocalIssuer, role: str) -> None:
    async with staff_door(issuer, "arrears", api.routes(desk.doors)) as client:
        body = {"step": "rejected", "reason": "no"}
        paths = (f"/notices/{N1}/steps", f"/notices/{N1}/take-back")
        answers = [await client.post(path, json=body, headers=as_(issuer, role)) for path in paths]
    assert [answer.status_code for answer in answers] == [403, 403]
