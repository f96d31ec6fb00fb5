"""A list of all four services shows what answered, names what did not, and ends as incomplete."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared.cli.main import run
from tests.support.played import Answer, Services, services_of

LISTS = {
    "dead-letters list": "/bus/dead-letters", "dead-letters list --group": "/bus/dead-letter-groups",
    "held": "/bus/held", "audit": "/bus/audit", "proposals list": "/bus/proposals",
}  # fmt: skip
ROW = {"id": 7, "event_uid": "a-name", "topic": "t", "partition": 0, "offset": 1, "reason": "seen-here", "needs": "n"}


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """Arrears has one row of each list, owners is away."""
    monkeypatch.setenv("COLUMNS", "250")
    with services_of(monkeypatch) as played:
        monkeypatch.setenv("CLOSEBOOK_OWNERS_URL", "http://127.0.0.1:1")
        played.says("billing", "GET /suspense", {"charges": [], "charges_pence": 0})
        for path in LISTS.values():
            played.answers[f"GET /arrears{path}"] = _once(played, path)
        yield played


def _once(played: Services, path: str) -> Callable[[Any], Answer]:
    """Return an answer with the row the first time it is asked for, and none behind it."""
    asked = f"GET /arrears{path}"
    return lambda _: (200, [ROW] if sum(question.startswith(asked) for question, _ in played.heard) % 2 else [])


@pytest.mark.parametrize("command", LISTS)
def test_what_answers_is_listed_and_what_does_not_is_named(
    services: Services, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert run(command.split()) == 75
    told = capsys.readouterr()
    assert "arrears" in told.out
    assert "owners at http://127.0.0.1:1 does not answer." in told.err
    assert "`--service`" in told.err


@pytest.mark.parametrize("command", LISTS)
def test_a_program_gets_what_there_is(services: Services, capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert run([*command.split(), "--json"]) == 75
    assert [one["service"] for one in json.loads(capsys.readouterr().out)] == ["arrears"]


def test_where_nobody_answers_there_is_no_list(
    services: Services, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BILLING", "ARREARS", "NOTIFY"):
        monkeypatch.setenv(f"CLOSEBOOK_{name}_URL", "http://127.0.0.1:1")
    assert run(["held"]) == 75
    assert capsys.readouterr().out == ""


def test_a_refusal_is_told_as_one(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    services.says("billing", "GET /bus/held", {"detail": "A valid token is needed."}, 401)
    assert run(["held"]) == 64
    assert "does not accept this token" in capsys.readouterr().err
