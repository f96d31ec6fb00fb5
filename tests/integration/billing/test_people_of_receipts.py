"""Disputes and direct debits over HTTP: who may, once by its key, and the file as the bureau takes it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.billing import api
from services.billing.domain.refs import account_ref
from shared.events.topics import COLLECTION_ANNOUNCED
from shared.local_issuer import LocalIssuer
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_line, a_unit
from tests.integration.billing.people import LEAD, OFFICER, decide
from tests.support.staff import as_, staff_door

A = account_ref("U1", "A")


class Staff:
    """The routes, asked by anybody."""

    def __init__(self, client: httpx.AsyncClient, issuer: LocalIssuer) -> None:
        self._client = client
        self._issuer = issuer

    async def post(self, role: str, path: str, key: str | None = None, **body: Any) -> httpx.Response:
        headers = as_(self._issuer, role, **({"Idempotency-Key": key} if key else {}))
        return await self._client.post(path, json=body | {"reason": "a letter"}, headers=headers)

    async def get(self, role: str, path: str) -> httpx.Response:
        return await self._client.get(path, headers=as_(self._issuer, role))


@pytest.fixture
async def staff(desk: Desk, issuer: LocalIssuer) -> AsyncIterator[Staff]:
    """One owner owes £95.50, due on 29 April; it is 2 April."""
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")), a_charge("C1", 95_50, unit="U1", on="2026-03-01"))
    await desk.close("2026-04-01")
    await desk.note_closed()
    async with staff_door(issuer, "billing", api.routes(desk.doors)) as client:
        yield Staff(client, issuer)


async def test_a_dispute_is_recorded_once_by_its_key_and_ended_by_an_officer(desk: Desk, staff: Staff) -> None:
    asked: dict[str, Any] = {"account_ref": A, "charge_id": "C1", "amount_pence": 40_00}
    first = await staff.post("assistant", "/disputes", "k1", **asked)
    again = await staff.post("assistant", "/disputes", "k1", **asked)
    assert (first.status_code, first.json()) == (200, again.json())
    assert (await staff.post("auditor", "/disputes", **asked)).status_code == 403
    assert (await staff.post("assistant", "/disputes", **(asked | {"amount_pence": 99_00}))).status_code == 409
    assert (await staff.post("assistant", "/disputes", **(asked | {"amount_pence": 4.5}))).status_code == 422
    path = f"/disputes/{first.json()['dispute_id']}/end"
    assert (await staff.post("assistant", path, outcome="rejected")).status_code == 403
    assert (await staff.post("lead-officer", path, outcome="rejected")).json()["outcome"] == "rejected"
    [row] = (await staff.get("auditor", "/disputes")).json()
    assert (row["raised_by"], row["ended_by"], row["outcome"]) == ("assistant-1", "lead-officer-1", "rejected")
    audited = await desk.rows("select action, who, reason from msg.audit order by id")
    assert [tuple(one) for one in audited] == [
        ("dispute-raise", "assistant-1", "a letter"), ("dispute-end", "lead-officer-1", "a letter"),
    ]  # fmt: skip


async def test_a_collection_is_announced_released_and_handed_out_as_csv(desk: Desk, staff: Staff) -> None:
    assert (await staff.post("finance", "/mandates", account_ref=A, mandate_id="MD1")).status_code == 200
    assert (await staff.post("assistant", "/collections", collect_on="2026-04-29")).status_code == 403
    told = (await staff.post("finance", "/collections", "k1", collect_on="2026-04-29")).json()
    assert (await staff.post("finance", "/collections", "k1", collect_on="2026-04-29")).json() == told
    assert [str(one.settled_by) for one in await desk.said(COLLECTION_ANNOUNCED)] == ["2026-05-07"]
    path = f"/collections/{told['collection_id']}"
    assert (await staff.get("finance", f"{path}/file")).status_code == 409
    name = told["collection_id"]
    await decide(desk, "collection-release", (OFFICER, LEAD), collection_id=name)
    file = await staff.get("finance", f"{path}/file")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert file.text.split("\r\n")[1] == f"MD1,,,,,,95.50,GBP,{A} DD-2026-04-29-1,2026-04-29,{A}"
    assert (await staff.get("auditor", f"{path}/file")).status_code == 403
    assert (await staff.get("finance", "/collections/DD-2026-04-30-1/file")).status_code == 404
    [row] = (await staff.get("auditor", path)).json()
    assert (row["account_ref"], row["amount_pence"], row["skipped"]) == (A, 95_50, None)
    [row] = (await staff.get("auditor", "/collections")).json()
    assert (row["announced_pence"], row["skipped"], row["release_by"]) == (95_50, 0, "2026-04-27")
    assert (await staff.post("assistant", "/mandates/MD1/cancel")).status_code == 200
    assert [one["state"] for one in (await staff.get("auditor", "/mandates")).json()] == ["cancelled"]
