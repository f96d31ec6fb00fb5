"""The bench of dead letters at the command line: what is chosen, what is told as it comes, what is nothing at all."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.cli.main import run
from tests.support.played import Answer, Services, services_of


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    with services_of(monkeypatch) as played:
        yield played


def letters(services: Services, *reasons: str) -> None:
    """Let billing have an open letter for each reason it will give again; no reason: it can be applied now."""
    found = [{"id": number, "reason": "bad-amount"} for number in range(1, len(reasons) + 1)]
    services.says("billing", "GET /bus/dead-letters?status=open&after=0", found)
    for one, reason in zip(found, reasons, strict=True):
        became: Any = {"status": "open", "outcome": reason, "reason": reason}
        if not reason:
            became = {"status": "replayed", "outcome": "done", "reason": None}
        services.says("billing", f"POST /bus/dead-letters/{one['id']}/redrive", {"id": one["id"], **became})


@pytest.mark.parametrize("command", ["redrive", "discard --reason r"])
def test_a_cause_that_no_open_letter_has_is_told(
    services: Services, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    verb, *more = command.split()
    assert run(["dead-letters", verb, "billing", "--group", "7992", *more]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        "No open letter of billing has the cause 7992.",
        "`closebook dead-letters list --group` shows the causes whole.",
    ]


def test_where_nothing_is_open_all_are_driven(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dead-letters", "redrive", "billing", "--all"]) == 0
    assert capsys.readouterr().out == "billing: nothing is open.\n"
    assert run(["dead-letters", "redrive", "billing", "--all", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_each_answer_is_told_as_it_comes_with_its_reason(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    letters(services, "bad-amount", "")
    told_by_then = []

    def second(_: Any) -> Answer:
        told_by_then.append(capsys.readouterr().out)
        return 200, {"id": 2, "status": "replayed", "outcome": "done", "reason": None}

    services.answers["POST /billing/bus/dead-letters/2/redrive"] = second
    assert run(["dead-letters", "redrive", "billing", "--all"]) == 1
    assert told_by_then == ["billing: dead letter 1: open, refused again: bad-amount\n"]
    assert capsys.readouterr().out == "billing: dead letter 2: replayed\n"


def test_many_that_are_refused_end_with_the_count_of_each_cause(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    letters(services, "bad-amount", "unknown-type", "unknown-type", "")
    assert run(["dead-letters", "redrive", "billing", "--all"]) == 1
    assert "3 of 4 were refused again: 2 unknown-type, 1 bad-amount." in capsys.readouterr().err


def test_one_that_is_refused_is_no_count(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    letters(services, "bad-amount")
    assert run(["dead-letters", "redrive", "billing", "1"]) == 1
    assert "It was refused again: bad-amount." in capsys.readouterr().err


def test_a_trial_ends_with_what_would_become_of_how_many(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    letters(services, "bad-amount", "", "")
    assert run(["dead-letters", "redrive", "billing", "--all", "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "billing: dead letter 1: would be bad-amount",
        "billing: dead letter 2: would be done",
        "billing: dead letter 3: would be done",
        "Of 3: 2 done, 1 bad-amount; nothing was applied.",
    ]


@pytest.mark.parametrize(
    ("command", "ways"), [("redrive", "--group FINGERPRINT, or --all."), ("discard --reason r", "--group FINGERPRINT.")]
)
def test_only_the_ways_that_a_command_has_are_named(
    services: Services, capsys: pytest.CaptureFixture[str], command: str, ways: str
) -> None:
    verb, *more = command.split()
    assert run(["dead-letters", verb, "billing", *more]) == 64
    assert f"{ways}\n" in capsys.readouterr().err


def test_what_is_done_already_is_no_mistake(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    services.says("billing", "POST /bus/dead-letters/7/discard", {"id": 7, "status": "discarded", "already": True})
    services.says("billing", "POST /bus/release", {"released": []})
    assert run(["dead-letters", "discard", "billing", "7", "--reason", "again"]) == 0
    assert run(["dead-letters", "release", "billing", "--reason", "again"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "billing: dead letter 7 is discarded already.", "billing: nothing is in quarantine.",
    ]  # fmt: skip


def test_a_role_that_may_not_see_a_letters_bytes_is_told_so(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    services.says("billing", "GET /bus/dead-letters/7", {"id": 7, "status": "open"})
    assert run(["dead-letters", "show", "billing", "7"]) == 0
    hidden = [f"{name}: (not shown to your role)" for name in ("headers", "key", "value")]
    assert capsys.readouterr().out.splitlines()[2:] == hidden
    services.says("billing", "GET /bus/dead-letters/7", {"id": 7, "key": None, "value": "YQ==", "headers": []})
    assert run(["dead-letters", "show", "billing", "7"]) == 0
    assert capsys.readouterr().out.splitlines() == ["id: 7", "headers: []", "key: (none)", "value: a"]


def test_a_book_is_said_again_for_a_reason(services: Services) -> None:
    services.says("billing", "POST /bus/republish", {"events": 1})
    asked = ["republish", "billing", "--topic", "billing.charge-raised", "--book", "2026-04-01"]
    assert run([*asked, "--reason", "arrears lacks one"]) == 0
    (_, body) = services.heard[-1]
    assert body == {"topic": "billing.charge-raised", "book": "2026-04-01", "reason": "arrears lacks one"}
