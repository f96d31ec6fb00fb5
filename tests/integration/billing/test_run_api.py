"""Statement runs over HTTP, with real tokens: questions, a verdict given once, striking anew, each by its roles."""

from collections.abc import AsyncIterator

import httpx
import pytest

from services.billing import api
from services.billing.domain.refs import account_ref
from shared.local_issuer import LocalIssuer
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_line, a_unit
from tests.integration.billing.reviewing import review_from_now, set_policy
from tests.support.staff import as_, staff_door

A, RUN = account_ref("U1", "A"), "2026Q1-1"


@pytest.fixture
async def client(desk: Desk, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    """Nobody yet, at a desk where a run of one statement is struck."""
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")), a_charge("C1", 1200, unit="U1", on="2026-02-05"))
    await review_from_now(desk)
    await desk.close("2026-04-01")
    await desk.note_closed()
    async with staff_door(issuer, "billing", api.routes(desk.doors)) as made:
        yield made


async def test_a_run_is_told_and_its_sample_is_checked_once_for_each_key(
    client: httpx.AsyncClient, issuer: LocalIssuer, desk: Desk
) -> None:
    auditor, officer = as_(issuer, "auditor"), as_(issuer, "assistant", **{"Idempotency-Key": "k1"})
    body = {"account_ref": A, "passed": False, "reason": "the roof is not ours"}
    answers = [await client.post(f"/statement-runs/{RUN}/checks", json=body, headers=officer) for _ in range(2)]
    assert [answer.json() for answer in answers] == [{"run_id": RUN, "account_ref": A, "passed": False}] * 2
    run = (await client.get(f"/statement-runs/{RUN}", headers=auditor)).json()
    assert (run["state"], run["statements"], run["billed_pence"]) == ("open", 1, 1200)
    assert [(one["verdict"], one["who"], one["why"]) for one in run["sample"]] == [
        ("failed", "assistant-1", "the roof is not ours")
    ]
    assert len(await desk.rows("select from billing.statement_checks")) == 1
    assert len(await desk.rows("select from msg.audit where action = 'statement-check'")) == 1
    other = await client.post(f"/statement-runs/{RUN}/checks", json=body | {"passed": True}, headers=officer)
    assert other.status_code == 409
    refused = await client.post(f"/statement-runs/{RUN}/checks", json=body, headers=auditor)
    assert refused.status_code == 403


async def test_striking_anew_is_for_officers_and_is_told(client: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    path, why = f"/statement-runs/{RUN}/restrike", {"reason": "the credit is in"}
    assert (await client.post(path, json=why, headers=as_(issuer, "assistant"))).status_code == 403
    answer = await client.post(path, json=why, headers=as_(issuer, "lead-officer"))
    assert answer.json() == {"quarter": "2026Q1", "struck_in": "2026-04-02"}
    told = (await client.get("/statement-runs", headers=as_(issuer, "auditor"))).json()
    assert [(one["run_id"], one["state"]) for one in told["runs"]] == [(RUN, "superseded")]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/statement-runs/dry-run", 200),
        ("/statement-runs/dry-run?most=0", 422),
        ("/statement-runs/2026Q9-1", 404),
        (f"/accounts/{A}/annual/2026", 200),
        (f"/accounts/{A}/annual/26", 422),
        ("/accounts/F0/annual/2026", 404),
    ],
)
async def test_a_question_is_answered_or_refused_in_words(
    client: httpx.AsyncClient, issuer: LocalIssuer, path: str, status: int
) -> None:
    answer = await client.get(path, headers=as_(issuer, "admin-team"))
    assert answer.status_code == status, answer.text


async def test_a_year_is_issued_by_those_who_may_once_for_each_key(
    client: httpx.AsyncClient, issuer: LocalIssuer, desk: Desk
) -> None:
    await set_policy(desk, release="automatic")
    await desk.close("2026-07-01", "2027-01-01")
    await desk.note_closed()
    asked = {"year": 2026, "reason": "Code of Conduct 3.4"}
    assert (await client.post("/annual-statements", json=asked, headers=as_(issuer, "assistant"))).status_code == 403
    finance = as_(issuer, "finance", **{"Idempotency-Key": "k1"})
    answers = [await client.post("/annual-statements", json=asked, headers=finance) for _ in range(2)]
    told = {"year": 2026, "account_ref": None, "accounts": 1, "asked_in": "2027-01-02"}
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, told)] * 2
    assert len(await desk.rows("select from billing.annual_requests")) == 1
    early = await client.post("/annual-statements", json=asked | {"year": 2027}, headers=as_(issuer, "finance"))
    assert (early.status_code, "has not ended" in early.text) == (409, True)
