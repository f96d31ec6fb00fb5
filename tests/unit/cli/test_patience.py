"""No command waits for a frozen service longer than it was told to, or before it starts what takes minutes."""

import time
from collections.abc import Iterator

import pytest

from shared.cli.main import run
from tests.support.played import Services, services_of
from tests.unit.cli.test_settle import closing


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    with services_of(monkeypatch) as played:
        yield played


async def test_closing_takes_no_longer_than_it_was_told(services: Services) -> None:
    services.frozen.add("billing")
    told, seconds = await closing(2)
    assert seconds < 8
    assert "does not answer" in told.problem


def test_settling_takes_no_longer_than_it_was_told(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    services.frozen.add("billing")
    started = time.monotonic()
    assert run(["settle", "--timeout", "2"]) == 1
    assert time.monotonic() - started < 8
    assert "billing" in capsys.readouterr().err


def test_a_last_question_that_is_not_answered_ends_settling_too(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    services.answers["GET /notify/due"] = lambda _: (200, services.over.wait())
    started = time.monotonic()
    assert run(["settle", "--timeout", "1"]) == 1
    assert time.monotonic() - started < 8
    assert "notify: notify at http" in capsys.readouterr().err


def test_a_proof_does_not_begin_without_all_four(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    services.frozen.add("notify")
    started = time.monotonic()
    assert run(["verify"]) == 75
    assert time.monotonic() - started < 10
    told = capsys.readouterr()
    assert "Nothing can be proved: notify at http" in told.err
    assert "docs/runbooks/not-ready.md" in told.err
    assert told.out == ""
    assert not [question for question, _ in services.heard if question.endswith("/verify")]
