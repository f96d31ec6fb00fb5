"""The operator's bench over HTTP on a real PostgreSQL; redriving itself is proved with the bus."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import metrics
from shared.auth import ROLES
from shared.bus import figures, kinds
from shared.bus.api import router_for
from shared.bus.bench import Bench
from shared.bus.commands import Given
from shared.bus.gate import GateClosedError
from shared.bus.kinds import BUS_KINDS
from shared.bus.lag import Lags
from shared.bus.positions import Lane
from shared.bus.proposals import Proposals
from shared.bus.redrive import NotOpenError
from shared.bus.transaction import Doors
from shared.bus.work import OPENING_BOOK
from shared.db import session_factory
from shared.db.engine import connect
from shared.local_issuer import LocalIssuer
from shared.logs import capture
from shared.web import create_app, guarded_routes
from tests.integration.shared.conftest import Server
from tests.support.staff import verifier_of

DAY = date(2026, 4, 1)
TOPIC = "billing.account-opened"
NO_MONEY = "owners.unit-changed"


class FakeKafka:
    """Log ends by lane; ``markers`` are lanes whose rest holds no record."""

    def __init__(self) -> None:
        self.ends_at: dict[Lane, int] = {}
        self.markers: set[Lane] = set()

    async def ends(self, lanes: Any) -> dict[Lane, int]:
        return {lane: self.ends_at.get(lane, 0) for lane in lanes}

    async def is_read(self, lane: Lane, position: int, cut: int) -> bool:
        return lane in self.markers


class FakeRedriver:
    """Answers what the test wants."""

    def __init__(self) -> None:
        self.answer: str | Exception = "done"
        self.calls: list[tuple[int, str, str]] = []

    async def redrive(self, dead_letter_id: int, given: Given, *, dry_run: bool = False) -> str:
        self.calls.append((dead_letter_id, given.who, given.why))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass
class Desk:
    """The bench as a caller with one role sees it."""

    app: Any
    issuer: LocalIssuer
    kafka: FakeKafka
    redriver: FakeRedriver
    sessions: Any
    commits: list[int] = field(default_factory=list)
    waiting: str = ""

    async def call(
        self, method: str, path: str, body: Any = None, role: str = "operator", person: str = "", **more: Any
    ) -> httpx.Response:
        token = self.issuer.token(person or f"{role}-1", [role])
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://staff") as client:
            headers = {"authorization": f"Bearer {token}"} | more.pop("headers", {})
            return await client.request(method, f"/bus{path}", json=body, headers=headers, **more)


@pytest.fixture
def desk(engine: AsyncEngine, issuer: LocalIssuer) -> Desk:
    kafka, redriver, commits = FakeKafka(), FakeRedriver(), list[int]()
    doors = Doors("billing", session_factory(engine), lambda: commits.append(1))
    made = Desk(None, issuer, kafka, redriver, doors.sessions, commits)
    proposals = Proposals(doors, BUS_KINDS)
    bench = Bench("billing", doors, redriver, Lags(kafka), lambda: made.waiting, proposals)
    made.app = create_app("t", [router_for(bench)], verifier_of(issuer))
    return made


@pytest.fixture
async def owner(server: Server, engine: AsyncEngine) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(server.urls["billing_owner"], application_name="tests")
    yield connection
    await connection.execute("update msg.position set quarantined_at = null, next_offset = 0")
    await connection.execute("update msg.gate set last_closed = null")
    await connection.close()


async def bury(owner: asyncpg.Connection, offset: int = 1, pence: int = 0, topic: str = "housing.charge-raised") -> int:
    number: int = await owner.fetchval(
        "insert into msg.dead_letter (topic, partition_no, kafka_offset, raw_key, raw_value, raw_headers, event_id,"
        " pence, reason_class, reason_code, detail, own_book) values ($5, 0, $1, 'k', '\\xff00',"
        " $2::jsonb, 'E1', $4, 'invalid', 'bad-amount', 'not a whole number', $3) returning id",
        offset,
        json.dumps([["ce_id", "RTE="], ["empty", None]]),
        DAY,
        pence,
        topic,
    )
    return number


async def say(owner: asyncpg.Connection, key: str, version: int, book: date, topic: str = TOPIC) -> UUID:
    uid = uuid4()
    await owner.execute(
        "insert into msg.event_log (event_uid, topic, msg_key, type, aggver, book, pence, body)"
        " values ($1, $2, $3, 't', $4, $5, 7, 'b')",
        uid, topic, key, version, book,
    )  # fmt: skip
    return uid


async def audit_of(owner: asyncpg.Connection) -> list[tuple[str, str, str]]:
    return [
        (row["who"], row["action"], row["reason"]) for row in await owner.fetch("select * from msg.audit order by id")
    ]


async def test_only_the_declared_roles_reach_each_route(desk: Desk) -> None:
    routes = dict(guarded_routes(desk.app))
    assert {route for route, roles in routes.items() if roles == {"operator"}} == {
        f"POST /bus/{path}"
        for path in (
            "dead-letters/{number}/redrive",
            "release",
            "republish",
            "accept-difference",
        )
    }
    assert routes["GET /bus/status"] == ROLES
    for role in ROLES - {"operator"}:
        assert (await desk.call("POST", "/republish", {"topic": TOPIC, "book": "2026-04-01"}, role)).status_code == 403


async def test_status_says_how_the_service_stands(desk: Desk, owner: asyncpg.Connection) -> None:
    await bury(owner)
    await owner.execute("insert into msg.outbox_pending (seq) values (1)")
    await owner.execute("update msg.gate set last_closed = $1", DAY)
    await owner.execute(
        "update msg.position set next_offset = 5 where topic = 'housing.charge-raised' and partition_no = 1"
    )
    desk.kafka.ends_at["housing.charge-raised", 1] = 9
    desk.waiting = "totals differ: owners.unit-changed book 2026-04-01: 1 events and 0 pence differ"
    body = (await desk.call("GET", "/status", role="auditor")).json()
    expected = {"name": "billing", "last_day_closed": "2026-04-01", "outbox": 1, "held": 0, "dead_letters": 1, "lag": 4}
    assert {name: body[name] for name in expected} == expected
    assert body["totals_difference"] == "owners.unit-changed book 2026-04-01: 1 events and 0 pence differ"
    lane = next(p for p in body["partitions"] if (p["topic"], p["partition"]) == ("housing.charge-raised", 1))
    assert lane == lane | {"position": 5, "end": 9, "lag": 4, "quarantined": False}


async def test_a_rest_of_transaction_markers_is_no_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    kafka, lane = FakeKafka(), ("housing.charge-raised", 0)
    kafka.ends_at[lane] = 6
    lags = Lags(kafka)
    monkeypatch.setattr("shared.bus.lag._STILL_S", -1.0)
    assert await lags.measure({lane: 5}) == {lane: (6, 1)}
    assert await lags.measure({lane: 5}) == {lane: (6, 1)}  # it stands still, but there is a record
    kafka.markers.add(lane)
    assert await lags.measure({lane: 5}) == {lane: (6, 0)}
    kafka.markers.clear()
    assert await lags.measure({lane: 5}) == {lane: (6, 0)}  # proved once
    kafka.ends_at[lane] = 7
    assert await lags.measure({lane: 5}) == {lane: (7, 2)}


async def test_letters_are_listed_without_bytes_and_shown_whole_to_operators_only(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    number, second = await bury(owner), await bury(owner, 2)
    listed = (await desk.call("GET", "/dead-letters", role="auditor")).json()
    assert [letter["id"] for letter in listed] == [number, second]
    expected = {
        "service": "billing", "topic": "housing.charge-raised", "partition": 0, "offset": 1, "event_id": "E1",
        "reason": "bad-amount", "detail": "not a whole number", "status": "open",
    }  # fmt: skip
    assert listed[0] == listed[0] | expected
    assert (await desk.call("GET", f"/dead-letters?after={number}&limit=1")).json()[0]["id"] == second
    assert (await desk.call("GET", "/dead-letters?status=discarded")).json() == []
    whole = (await desk.call("GET", f"/dead-letters/{number}")).json()
    assert (whole["key"], whole["value"]) == ("aw==", "/wA=")
    assert whole["headers"] == [["ce_id", "RTE="], ["empty", None]]
    for role in ("auditor", "finance", "lead-officer"):
        masked = (await desk.call("GET", f"/dead-letters/{number}", role=role)).json()
        assert (masked["reason"], {"key", "value", "headers"} & set(masked)) == ("bad-amount", set())
    assert (await desk.call("GET", "/dead-letters/999")).status_code == 404


async def test_whoever_sees_the_bytes_of_a_letter_is_in_the_audit_and_in_the_log(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    number = await bury(owner)
    await desk.call("GET", f"/dead-letters/{number}", role="auditor")
    assert await audit_of(owner) == []
    with capture() as lines:
        await desk.call("GET", f"/dead-letters/{number}", person="mo")
    row = await owner.fetchrow("select who, action, subject, at <= now() as past from msg.audit")
    assert row is not None
    assert tuple(row) == ("mo", "dead-letter-read", f"dead-letter:{number}", True)
    (line,) = [line for line in lines if line["event.name"] == "sensitive_read"]
    assert (line["app.who"], line["app.subject"]) == ("mo", f"dead-letter:{number}")
    assert (await desk.call("GET", "/dead-letters/999")).status_code == 404
    assert len(await audit_of(owner)) == 1


async def test_redriving_says_what_became_of_it_and_who_did_it(desk: Desk, owner: asyncpg.Connection) -> None:
    number = await bury(owner)
    done = await desk.call("POST", f"/dead-letters/{number}/redrive")
    assert done.json() == {"id": number, "status": "replayed", "outcome": "done", "reason": None}
    assert desk.redriver.calls == [(number, "operator-1", "re-driven")]
    desk.redriver.answer = "bad-amount"
    again = await desk.call("POST", f"/dead-letters/{number}/redrive", {"reason": "unit registered"})
    assert (again.json()["status"], again.json()["reason"]) == ("open", "bad-amount")
    desk.redriver.answer = RuntimeError("Mrs Smith")
    failed = await desk.call("POST", f"/dead-letters/{number}/redrive")
    assert (failed.status_code, failed.json()["reason"]) == (200, "unexpected-failure")
    assert [row[:2] for row in await audit_of(owner)] == [("operator-1", "dead-letter-redrive")] * 2


async def test_redriving_what_was_decided_changes_nothing(desk: Desk, owner: asyncpg.Connection) -> None:
    number = await bury(owner)
    await owner.execute("update msg.dead_letter set status = 'replayed'")
    desk.redriver.answer = NotOpenError(number)
    assert (await desk.call("POST", f"/dead-letters/{number}/redrive")).json()["outcome"] == "unchanged"
    assert (await desk.call("POST", "/dead-letters/999/redrive")).status_code == 404
    desk.redriver.answer = GateClosedError()
    closing = await desk.call("POST", f"/dead-letters/{number}/redrive")
    assert (closing.status_code, closing.headers["retry-after"]) == (503, "1")
    desk.redriver.answer = ConnectionResetError()
    assert (await desk.call("POST", f"/dead-letters/{number}/redrive")).status_code == 503
    assert await audit_of(owner) == []


async def test_discarding_needs_a_reason_and_happens_once(desk: Desk, owner: asyncpg.Connection) -> None:
    number = await bury(owner, topic=NO_MONEY)
    assert (await desk.call("POST", f"/dead-letters/{number}/discard", {})).status_code == 422
    assert (await desk.call("POST", f"/dead-letters/{number}/discard", {"reason": ""})).status_code == 422
    first = await desk.call("POST", f"/dead-letters/{number}/discard", {"reason": "test data"})
    assert first.json() == {"id": number, "status": "discarded", "place": [NO_MONEY, 0, 1]}
    again = await desk.call("POST", f"/dead-letters/{number}/discard", {"reason": "again"})
    assert (again.status_code, again.json()) == (200, {"id": number, "status": "discarded", "already": True})
    applied = await bury(owner, 2, topic=NO_MONEY)
    await owner.execute("update msg.dead_letter set status = 'replayed' where id = $1", applied)
    refused = await desk.call("POST", f"/dead-letters/{applied}/discard", {"reason": "x"})
    assert (refused.status_code, "was applied already" in refused.json()["detail"]) == (409, True)
    assert (await desk.call("POST", "/dead-letters/999/discard", {"reason": "x"})).status_code == 404
    row = await owner.fetchrow("select status, decided_by, decision_note, raw_value from msg.dead_letter order by id")
    assert row is not None
    assert tuple(row) == ("discarded", "operator-1", "test data", b"\xff\x00")
    assert await audit_of(owner) == [("operator-1", "dead-letter-discard", "test data")]


async def test_release_lets_the_named_partition_go_on(desk: Desk, owner: asyncpg.Connection) -> None:
    await owner.execute(
        "update msg.position set quarantined_at = now(), failures = 50 where topic = 'housing.charge-raised'"
    )
    why = {"reason": "the sender was mended"}
    one = await desk.call("POST", "/release", why | {"topic": "housing.charge-raised", "partition": 1})
    assert one.json() == {"released": [{"topic": "housing.charge-raised", "partition": 1}]}
    assert len((await desk.call("POST", "/release", {})).json()["released"]) == 2
    for named in ({}, {"topic": "housing.charge-raised"}):
        again = await desk.call("POST", "/release", why | named)
        assert (again.status_code, again.json()) == (200, {"released": []})
    for unknown in ({"topic": "housing.charge"}, {"topic": "housing.charge-raised", "partition": 99}):
        assert (await desk.call("POST", "/release", why | unknown)).status_code == 404
    assert (
        await owner.fetchval("select count(*) from msg.position where quarantined_at is not null or failures > 0") == 0
    )
    assert [reason for _, _, reason in await audit_of(owner)] == ["the sender was mended", "no reason was given"]


async def test_a_book_is_said_again_in_its_order_the_opening_book_with_the_first_day(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await say(owner, "a", 1, OPENING_BOOK)
    await say(owner, "a", 2, DAY)
    await say(owner, "b", 1, DAY)
    await say(owner, "b", 1, DAY, "billing.account-closed")
    await say(owner, "a", 3, date(2026, 4, 2))
    for day in (1, 2):
        await owner.execute(
            "insert into msg.closed_day (day, after, totals, last_seq) values ($1, '{}', '{}', 9)", date(2026, 4, day)
        )
    answer = await desk.call("POST", "/republish", {"topic": TOPIC, "book": "2026-04-01"})
    assert answer.json() == {"topic": TOPIC, "book": "2026-04-01", "events": 3}
    pending = "select seq from msg.outbox_pending join msg.event_log using (seq) where topic = $1 order by seq"
    assert [row["seq"] for row in await owner.fetch(pending, TOPIC)] == [1, 2, 3]
    assert len(desk.commits) == 1
    later = await desk.call("POST", "/republish", {"topic": TOPIC, "book": "2026-04-02"})
    assert later.json()["events"] == 1
    again = await desk.call("POST", "/republish", {"topic": TOPIC, "book": "2026-04-02"})
    assert again.json()["events"] == 1
    assert (
        await desk.call("POST", "/republish", {"topic": "owners.unit-changed", "book": "2026-04-01"})
    ).status_code == 404


async def test_a_difference_is_accepted_by_two_people_with_name_and_reason(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await owner.execute("update msg.gate set first_ended = $1", DAY)
    for _ in range(2):
        asked = await desk.call("POST", "/accept-difference", {"day": "2026-04-01", "reason": "owners was restored"})
        assert (asked.status_code, asked.json()["accepted"], asked.json()["proposal"]) == (202, False, 1)
    assert await owner.fetchval("select count(*) from msg.accepted_difference") == 0
    for _ in range(2):
        approved = await desk.call("POST", "/proposals/1/approve", role="finance")
        assert approved.json()["answer"] == {"day": "2026-04-01", "topic": "*", "accepted": True}
    rows = await owner.fetch("select day, topic, who, reason from msg.accepted_difference")
    assert [tuple(row) for row in rows] == [(DAY, "*", "operator-1", "owners was restored")]
    assert [row[1] for row in await audit_of(owner)].count("accept-difference") == 1
    assert (await desk.call("POST", "/accept-difference", {"day": "2026-04-01"})).status_code == 422


async def test_no_difference_is_accepted_of_a_day_that_does_not_wait(desk: Desk, owner: asyncpg.Connection) -> None:
    await owner.execute("update msg.gate set first_ended = $1", DAY)
    asked = {"day": "2026-04-02", "reason": "owners was restored"}
    for _ in range(2):
        refused = await desk.call("POST", "/accept-difference", asked)
        assert (refused.status_code, "writes the book of 2026-04-01" in refused.json()["detail"]) == (409, True)
    for body in ({}, {"day": "2026-04-01"}, {"day": "soon", "topic": "*"}):
        proposal = {"kind": "accept-difference", "subject": "x", "body": body, "reason": "r"}
        assert (await desk.call("POST", "/proposals", proposal)).status_code == 422
    assert await owner.fetchval("select count(*) from msg.proposal") == 0


async def test_a_number_that_no_row_can_have_is_the_callers_mistake(desk: Desk) -> None:
    for path in (f"/dead-letters/{2**63}", f"/proposals/{2**63}", f"/dead-letters?after={2**63}"):
        assert (await desk.call("GET", path)).status_code == 422, path


async def test_the_databases_figures_reach_monitoring(desk: Desk, owner: asyncpg.Connection) -> None:
    await bury(owner)
    await say(owner, "a", 1, DAY)
    await owner.execute("insert into msg.outbox_pending (seq) values (1)")
    await figures.refresh(desk.sessions)
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.page().decode())
        for sample in family.samples
    }
    assert samples["outbox_pending_rows",] == 1
    assert 0 <= samples["outbox_oldest_age_seconds",] < 60
    assert samples["dead_letters_open", "invalid"] == 1


async def test_finance_may_propose_to_discard_money_and_discard_nothing_alone(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    money, other = await bury(owner, 1, pence=500), await bury(owner, 2, topic=NO_MONEY)
    proposed = await desk.call("POST", f"/dead-letters/{money}/discard", {"reason": "said again"}, role="finance")
    assert (proposed.status_code, "proposal" in proposed.json()) == (202, True)
    refused = await desk.call("POST", f"/dead-letters/{other}/discard", {"reason": "x"}, role="finance")
    assert (refused.status_code, "needs the role operator" in refused.json()["detail"]) == (403, True)


async def test_a_letter_that_was_applied_meanwhile_is_not_called_discarded(
    desk: Desk, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await bury(owner, 1, topic=NO_MONEY)
    put_away = kinds.put_away

    async def too_late(*given: Any) -> Any:
        await owner.execute("update msg.dead_letter set status = 'replayed' where id = $1", number)
        return await put_away(*given)

    monkeypatch.setattr(kinds, "put_away", too_late)
    answer = await desk.call("POST", f"/dead-letters/{number}/discard", {"reason": "test data"})
    assert (answer.status_code, "was applied already" in answer.json()["detail"]) == (409, True)
