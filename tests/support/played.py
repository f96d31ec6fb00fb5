"""The four services played by hand over HTTP: each question has the answer a test gives it, or none ever comes."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from shared.events.topics import LINE_OF_SERVICES

Answer = tuple[int, Any]
QUIET: dict[str, Any] = {
    "lag": 0, "outbox": 0, "held": 0, "dead_letters": 0, "totals_difference": None, "last_day_closed": "2026-04-01",
    "waiting_for": None, "kafka_answers": True, "partitions": [],
}  # fmt: skip
"""What a service says of itself while nothing moves."""


class Services(ThreadingHTTPServer):
    """Answers from a table by service, method and path; whoever is in ``frozen`` takes questions and is silent.

    An answer is a status with a JSON body, or a function of the question's body; ``heard`` are the questions so far.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Requests)
        self.answers: dict[str, Answer | Callable[[Any], Answer]] = {}
        self.frozen: set[str] = set()
        self.heard: list[tuple[str, Any]] = []
        self.over = Event()
        for service in LINE_OF_SERVICES:
            self.says(service, "GET /bus/status", QUIET)
        self.says("notify", "GET /due", {"due": 0})

    def says(self, service: str, question: str, body: Any, status: int = 200) -> None:
        """Let a service answer a question."""
        method, path = question.split()
        self.answers[f"{method} /{service}{path}"] = (status, body)

    def url(self, service: str) -> str:
        """Return where a service is."""
        return f"http://127.0.0.1:{self.server_port}/{service}"


class _Requests(BaseHTTPRequestHandler):
    server: Services

    def do_GET(self) -> None:
        self._hear(None)

    def do_POST(self) -> None:
        self._hear(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _hear(self, body: Any) -> None:
        path = urlsplit(self.path)
        if path.path.split("/")[1] in self.server.frozen:
            self.server.over.wait()
            return
        question = f"{self.command} {path.path}"
        self.server.heard.append((f"{question}?{path.query}" if path.query else question, body))
        found = self.server.answers.get(f"{question}?{path.query}") or self.server.answers.get(question, (200, []))
        status, answer = found(body) if callable(found) else found
        self._say(status, json.dumps(answer).encode())

    def _say(self, status: int, words: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        self.wfile.write(words)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def services_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """Play four services, and let every command find them with one person's token."""
    server = Services()
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    for service in LINE_OF_SERVICES:
        monkeypatch.setenv(f"CLOSEBOOK_{service.upper()}_URL", server.url(service))
    monkeypatch.setenv("CLOSEBOOK_TOKEN", "a.b.c")
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()
