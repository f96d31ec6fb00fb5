import asyncio
import re
import signal
import socket
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import httpx
import pytest
from fastapi import APIRouter
from pydantic import BaseModel

from shared import whence
from shared.auth import ROLES, Caller, requires
from shared.bus.gate import GateClosedError
from shared.local_issuer import LocalIssuer
from shared.logs import capture
from shared.web import WebServer, create_app, guarded_routes
from shared.web_frame import MAX_BODY, SECURITY_HEADERS
from tests.support.staff import verifier_of

router = APIRouter(prefix="/things")


class Thing(BaseModel):
    amount: int


@router.get("/{thing_id}")
async def show(thing_id: str, caller: Annotated[Caller, requires("auditor", "finance")]) -> dict[str, str]:
    return {"id": thing_id, "caller": caller.subject}


@router.post("", dependencies=[requires("finance")])
async def add(thing: Thing) -> Thing:
    return thing


@router.get("/fail/{how}")
async def fail(how: str, _: Annotated[Caller, requires("auditor")]) -> None:
    raise {
        "gate": GateClosedError(),
        "away": asyncpg.ConnectionDoesNotExistError("connection to secret-host was closed"),
        "bug": RuntimeError("Mrs Smith"),
    }[how]


@pytest.fixture(scope="module")
def app(issuer: LocalIssuer) -> Any:
    return create_app("test", [router], verifier_of(issuer))


async def call(app: Any, method: str, path: str, token: str | None = None, **more: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://staff") as client:
        return await client.request(method, path, headers=headers | more.pop("headers", {}), **more)


async def test_every_route_by_every_role(app: Any, issuer: LocalIssuer) -> None:
    tokens = issuer.tokens()
    for route, allowed in guarded_routes(app):
        method, path = route.split(" ")
        path = path.replace("{thing_id}", "t1").replace("{how}", "gate")
        assert (await call(app, method, path)).status_code == 401
        for role in ROLES:
            answer = await call(app, method, path, tokens[role], json={"amount": 1})
            assert (answer.status_code == 403) == (role not in allowed), (route, role)
            if answer.status_code == 403:
                assert (
                    set(re.findall(r"[a-z-]+", answer.json()["detail"].partition("the role ")[2])) - {"or"} == allowed
                )


def test_a_route_that_names_no_roles_does_not_start(issuer: LocalIssuer) -> None:
    careless = APIRouter()

    @careless.get("/open")
    async def opened() -> None: ...

    with pytest.raises(LookupError, match="GET /open"):
        create_app("x", [careless], verifier_of(issuer))


async def test_answers_carry_security_headers_and_the_correlation_id(app: Any, issuer: LocalIssuer) -> None:
    for path, token in (("/things/t1", issuer.tokens()["auditor"]), ("/things/t1", None), ("/nowhere", None)):
        answer = await call(app, "GET", path, token, headers={"x-correlation-id": "story-1"})
        assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert answer.headers["x-correlation-id"] == "story-1"
    odd = await call(app, "GET", "/nowhere", issuer.tokens()["auditor"], headers={"x-correlation-id": "a b\tc"})
    assert odd.json() == {
        "error": "not-found",
        "detail": "Not Found",
        "correlation_id": odd.headers["x-correlation-id"],
    }
    assert len(odd.headers["x-correlation-id"]) == 32


async def test_the_document_of_the_api_is_not_served(app: Any, issuer: LocalIssuer) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert (await call(app, "GET", path, issuer.tokens()["operator"])).status_code == 404
    assert "/things/{thing_id}" in app.openapi()["paths"]


@pytest.mark.parametrize(("how", "status"), [("gate", 503), ("away", 503), ("bug", 500)])
async def test_failures_are_answered_without_their_text(app: Any, issuer: LocalIssuer, how: str, status: int) -> None:
    with capture() as lines:
        answer = await call(app, "GET", f"/things/fail/{how}", issuer.tokens()["auditor"])
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "detail", "correlation_id"}
    for word in ("secret", "Smith", "Error"):
        assert word not in answer.text
    assert [line["error.type"] for line in lines if line["event.name"] == "unexpected_error"] == ["RuntimeError"] * (
        how == "bug"
    )


