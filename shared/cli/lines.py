"""A JSONL file of CloudEvents, line by line: what can be published where, and what is wrong with the rest."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.cli.errors import CliError, ExitCode
from shared.events.base import Event
from shared.events.decode import Reason, Record, decode
from shared.events.topics import BY_TYPE

WRITTEN_OUTSIDE = ("housing", "calendar")
"""Whose topics a person may write; the others are a service's own (contract.md section 1)."""


@dataclass(frozen=True, slots=True)
class Sendable:
    """A line as it goes to Kafka: its bytes are the file's."""

    number: int
    topic: str
    key: bytes | None
    value: bytes


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is not published, and why."""

    number: int
    reason: str
    field: str | None
    detail: str

    def as_json(self) -> dict[str, Any]:
        """Return the line's report for ``--json``."""
        return {"line": self.number, "reason": self.reason, "field": self.field, "detail": self.detail}


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the numbered lines of a file, empty ones left out; raises ``CliError`` when it cannot be read."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                value = line.rstrip(b"\r\n")
                if value.strip():
                    yield number, value
    except OSError as error:
        raise CliError(
            f"{path} cannot be read: {error.strerror or error}.", "Name an existing JSONL file.", ExitCode.USAGE
        ) from error


def checked(number: int, value: bytes) -> Sendable | BadLine:
    """Return what a valid line becomes, or why the services would not take it."""
    channel = BY_TYPE.get(type_in(value) or "")
    if channel is not None and channel.owner not in WRITTEN_OUTSIDE:
        detail = f"{channel.topic} is written by the {channel.owner} service alone"
        return BadLine(number, Reason.WRONG_TOPIC, "type", detail)
    event = decode(Record(channel.topic if channel else "", 0, 0, None, value))
    if not isinstance(event, Event):
        return BadLine(number, event.reason, event.field, event.detail)
    return Sendable(number, event.topic, event.key.encode(), value)


def unchecked(number: int, value: bytes, fallback: str | None) -> Sendable | BadLine:
    """Return a line as it is, for the topic its type names, else for ``fallback``."""
    channel = BY_TYPE.get(type_in(value) or "")
    topic = channel.topic if channel else fallback
    if topic is None:
        return BadLine(number, Reason.UNKNOWN_TYPE, "type", "no topic can be read from the line; name one with --topic")
    return Sendable(number, topic, _key_in(value, channel.key if channel else ""), value)


def type_in(value: bytes) -> str | None:
    """Return the event type that a line names, if it can be read at all."""
    found = _object_in(value).get("type")
    return found if isinstance(found, str) else None


def _key_in(value: bytes, fields: str) -> bytes | None:
    """Return the key that the data's fields give, if they can be read; without one Kafka chooses the partition."""
    data = _object_in(value).get("data")
    for name in fields.split("|"):
        found = data.get(name) if isinstance(data, dict) else None
        if isinstance(found, str):
            return found.encode(errors="replace")
    return None


def _object_in(value: bytes) -> dict[str, Any]:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
