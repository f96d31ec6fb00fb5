"""Logs: one JSON object a line on standard output, written by a thread, so that no reader can stop the event loop.

``log(LogEvent.X, topic=…, event_id=…)`` costs a few microseconds.  Field names are mapped to the OpenTelemetry names;
values are ids, codes, counts and dates, never personal data.
"""

import atexit
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from shared.log_events import LogEvent, Severity
from shared.log_limits import Repeats
from shared.log_lines import Entry, Envelope, fields_of
from shared.log_writer import Writer

__all__ = ["capture", "configure", "dropped", "flush", "log"]


class _Sink:
    """Where entries go: nowhere before ``configure``, then to the writing thread, in tests to a list."""

    def __init__(self) -> None:
        self.level = Severity.INFO
        self.writer: Writer | None = None
        self.captured: list[dict[str, Any]] | None = None
        self.repeats = Repeats()

    def put(self, event: LogEvent, fields: dict[str, Any]) -> None:
        """Take one line; rendering is the writing thread's work."""
        if event.severity >= Severity.WARNING:
            repeats = self.repeats.admit(event, fields)
            if not repeats:
                return
            if repeats > 1:
                fields = {**fields, "repeats": repeats}
        entry: Entry = (time.time_ns(), event, fields)
        if self.captured is not None:
            self.captured.append({"event.name": event.value, **fields_of(fields)})
        elif self.writer is not None:
            self.writer.put(entry)


_sink = _Sink()


def log(event: LogEvent, /, **fields: Any) -> None:
    """Write one line of the vocabulary; severity and sentence belong to the event.

    ``error=`` takes an exception: its type, fingerprint and (from ERROR up) its frames are written, never its text.
    Identical warnings are written at the 1st, 2nd, 4th, 8th … time.
    """
    if event.severity >= _sink.level:
        _sink.put(event, fields)


def configure(
    service: str,
    *,
    version: str = "0.1.0",
    environment: str = "local",
    level: str = "INFO",
    stream: TextIO | None = None,
) -> None:
    """Start writing lines to ``stream`` (standard output); libraries' own loggers go the same way from WARNING up."""
    from shared.log_libraries import route_libraries  # noqa: PLC0415 - it logs through this module

    envelope = Envelope(service, version, f"{socket.gethostname()}-{os.getpid()}", environment)
    if _sink.writer is not None:
        _sink.writer.close()
    _sink.writer = Writer((stream or sys.stdout).fileno(), envelope)
    _sink.level = Severity[level]
    route_libraries()
    atexit.register(flush)


def flush(seconds: float = 2.0) -> None:
    """Wait until everything is written, but no longer than this: a blocked reader must not hold up the exit."""
    if _sink.writer is not None:
        _sink.writer.flush(seconds)


def dropped() -> int:
    """Return how many lines were dropped because their reader was too slow."""
    return _sink.writer.dropped if _sink.writer is not None else 0


@contextmanager
def capture() -> Iterator[list[dict[str, Any]]]:
    """Collect lines instead of writing them: for tests."""
    before, _sink.captured, _sink.repeats = _sink.captured, [], Repeats()
    try:
        yield _sink.captured
    finally:
        _sink.captured = before
