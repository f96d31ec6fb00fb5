"""`closebook status` and `close --accept-difference` against a real bench that is stopped, the other services away."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from aiokafka.errors import KafkaConnectionError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.api import router_for
from shared.bus.bench import Bench
from shared.bus.kinds import BUS_KINDS
from shared.bus.lag import Lags
from shared.bus.proposals import Proposals
from shared.bus.transaction import Doors
from shared.bus.waiting import DIFFERS
from shared.cli.main import run
from shared.db import session_factory
from shared.db.engine import connect
from shared.local_issuer import LocalIssuer
from shared.web import WebServer, create_app
from tests.integration.shared.conftest import Server
from tests.integration.shared.test_bench import FakeKafka, FakeRedriver
from tests.support.staff import verifier_of

DIFFERENCE = "billing.charge-raised: said 2, heard 1"
Closebook = Callable[..., Awaitable[tuple[str, str]]]


@pytest.fixture
async def stopped(server: Server, engine: AsyncEngine) -> AsyncIterator[None]:
    """Let one of billing's partitions be quarantined, and a day wait."""
    owner: asyncpg.Connection = await connect(server.urls["billing_owner"], application_name="tests")
    where = "where topic = 'housing.payment-reversed' and partition_no = 1"
    await owner.execute(f"update msg.position set quarantined_at = now(), quarantine_reason = '50 in a row' {where}")
    await owner.execute("update msg.gate set first_ended = '2026-04-02'")
    yield
    await owner.execute("update msg.position set quarantined_at = null, quarantine_reason = null")
    await owner.close()


@pytest.fixture
async def closebook(
    stopped: None,
    engine: AsyncEngine,
    issuer: LocalIssuer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> AsyncIterator[Closebook]:
    """Gives a command to billing alone; returns what it answers and what it tells beside."""
    doors = Doors("billing", session_factory(engine), lambda: None)
    proposals = Proposals(doors, BUS_KINDS)
    bench = Bench("billing", doors, FakeRedriver(), Lags(FakeKafka()), lambda: f"{DIFFERS}{DIFFERENCE}", proposals)
    listening = WebServer(create_app("billing", [router_for(bench)], verifier_of(issuer)), host="127.0.0.1", port=0)
    listening.bind()
    serving = asyncio.create_task(listening.run())
    await listening.started()
    for name in ("OWNERS", "ARREARS", "NOTIFY"):
        monkeypatch.setenv(f"CLOSEBOOK_{name}_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("CLOSEBOOK_BILLING_URL", listening.url)
    monkeypatch.setenv("CLOSEBOOK_TOKEN", issuer.token("operator-1", ["operator"]))
    monkeypatch.setenv("COLUMNS", "250")

    async def give(*words: str, code: int = 0) -> tuple[str, str]:
        assert await asyncio.to_thread(run, words) == code
        told = capsys.readouterr()
        return told.out, told.err

    yield give
    listening.stop()
    await serving


async def test_a_stopped_partition_is_named_although_a_service_is_away(closebook: Closebook) -> None:
    out, err = await closebook("status", code=75)
    assert "owners at http://127.0.0.1:1 does not answer" in out
    assert "billing housing.payment-reversed/1 (50 in a row)" in err


async def test_a_program_learns_the_number_of_the_proposal_to_accept_a_difference(closebook: Closebook) -> None:
    asked = ("close", "--accept-difference", "2026-04-02", "--reason", "counted by hand")
    out, err = await closebook(*asked, "--json", code=1)
    assert json.loads(out) == {
        "ok": False,
        "day": "2026-04-02",
        "proposals": [{"service": "billing", "proposal": 1, "difference": DIFFERENCE}],
    }
    assert "closebook proposals approve billing 1" in err
    assert (await closebook(*asked, code=1))[0] == ""


async def _silent(_kafka: FakeKafka, _lanes: Any) -> Any:
    await asyncio.sleep(60)


async def _refuses(_kafka: FakeKafka, _lanes: Any) -> Any:
    raise KafkaConnectionError


@pytest.mark.parametrize("ends", [_silent, _refuses])
async def test_without_kafka_the_database_answers_for_what_it_knows_within_seconds(
    ends: Any, closebook: Closebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeKafka, "ends", ends)
    started = time.monotonic()
    out, err = await closebook("status", code=75)
    assert time.monotonic() - started < 6
    [billing] = [line.split() for line in out.splitlines() if line.startswith("billing") and DIFFERENCE in line]
    assert billing[-4:] == ["0", "0", "0", "?"], "outbox, held and dead letters are known, the lag is not"
    assert "Kafka does not answer billing: how much there is to read is not known." in err
    assert "billing housing.payment-reversed/1 (50 in a row)" in err
    found = json.loads((await closebook("status", "--json", code=75))[0])["services"][1]
    assert (found["kafka_answers"], found["lag"], found["outbox"]) == (False, None, 0)


async def test_a_partition_of_another_log_is_named_with_its_runbook(closebook: Closebook, server: Server) -> None:
    owner = await connect(server.urls["billing_owner"], application_name="tests")
    where = "where topic = 'housing.payment-received' and partition_no = 0"
    await owner.execute(f"update msg.position set next_offset = 50 {where}")
    out, err = await closebook("status", code=75)
    await owner.execute(f"update msg.position set next_offset = 0 {where}")
    await owner.close()
    [partition] = [line.split() for line in out.splitlines() if "housing.payment-received" in line]
    assert partition == ["billing", "housing.payment-received", "0", "50", "0", "0", "position_above_log_end"]
    assert "billing housing.payment-received/0 (position_above_log_end, docs/runbooks/topic-recreated.md)" in err