async def test_a_wrong_body_is_named_by_field_not_by_content(app: Any, issuer: LocalIssuer) -> None:
    answer = await call(app, "POST", "/things", issuer.tokens()["finance"], json={"amount": "Mrs Smith"})
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == "body.amount"
    assert "Smith" not in answer.text


async def test_a_body_above_the_limit_is_refused_declared_or_not(app: Any, issuer: LocalIssuer) -> None:
    token = issuer.tokens()["finance"]

    async def endless() -> Any:
        for _ in range(MAX_BODY // 65536 + 2):
            yield b"x" * 65536

    assert (await call(app, "POST", "/things", token, content=b"x" * (MAX_BODY + 1))).status_code == 413
    assert (await call(app, "POST", "/things", token, content=endless())).status_code == 413


async def test_the_server_runs_on_a_free_port_and_takes_no_signals(
    app: Any, issuer: LocalIssuer, tmp_path: Path
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    server = WebServer(app, host="127.0.0.1", port=0)
    port = server.bind()
    assert port > 0
    task = asyncio.create_task(server.run())
    await server.started()
    assert signal.getsignal(signal.SIGTERM) is before
    async with httpx.AsyncClient() as client:
        answer = await client.get(
            f"{server.url}/things/t1", headers={"authorization": f"Bearer {issuer.tokens()['finance']}"}
        )
    assert answer.json() == {"id": "t1", "caller": "local-finance"}
    assert "server" not in answer.headers
    server.stop()
    await asyncio.wait_for(task, 5)


async def test_an_answer_does_not_wait_for_the_receipt_of_its_head(app: Any) -> None:
    """Head and body are two segments: without this option the second waits 40 ms for the first one's receipt."""
    server = WebServer(app, host="127.0.0.1", port=0)
    server.bind()
    task = asyncio.create_task(server.run())
    await server.started()
    async with httpx.AsyncClient() as client:
        await client.get(f"{server.url}/things/t1")
        [connection] = server._server.server_state.connections
        transport = connection.transport
        assert transport is not None
        assert transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    server.stop()
    await task


async def test_who_is_not_let_in_is_logged_with_the_address_that_the_connection_came_from(
    app: Any, issuer: LocalIssuer
) -> None:
    server = WebServer(app, host="127.0.0.1", port=0)
    server.bind()
    serving = asyncio.create_task(server.run())
    await server.started()
    # What a caller says of itself is no address: anybody may say anything.
    said = {"x-forwarded-for": "192.0.2.7", "forwarded": "for=192.0.2.7"}
    with capture() as lines:
        async with httpx.AsyncClient(base_url=server.url, headers=said) as client:
            await client.get("/things/t1")
            await client.get("/things/t1", headers={"authorization": "Bearer a.b.c"})
            token = issuer.token("eve", ["operator"])
            await client.get("/things/t1", headers={"authorization": f"Bearer {token}"})
    server.stop()
    await serving
    told = [(line["event.name"], line["client.address"]) for line in lines if "client.address" in line]
    assert told == [
        ("authn_login_fail", "127.0.0.1"), ("authn_login_fail", "127.0.0.1"), ("authz_fail", "127.0.0.1"),
    ]  # fmt: skip


async def test_a_request_knows_from_where_it_came_and_nothing_after_it_does(issuer: LocalIssuer) -> None:
    seen: list[str | None] = []
    asked = APIRouter()

    @asked.get("/whence")
    async def whence_(_: Annotated[Caller, requires("auditor")]) -> None:
        seen.append(whence.address())

    app = create_app("test", [asked], verifier_of(issuer))
    await call(app, "GET", "/whence", issuer.token("a", ["auditor"]))
    assert (seen, whence.address()) == (["127.0.0.1"], None)
