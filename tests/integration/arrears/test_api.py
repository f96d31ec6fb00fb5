"""The staff API of arrears: who may ask and do what, and the shapes the command line reads."""

from typing import Any

import httpx
import pytest

from shared.bus import gate
from shared.db.engine import driver
from shared.events import topics
from shared.local_issuer import LocalIssuer
from tests.integration.arrears.conftest import Desk
from tests.support.staff import as_

HOLD = {"account_ref": "F000000000A1", "kind": "dispute", "charge_id": "C1", "reason": "not done"}


async def lift(client: httpx.AsyncClient, issuer: LocalIssuer, hold_id: str, body: dict[str, Any]) -> httpx.Response:
    return await client.post(f"/holds/{hold_id}/lift", json=body, headers=as_(issuer, "lead-officer"))


@pytest.mark.parametrize("path", ["/arrears", "/summary", "/verify"])
async def test_questions_need_a_token(client: httpx.AsyncClient, issuer: LocalIssuer, path: str) -> None:
    assert (await client.get(path)).status_code == 401
    assert (await client.get(path, headers={"Authorization": "Bearer bad"})).status_code == 401
    assert (await client.get(path, headers=as_(issuer, "auditor"))).status_code == 200


async def test_only_officers_set_holds(client: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    for role in ("auditor", "finance", "board", "operator"):
        assert (await client.post("/holds", json=HOLD, headers=as_(issuer, role))).status_code == 403


async def test_a_hold_is_set_shown_and_lifted_once(client: httpx.AsyncClient, issuer: LocalIssuer, desk: Desk) -> None:
    made = await client.post("/holds", json=HOLD, headers=as_(issuer, "assistant"))
    assert made.status_code == 201
    hold_id = made.json()["hold_id"]
    await desk.work_to(desk.book.replace(month=5, day=20))
    (account,) = (await client.get("/arrears", headers=as_(issuer, "assistant"))).json()
    assert {"account_ref", "overdue_pence", "oldest_due_on", "stage", "stage_on", "holds", "reason"} <= account.keys()
    assert account["reason"] == "everything overdue is held"
    assert [one["hold_id"] for one in account["holds"]] == [hold_id]
    lifted = await lift(client, issuer, hold_id, {"reason": "settled"})
    assert (lifted.status_code, lifted.json()["ended_on"]) == (200, "2026-05-21")
    assert (await lift(client, issuer, hold_id, {"reason": "again"})).json() == lifted.json()
    assert len(await desk.said(topics.HOLD_CHANGED)) == 2


@pytest.mark.parametrize(
    "change",
    [{"kind": "mood"}, {"reason": ""}, {"reason": "a\nb"}, {"account_ref": "a b"}, {"extra": 1}, {"review_on": "soon"}],
)
async def test_a_request_that_is_wrong_is_refused(
    client: httpx.AsyncClient, issuer: LocalIssuer, change: dict[str, Any]
) -> None:
    assert (await client.post("/holds", json=HOLD | change, headers=as_(issuer, "assistant"))).status_code == 422


async def test_what_is_not_known_is_not_found(client: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    wrong = HOLD | {"account_ref": "F00000000000"}
    assert (await client.post("/holds", json=wrong, headers=as_(issuer, "assistant"))).status_code == 404
    assert (await lift(client, issuer, "H-none", {"reason": "x"})).status_code == 404


async def test_while_a_day_is_worked_commands_wait_and_questions_are_answered(
    client: httpx.AsyncClient, issuer: LocalIssuer, desk: Desk
) -> None:
    async with desk.doors.sessions.begin() as session:
        await gate.shut(await driver(session), desk.book)
    assert (await client.post("/holds", json=HOLD, headers=as_(issuer, "assistant"))).status_code == 503
    assert (await client.get("/arrears", headers=as_(issuer, "assistant"))).status_code == 200


async def test_a_key_sets_and_lifts_one_hold_and_answers_the_same(
    client: httpx.AsyncClient, issuer: LocalIssuer, desk: Desk
) -> None:
    key = {"Idempotency-Key": "k-1"}
    made = [await client.post("/holds", json=HOLD, headers=as_(issuer, "assistant") | key) for _ in range(2)]
    assert made[0].json() == made[1].json()
    assert len(await desk.said(topics.HOLD_CHANGED)) == 1
    other = await client.post("/holds", json=HOLD | {"reason": "another"}, headers=as_(issuer, "assistant") | key)
    assert other.status_code == 409
    asked: dict[str, Any] = {
        "json": {"reason": "settled"},
        "headers": as_(issuer, "assistant") | {"Idempotency-Key": "k-2"},
    }
    path = f"/holds/{made[0].json()['hold_id']}/lift"
    lifted = [await client.post(path, **asked) for _ in range(2)]
    assert lifted[0].json() == lifted[1].json()
    assert len(await desk.said(topics.HOLD_CHANGED)) == 2


async def test_a_hold_leaves_one_row_of_the_audit(client: httpx.AsyncClient, issuer: LocalIssuer, desk: Desk) -> None:
    await client.post("/holds", json=HOLD, headers=as_(issuer, "assistant"))
    async with desk.doors.sessions() as session:
        rows = await (await driver(session)).fetch("select who, action, subject, reason from msg.audit")
    assert [tuple(row) for row in rows] == [("assistant-1", "hold-set", "F000000000A1", "not done")]
