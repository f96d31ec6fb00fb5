"""A command whose answer is lost can be given again, under the key that the error names; one that comes is told."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from shared.cli.main import run

COMMANDS = [
    "fees cost staff --pounds 48000 --on 2026-04-01 --note N",
    "fees notice S --version 1 --on 2026-04-01 --evidence E",
    "disputes raise FY5FN0W0QBWR ROOF-1 --reason R",
    "prescription interrupt FY5FN0W0QBWR --on 2026-03-20 --ground admission --evidence E --reason R",
    "prescription withdraw I-1 --reason R",
    "suspense match P1 FY5FN0W0QBWR --reason R",
    "floats set --for block=B1 --pounds 1 --from 2026-04-01 --reason R",
    "reserve-funds spend B1 --pounds 1 --on 2026-04-01 --words W --evidence E --reason R",
    "statements policy reviewed --reason R",
    "erase --party P1 --reason R",
]
PROPOSALS = [
    *(line for line in COMMANDS if line.split()[0] in {"floats", "reserve-funds", "statements", "erase"}),
    "fees notice S --version 1 --on 2026-04-01 --evidence E",
    "fees letters S --version 1 --why W",
    "fees relief S --unit U1 --points 1 --from 2026-04-01 --evidence E --reason R",
    "fees end-relief R1 --last 2026-04-01 --why W --evidence E --reason R",
]


class Service(HTTPServer):
    """Says to the first request that it hears too much, then what its answers give or nothing; keeps every key."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Requests)
        self.keys: list[str] = []
        self.answer = b""


class _Requests(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.keys.append(self.headers["Idempotency-Key"])
        if len(self.server.keys) == 1:
            self._say(429, b"")
        elif self.server.answer:
            self._say(201, self.server.answer)
        self.close_connection = True

    def _say(self, status: int, words: bytes) -> None:
        self.send_response(status)
        self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        self.wfile.write(words)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    server = Service()
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    for name in ("BILLING", "OWNERS"):
        monkeypatch.setenv(f"CLOSEBOOK_{name}_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("CLOSEBOOK_TOKEN", "a.b.c")
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("line", COMMANDS)
def test_a_lost_answer_names_the_key_under_which_the_command_may_be_given_again(
    service: Service, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    assert run(line.split()) == 75
    (key,) = re.findall(r"give the command again with --key (\S+), and it takes effect once", capsys.readouterr().err)
    assert run([*line.split(), "--key", key]) == 75
    assert service.keys == [key] * 3

    assert run(line.split()) == 75
    assert service.keys[3] != key


def test_a_command_that_was_never_sent_has_no_key(
    service: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOSEBOOK_BILLING_URL", "http://127.0.0.1:1")
    assert run(COMMANDS[0].split()) == 75
    assert "--key" not in capsys.readouterr().err


@pytest.mark.parametrize("line", PROPOSALS)
def test_what_was_proposed_is_told_with_its_number(
    service: Service, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    service.answer = b'{"id": 7, "status": "open"}'
    assert run(line.split()) == 0
    assert "proposal 7" in capsys.readouterr().out
