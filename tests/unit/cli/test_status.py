"""`closebook status` answers why nothing moves, and what a person does about it, for each reason there is."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from shared.cli.main import run
from tests.support.played import QUIET, Services, services_of

FAILED = "SerializationError 40001 ledger.py:88 post"


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    monkeypatch.setenv("COLUMNS", "250")
    with services_of(monkeypatch) as played:
        yield played


def status(capsys: pytest.CaptureFixture[str], code: int = 0) -> tuple[str, str]:
    assert run(["status"]) == code
    told = capsys.readouterr()
    return told.out, told.err


def billing(services: Services, **more: Any) -> None:
    services.says("billing", "GET /bus/status", QUIET | more)


def test_a_database_that_is_away_is_named_with_its_runbook(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    services.says("owners", "GET /bus/status", {"detail": "PostgreSQL does not answer at the moment."}, 503)
    out, err = status(capsys, 75)
    assert "owners cannot answer just now: PostgreSQL does not answer at the moment." in out
    assert "owners does not answer as it should" in err
    assert "docs/runbooks/not-ready.md" in err


def test_a_frozen_service_is_told_within_seconds_with_what_to_do(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    services.frozen.add("arrears")
    started = time.monotonic()
    out, err = status(capsys, 75)
    assert time.monotonic() - started < 10
    assert "does not answer." in out
    assert "arrears does not answer as it should" in err
    assert "docs/runbooks/not-ready.md" in err


def test_a_day_that_fails_again_and_again_is_told_with_where(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    billing(services, working="2026-04-02", stage="working", retrying={"tries": 12, "failed": FAILED})
    out, err = status(capsys)
    assert f"working 2026-04-02 (tried 12 times, last failed: {FAILED})" in out
    assert "billing: its day fails again and again; docs/runbooks/days-not-closing.md" in err


def test_a_day_that_cannot_begin_is_told_with_where(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    billing(services, working=None, retrying={"tries": 3, "failed": "KafkaConnectionError cuts.py:60 ends"})
    assert "beginning the next day (tried 3 times, last failed: KafkaConnectionError" in status(capsys)[0]


def test_a_day_that_is_worked_is_told(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    billing(services, working="2026-04-02", stage="working", retrying=None)
    out, err = status(capsys)
    assert "working 2026-04-02" in out
    assert err == ""


def test_totals_that_differ_lead_to_their_runbook(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    billing(services, totals_difference="owners.unit-changed book 2026-04-02: 1 events and 0 pence differ")
    _, err = status(capsys)
    assert "billing: what it took in is not what was said" in err
    assert "`closebook republish SERVICE --topic TOPIC --book DAY`" in err
    assert "docs/runbooks/day-totals-differ.md" in err


def test_a_program_learns_the_same(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    billing(services, working="2026-04-02", retrying={"tries": 12, "failed": FAILED})
    services.says("owners", "GET /bus/status", {"detail": "Kafka does not answer at the moment."}, 503)
    assert run(["status", "--json"]) == 75
    owners, its_billing, *_ = json.loads(capsys.readouterr().out)["services"]
    assert owners["error"] == "owners cannot answer just now: Kafka does not answer at the moment."
    assert its_billing["retrying"] == {"tries": 12, "failed": FAILED}
