"""`closebook held` lists events and says where the charges are that wait, too; `closebook suspense` says since when."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.cli.main import run
from tests.support.played import Services, services_of

WAITING = {
    "payments": [], "credits": [], "reversals": [], "payments_pence": 0, "charges_pence": 1200,
    "charges": [
        {"charge_id": "C1", "amount_pence": 1200, "waiting_for": "unit:U9", "since_book": "2026-03-30"}
    ],
}  # fmt: skip


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    monkeypatch.setenv("COLUMNS", "250")
    with services_of(monkeypatch) as played:
        played.says("billing", "GET /suspense", WAITING)
        yield played


@pytest.mark.parametrize("command", [("held",), ("held", "--service", "billing")])
def test_charges_that_wait_are_named_beside_held_events(
    services: Services, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    assert run(command) == 0
    told = capsys.readouterr()
    assert told.out.startswith("0 held events")
    assert (
        told.err == "1 charge waits in suspense, £12.00 in all: `closebook suspense` says for what, and since when.\n"
    )


@pytest.mark.parametrize("command", [("held", "--service", "owners"), ("held", "--json")])
def test_they_are_billings_alone_and_no_answer_to_a_program(
    services: Services, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    assert run(command) == 0
    told = capsys.readouterr()
    assert told.err == ""
    if "--json" in command:
        assert json.loads(told.out) == []


def test_where_no_charge_waits_nothing_is_said(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    empty: dict[str, Any] = WAITING | {"charges": [], "charges_pence": 0}
    services.says("billing", "GET /suspense", empty)
    assert run(["held"]) == 0
    assert capsys.readouterr().err == ""


def test_suspense_says_since_which_book_a_charge_waits(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["suspense"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "unit:U9" in line]
    assert line.split() == ["charge", "C1", "£12.00", "2026-03-30", "unit:U9"]
