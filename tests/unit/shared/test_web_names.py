"""What a caller makes up (methods, paths, names) becomes neither a series of the figures nor a word of the log."""

import asyncio
import json
from typing import Any

import pytest

from shared import logs, metrics
from shared.local_issuer import LocalIssuer
from shared.log_events import Severity
from shared.logs import capture
from shared.web import create_app
from tests.support.staff import verifier_of
from tests.support.web import exchange, serving
from tests.unit.shared.test_web import router


@pytest.fixture(scope="module")
def app(issuer: LocalIssuer) -> Any:
    return create_app("test", [router], verifier_of(issuer))


def series() -> set[tuple[str, str, str]]:
    return {
        (sample.labels["method"], sample.labels["route"], sample.labels["status"])
        for metric in metrics.REQUESTS.collect()
        for sample in metric.samples
        if sample.name.endswith("_count")
    }


def odd(number: int, token: str = "") -> bytes:
    """Return a request in which everything a caller may make up is made up."""
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    return (
        f"QUILL{number}FEATHER /quill{number}?quill={number} HTTP/1.1\r\nHost: quill{number}.example\r\n{bearer}"
        f"User-Agent: quill{number}\r\nX-Forwarded-For: 9.9.9.{number}\r\nReferer: quill{number}\r\n\r\n"
    ).encode()


@pytest.mark.parametrize("signed_in", [False, True])
async def test_invented_methods_paths_and_hosts_make_one_series(app: Any, issuer: LocalIssuer, signed_in: bool) -> None:
    token = issuer.tokens()["auditor"] if signed_in else ""
    async with serving(app) as port:
        await exchange(port, odd(0, token))
        before = series()
        answers = await asyncio.gather(*(exchange(port, odd(number, token)) for number in range(1, 41)))
    assert all(answer.startswith(b"HTTP/1.1 4") for answer in answers)
    assert series() == before
    assert ("other", "unknown") in {(method, route) for method, route, _ in before}
    assert b"QUILL" not in metrics.page()


@pytest.mark.parametrize("signed_in", [False, True])
async def test_invented_words_are_not_in_the_log(
    app: Any, issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch, signed_in: bool
) -> None:
    monkeypatch.setattr(logs._sink, "level", Severity.DEBUG)
    token = issuer.tokens()["auditor"] if signed_in else ""
    wrong_role = odd(7, token).replace(b"/quill7?quill=7", b"/things")
    with capture() as lines:
        async with serving(app) as port:
            await exchange(port, odd(7, token))
            await exchange(port, wrong_role)
    assert "other" in [line.get("http.request.method") for line in lines]
    assert "quill" not in json.dumps(lines, default=str).lower()


async def test_a_known_method_keeps_its_name(app: Any, issuer: LocalIssuer) -> None:
    request = f"GET /things/t1 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {issuer.tokens()['auditor']}\r\n\r\n"
    async with serving(app) as port:
        assert (await exchange(port, request.encode())).startswith(b"HTTP/1.1 200")
    assert ("GET", "/things/{thing_id}", "200") in series()
