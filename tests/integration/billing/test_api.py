"""The questions of the billing service over HTTP, with real tokens and a real PostgreSQL."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi.routing import APIRoute

from services.billing import api
from services.billing.api.books import PROVERS
from services.billing.api.common import BOOKKEEPERS
from services.billing.domain.refs import account_ref
from shared.auth import EVERYBODY, ROLES, STAFF
from shared.bus.transaction import Doors
from shared.db import create_engine, session_factory
from shared.local_issuer import LocalIssuer
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_payment, a_unit, shares
from tests.support.staff import as_, staff_door

A = account_ref("U1", "A")


@pytest.fixture
async def client(desk: Desk, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    """An auditor asking about one account with a bill and a payment."""
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")), a_charge("C1", 1200, unit="U1", on="2026-02-05"))
    await desk.hear(a_payment("P1", 500, on="2026-04-20", account_ref=A), a_payment("P2", 5, on="2026-04-20"))
    async with staff_door(issuer, "billing", api.routes(desk.doors), headers=as_(issuer, "auditor", "ada")) as made:
        yield made


async def test_every_question_is_answered(client: httpx.AsyncClient) -> None:
    [row] = (await client.get("/accounts")).json()
    assert (row["account_ref"], row["from"], row["to"], row["balance_pence"]) == (A, "2025-06-01", None, 700)
    account = (await client.get(f"/accounts/{A}", params={"as_of": "2026-03-01"})).json()
    assert (account["balance_pence"], account["as_of"], len(account["lines"])) == (1200, "2026-03-01", 1)
    books = (await client.get("/trial-balance", params={"known_at": "2026-01-01"})).json()
    assert books["debit_pence"] == books["credit_pence"] == 700 + 505
    assert (await client.get("/suspense")).json()["payments_pence"] == 5
    assert (await client.get("/summary")).json()["collected_pence"] == 500
    proof = (await client.get("/verify")).json()
    assert all(check["ok"] for check in proof["checks"])
    assert proof["sums"] == {row["account_id"]: {"charges": 1200, "payments": 500}}


async def test_every_figure_says_where_it_comes_from(client: httpx.AsyncClient) -> None:
    for path, params in (
        ("/aged-debt", {"by": "owner", "as_of": "2026-06-30", "known_at": "2026-06-30"}),
        ("/movement", {"from": "2026-01-01", "to": "2026-06-30", "known_at": "2026-06-30"}),
    ):
        answer = (await client.get(path, params=params)).json()
        assert (answer["source"]["as_of"], answer["source"]["known_at"]) == ("2026-06-30", "2026-06-30")
        assert (answer["source"]["ledger"], answer["ledger_pence"], answer["ties"]) == (["receivable"], 700, True)
    rate = (await client.get("/collection-rate", params={"quarter": "2026-Q1"})).json()
    assert (rate["rolling"]["charges_pence"], rate["source"]["ledger"]) == (1200, ["receivable"])
    month = (await client.get("/profit-and-loss", params={"month": "2026-02"})).json()
    assert (month["recovery_pence"], month["source"]["ledger"]) == (1200, ["income:repair"])
    assert (await client.get("/periods/2026-Q1")).json()["source"]["books_to"] == "2026-03-31"


async def test_owners_own_money_ties_to_the_ledger(client: httpx.AsyncClient) -> None:
    for path, ledger in (("/floats", "floats"), ("/reserve-funds", "reserve-funds")):
        answer = (await client.get(path, params={"as_of": "2026-06-30"})).json()
        assert (answer["source"]["ledger"], answer["ledger_pence"], answer["ties"]) == ([ledger], 0, True)


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/movement", {"from": "2026-02-01", "to": "2026-01-31"}),
        ("/movement", {"from": "2026-02-01"}),
        ("/collection-rate", {"quarter": "2026-Q5"}),
        ("/collection-rate", {}),
        ("/profit-and-loss", {"month": "2026-13"}),
        ("/periods/0000-Q1", {}),
        ("/aged-debt", {"by": "colour"}),
    ],
)
async def test_a_figure_of_no_days_or_groups_is_refused(
    client: httpx.AsyncClient, path: str, params: dict[str, str]
) -> None:
    assert (await client.get(path, params=params)).status_code == 422


async def test_facts_are_handed_out_as_they_were_told(client: httpx.AsyncClient) -> None:
    lines = (await client.get("/export/facts")).text.splitlines()
    assert [tuple(json.loads(line).values()) for line in lines] == [
        ("charge", "C1", 1200, "2026-02-05"), ("payment", "P1", 500, "2026-04-20"), ("payment", "P2", 5, "2026-04-20"),
    ]  # fmt: skip


async def test_a_reference_is_read_as_people_write_it(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"/accounts/{A[:4].lower()}-{A[4:]}")).json()["account_ref"] == A


async def test_an_unknown_reference_is_said_in_one_sentence(client: httpx.AsyncClient) -> None:
    answer = await client.get("/accounts/F0000000000")
    assert answer.status_code == 404
    assert "F0000000000" in answer.text


@pytest.mark.parametrize("params", [{"as_of": "2026-02-30"}, {"known_at": "yesterday"}])
async def test_an_impossible_day_is_refused(client: httpx.AsyncClient, params: dict[str, str]) -> None:
    assert (await client.get("/accounts", params=params)).status_code == 422


@pytest.mark.parametrize("path", ["/export/ledger", "/export/facts", "/accounts"])
async def test_what_finds_no_free_connection_is_refused_before_it_begins(
    desk: Desk, issuer: LocalIssuer, path: str
) -> None:
    pool = create_engine(desk.urls.app_url, application_name="tests", pool_size=1, pool_timeout=0.01)
    routes = api.routes(Doors("billing", session_factory(pool), lambda: None))
    async with pool.connect(), staff_door(issuer, "billing", routes, headers=as_(issuer, "auditor")) as door:
        answer = await door.get(path)
    await pool.dispose()
    assert (answer.status_code, answer.json()["error"]) == (503, "service-unavailable")


@pytest.mark.parametrize(("form", "kind"), [("hledger", "text/plain"), ("csv", "text/csv")])
async def test_the_ledger_is_handed_out(client: httpx.AsyncClient, form: str, kind: str) -> None:
    answer = await client.get("/export/ledger", params={"format": form})
    assert answer.headers["content-type"].startswith(kind)
    assert f"receivable:{A}" in answer.text
    assert (await client.get("/export/ledger", params={"format": "xml"})).status_code == 422


async def test_each_role_sees_what_it_may(client: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    allowed = {
        "/accounts": EVERYBODY, "/suspense": EVERYBODY, "/suspense/payments": STAFF, "/trial-balance": BOOKKEEPERS,
        "/export/ledger": BOOKKEEPERS, "/verify": PROVERS, "/summary": EVERYBODY,
    }  # fmt: skip
    for role in sorted(ROLES):
        headers = as_(issuer, role, "someone")
        for path, roles in allowed.items():
            expected = 200 if role in roles else 403
            assert (await client.get(path, headers=headers)).status_code == expected, (role, path)


async def test_an_officer_says_whose_money_a_payment_is(client: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    officer = as_(issuer, "assistant", "bo", **{"Idempotency-Key": "k-1"})
    body = {"account_ref": A, "reason": "rang us"}
    first = await client.post("/payments/P2/match", json=body, headers=officer)
    again = await client.post("/payments/P2/match", json=body, headers=officer)
    assert first.json() == again.json() == {
        "payment_id": "P2", "shares": [{"account_ref": A, "amount_pence": 5}], "suspense_pence": 0,
    }  # fmt: skip
    other = {**officer, "Idempotency-Key": "k-2"}
    parts = {"shares": [{"account_ref": A, "amount_pence": 6}], "reason": "x"}
    assert (await client.post("/payments/P2/split", json=parts, headers=other)).status_code == 422
    assert (await client.post("/payments/P9/unmatch", json={"reason": "x"}, headers=other)).status_code == 404
    assert (await client.post("/payments/P2/unmatch", json={"reason": "x"}, headers=other)).is_success
    found = (await client.get("/payments/P2")).json()
    assert [word["why"] for word in found["matches"]] == ["rang us", "x"]
    assert (await client.post("/payments/P2/match", json=body)).status_code == 403
    assert (await client.get("/payments/P9")).status_code == 404


async def test_nobody_is_answered_without_a_token(client: httpx.AsyncClient) -> None:
    for path in ("/accounts", "/verify", "/export/ledger"):
        assert (await client.get(path, headers={"Authorization": ""})).status_code == 401


async def test_a_charge_is_explained_down_to_the_penny(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.hear(a_unit("EST/2"), a_line("EST/2", ("S", "2025-06-01"), ("B", "2026-02-17")))
    await desk.hear(shares(("U1", 1, 3), ("EST/2", 2, 3)))
    period = {"from": "2026-01-01", "to": "2026-03-31"}
    await desk.hear(a_charge("FEE/1", 100_01, pool="S1", on="2026-01-02", period=period))
    await desk.hear(a_credit("K1", "FEE/1", 50_00, on="2026-03-01"), a_credit("K2", "FEE/1", on="2026-03-02"))
    buyer = account_ref("EST/2", "B")
    answer = (await client.get(f"/accounts/{buyer}/charges/FEE/1")).json()
    assert answer["share_set"]["share"] == "2/3"
    assert (answer["net"]["exact"], answer["net"]["pence"]) == ("20002/3", 6667)
    assert [(row["days"], row["holder_pence"]) for row in answer["days"]] == [(47, 3482), (43, 3185)]
    assert (answer["charge_pence"], answer["total_pence"]) == (3185, 0)
    assert [(one["pence"], one["takes_what_is_left"]) for one in answer["credits"]] == [(-1592, False), (-1593, True)]
    assert answer["liability"] == {
        "policy": "liability-2026-1", "decided_by": "period", "from": "2026-01-01", "to": "2026-03-31", "days": 90,
    }  # fmt: skip
    lines = (await client.get(f"/accounts/{buyer}")).json()["lines"]
    assert lines[0]["exact"] == "20002/3"
    own = (await client.get(f"/accounts/{A}/charges/C1")).json()
    assert (own["share_set"], own["charge_pence"], own["liability"]["decided_by"]) == (None, 1200, "raised_on")
    assert (await client.get(f"/accounts/{A}/charges/C404")).status_code == 404


UNKNOWN = {
    "/accounts/{reference}": "/accounts/F0",
    "/accounts/{reference}/annual/{year}": "/accounts/F0/annual/2026",
    "/accounts/{reference}/charges/{charge_id}": f"/accounts/{A}/charges/C9",
    "/accounts/{reference}/settlement": "/accounts/F0/settlement?entry=2026-05-16",
    "/accounts/{reference}/interest": "/accounts/F0/interest?rate=8",
    "/collections/{collection_id}": "/collections/DD-2026-04-29-1",
    "/collections/{collection_id}/file": "/collections/DD-2026-04-29-1/file",
    "/payments/{payment_id}": "/payments/P9",
    "/statement-runs/{run_id}": "/statement-runs/2026Q1-1",
}
"""Questions about one thing, and the same about a thing that is not there."""
PERIODS = {"/periods/{quarter}", "/cost-model/{year}"}
"""Periods are always there."""


async def test_what_is_not_there_is_not_found_and_a_sentence_names_it(
    client: httpx.AsyncClient, desk: Desk, issuer: LocalIssuer
) -> None:
    routes = (route for route in api.routes(desk.doors).routes if isinstance(route, APIRoute))
    about_one = {route.path_format for route in routes if "{" in route.path and "GET" in (route.methods or ())}
    assert about_one == UNKNOWN.keys() | PERIODS
    for path in UNKNOWN.values():
        answer = await client.get(path, headers=lead(issuer))
        told = answer.json()["detail"]
        assert (answer.status_code, told[-1]) == (404, "."), (path, told)


async def test_commands_about_what_is_not_there_are_not_found(client: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    asked: dict[str, dict[str, object]] = {
        "/disputes/D-9/end": {"outcome": "upheld"},
        "/mandates/MD9/cancel": {},
        "/interruptions/I-9/withdraw": {},
        "/interruptions": {
            "account_ref": "F0",
            "interrupted_on": "2026-01-01",
            "ground": "admission",
            "evidence": "file 7",
        },
        "/mandates": {"account_ref": "F0", "mandate_id": "MD1"},
        "/disputes": {"account_ref": "F0", "charge_id": "C1"},
        "/payments/P9/match": {"account_ref": A},
        "/statement-runs/2026Q1-1/checks": {"account_ref": A, "passed": True},
        "/statement-runs/2026Q1-1/restrike": {},
    }
    for path, content in asked.items():
        answer = await client.post(path, json=content | {"reason": "asked"}, headers=lead(issuer))
        assert (answer.status_code, answer.json()["detail"][-1]) == (404, "."), (path, answer.text)


def lead(issuer: LocalIssuer) -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.token('lea', ['lead-officer'])}"}
