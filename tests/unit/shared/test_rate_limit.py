"""One caller's requests are limited, another's are not touched; the answer says when to ask again."""

import time
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cli.api import Api
from shared.local_issuer import LocalIssuer
from shared.logs import capture
from shared.rate_limit import RateLimit
from shared.web import create_app
from tests.support.staff import verifier_of
from tests.unit.shared.test_web import call, router


class Clock:
    """A clock that the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_share_of_a_minute_can_be_asked_at_once_and_fills_up_again() -> None:
    clock = Clock()
    limit = RateLimit(60, clock)
    assert [limit.take("mo") for _ in range(61)] == [0] * 60 + [1]
    assert limit.take("jo") == 0
    clock.now = 1.5
    assert [limit.take("mo") for _ in range(2)] == [0, 1]


def test_a_limit_of_none_lets_everything_through() -> None:
    assert not any(RateLimit(0).take("mo") for _ in range(10_000))


@given(st.lists(st.floats(0, 5), max_size=300), st.integers(1, 120))
def test_no_minute_lets_through_more_than_its_share_twice(pauses: list[float], per_minute: int) -> None:
    clock, passed = Clock(), list[float]()
    limit = RateLimit(per_minute, clock)
    for pause in pauses:
        clock.now += pause
        if limit.take("mo") == 0:
            passed.append(clock.now)
    assert all(sum(0 <= at - start < 60 for at in passed) <= 2 * per_minute for start in passed)


@given(st.integers(1, 600))
def test_whoever_waits_as_long_as_told_gets_an_answer(per_minute: int) -> None:
    clock = Clock()
    limit = RateLimit(per_minute, clock)
    while not (wait_s := limit.take("mo")):
        pass
    clock.now += wait_s
    assert limit.take("mo") == 0


async def test_a_burst_is_answered_429_with_when_to_ask_again(issuer: LocalIssuer) -> None:
    verifier = verifier_of(issuer)
    app: Any = create_app("test", [router], verifier, requests_per_minute=2)
    mo, jo = issuer.token("mo", ["auditor"]), issuer.token("jo", ["auditor"])
    with capture() as lines:
        answers = [await call(app, "GET", "/things/t1", mo) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "30"
    assert set(answers[2].json()) == {"error", "detail", "correlation_id"}
    assert answers[2].json()["error"] == "too-many-requests"
    told = [line["app.subject"] for line in lines if line["event.name"] == "excess_rate_limit_exceeded"]
    assert told == ["mo"]
    assert (await call(app, "GET", "/things/t1", jo)).status_code == 200
    assert (await call(app, "GET", "/nowhere", jo)).status_code == 404
    assert (await call(app, "POST", "/things", jo, content="no JSON")).status_code == 429
    assert (await call(app, "GET", "/things/t1")).status_code == 401


def test_the_command_line_waits_as_long_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    answers = [httpx.Response(429, headers={"Retry-After": "2"}), httpx.Response(200, json={"ok": True})]
    monkeypatch.setattr(time, "sleep", slept.append)
    known: Any = SimpleNamespace(url=lambda _: "http://billing", token=lambda _: "t")
    asked = Api(known)
    monkeypatch.setattr(asked._http, "request", lambda *_, **__: answers.pop(0))
    assert asked.get("billing", "/bus/status") == {"ok": True}
    assert slept == [2.0]
