import json
import logging
import os
import subprocess
import sys
import time
import timeit
from pathlib import Path
from typing import Any

import pytest

from shared.log_events import LogEvent, Severity
from shared.log_libraries import route_libraries
from shared.log_lines import MAX_LINE, Envelope, Renderer
from shared.log_writer import Writer
from shared.logs import capture, log

ENVELOPE = Envelope("owners", "0.1.0", "host-1", "test")


def rendered(event: LogEvent, **fields: Any) -> dict[str, Any]:
    line = Renderer(ENVELOPE).render((1_790_000_000_123_456_789, event, fields))
    assert line.endswith("\n")
    assert len(line.encode()) <= MAX_LINE
    answer: dict[str, Any] = json.loads(line)
    return answer


def test_a_line_has_the_fields_of_the_log_contract() -> None:
    line = rendered(
        LogEvent.EVENT, topic="billing.x", partition=3, offset=9, event_id='a"b', outcome="done", needs=None
    )
    assert line == {
        "timestamp": "2026-09-21T14:13:20.123456Z",
        "severity_text": "INFO",
        "body": "An event was taken in.",
        "event.name": "event",
        "service.name": "owners",
        "service.version": "0.1.0",
        "service.instance.id": "host-1",
        "deployment.environment.name": "test",
        "messaging.destination.name": "billing.x",
        "messaging.destination.partition.id": 3,
        "messaging.kafka.offset": 9,
        "app.event_id": 'a"b',
        "app.outcome": "done",
    }


def test_every_event_has_a_sentence_and_every_error_a_runbook() -> None:
    for event in LogEvent:
        assert event.body.endswith(".")
        assert "{" not in event.body
        assert bool(event.runbook) == (event.severity >= Severity.ERROR), event


def test_an_exceptions_text_is_never_written() -> None:
    with pytest.raises(ValueError, match="Smith") as caught:
        int("Mrs Smith, 12 High Street")
    line = rendered(LogEvent.UNEXPECTED_ERROR, error=caught.value)
    assert line["error.type"] == "ValueError"
    assert "test_an_exceptions_text" in line["error.stack"]
    assert "Smith" not in json.dumps(line)


def test_long_lines_are_cut_to_eight_kib() -> None:
    line = rendered(LogEvent.BATCH, **{f"f{n}": "é" * 3000 for n in range(9)}, n=1)
    assert line["app.cut"] is True
    assert line["app.n"] == 1


def test_identical_warnings_are_written_at_1_2_4_8() -> None:
    with capture() as lines:
        for attempt in range(10):
            log(LogEvent.RETRYING, error_type="OSError", attempt=attempt)
        log(LogEvent.RETRYING, error_type="TimeoutError")
        for n in range(3):
            log(LogEvent.DEAD_LETTER, event_id=f"e{n}")
    retries = [line for line in lines if line["event.name"] == "retrying" and line["error.type"] == "OSError"]
    assert [line.get("app.repeats", 1) for line in retries] == [1, 2, 4, 8]
    assert len(lines) == 4 + 1 + 3


def test_libraries_speak_through_us_without_what_they_fill_in() -> None:
    root, before = logging.getLogger(), logging.getLogger().handlers
    level = root.level
    try:
        route_libraries()
        with capture() as lines:
            logging.getLogger("aiokafka.conn").warning("Unable to connect to %s: %s", "secret-host", "x")
            logging.getLogger("sqlalchemy").error("failed on 'Mrs Smith' 12345\nDETAIL: Key (name)=(Smith)")
            logging.getLogger("aiokafka.conn").info("chatter")
    finally:
        root.handlers = before
        root.setLevel(level)
    assert [line["app.detail"] for line in lines] == ["Unable to connect to %s: %s", "failed on ? ?"]


def seconds_to_put(writer: Writer) -> float:
    """How long 5,000 lines and 50 warnings take whoever writes them."""
    started = time.monotonic()
    for n in range(5000):
        writer.put((time.time_ns(), LogEvent.EVENT, {"event_id": f"e{n}", "detail": "x" * 300}))
    for n in range(50):
        writer.put((time.time_ns(), LogEvent.FENCED, {"n": n}))
    return time.monotonic() - started


def test_a_stopped_reader_costs_lines_not_time() -> None:
    with Path(os.devnull).open("wb") as nowhere:
        eager = Writer(nowhere.fileno(), ENVELOPE, capacity=10_000)
        beside_a_reader = seconds_to_put(eager)
        eager.close()
    read_end, write_end = os.pipe()
    writer = Writer(write_end, ENVELOPE, capacity=400)
    assert seconds_to_put(writer) < 30 * beside_a_reader
    assert writer.dropped > 3000
    received = b""
    with os.fdopen(read_end, "rb") as pipe:
        writer.flush(0.1)
        while b'"app.n":49' not in received or b"log_dropped" not in received:
            received += os.read(pipe.fileno(), 65536)
    writer.close(0.1)
    names = [json.loads(line)["event.name"] for line in received.splitlines() if line.endswith(b"}")]
    assert names.count("fenced") == 50


def test_a_line_an_event_is_affordable() -> None:
    """Measured: three quarters of what the standard library needs for the same fields alone."""
    renderer = Renderer(ENVELOPE)
    fields = {"topic": "billing.x", "partition": 3, "offset": 9, "event_id": "abc", "outcome": "done", "pence": 100}
    plain = json.loads(renderer.render((time.time_ns(), LogEvent.EVENT, fields)))
    ours = timeit.repeat(lambda: renderer.render((time.time_ns(), LogEvent.EVENT, fields)), number=2000)
    baseline = timeit.repeat(lambda: json.dumps(plain), number=2000)
    assert min(ours) < 3 * min(baseline)


def test_a_process_writes_json_lines_and_flushes_at_exit() -> None:
    code = (
        "from shared import logs\nlogs.configure('owners', level='INFO')\n"
        "[logs.log(logs.LogEvent.EVENT, event_id=str(n)) for n in range(1000)]\nlogs.log(logs.LogEvent.REQUEST)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 1000
    assert {line["event.name"] for line in lines} == {"event"}
