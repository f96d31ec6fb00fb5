"""Renders one log line as JSON: fixed parts prepared once, field names in OpenTelemetry style, 8 KiB at most."""

import hashlib
import json
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared.log_events import LogEvent, Severity

MAX_LINE = 8192
_MAX_FIELD = 1000
_MARK = "…[cut]"

Entry = tuple[int, LogEvent, dict[str, Any]]
"""A line on its way: nanoseconds since 1970, the event, its fields."""

NAMES = {
    "topic": "messaging.destination.name",
    "partition": "messaging.destination.partition.id",
    "offset": "messaging.kafka.offset",
    "count": "messaging.batch.message_count",
    "error_type": "error.type",
    "fingerprint": "error.fingerprint",
    "stack": "error.stack",
    "duration_ms": "duration_ms",
    "status_code": "http.response.status_code",
    "route": "http.route",
    "method": "http.request.method",
    "pence": "app.amount_pence",
    "address": "client.address",
}
"""Our short names and theirs; every other field is ``app.<name>``."""

_text: Callable[[str], str] = json.encoder.encode_basestring


class _Labels(dict[str, str]):
    """A field's name as it stands in a line, made at its first use."""

    def __missing__(self, name: str) -> str:
        label = self[name] = f",{_text(NAMES.get(name, f'app.{name}'))}:"
        return label


_labels = _Labels()


def fields_of(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields under the names they are written with."""
    return {NAMES.get(name, f"app.{name}"): value for name, value in expand(fields).items()}


def expand(fields: dict[str, Any], severity: Severity = Severity.ERROR) -> dict[str, Any]:
    """Return fields with an exception replaced by its type, fingerprint and frames; its text may hold row values."""
    error = fields.get("error")
    if not isinstance(error, BaseException):
        return fields
    frames = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-12:]]
    kind = type(error).__name__
    mark = hashlib.sha256("|".join([kind, *(frame.partition(":")[0] for frame in frames)]).encode()).hexdigest()[:12]
    facts: dict[str, Any] = {"error_type": kind, "fingerprint": mark}
    if severity >= Severity.ERROR:
        facts["stack"] = " < ".join(reversed(frames))
    return {name: value for name, value in fields.items() if name != "error"} | facts


@dataclass(frozen=True)
class Envelope:
    """What every line of one process says about the process."""

    service: str
    version: str
    instance: str
    environment: str

    def head(self, event: LogEvent) -> str:
        """Return the fixed part of an event's lines."""
        facts = {
            "severity_text": event.severity.name,
            "body": event.body,
            "event.name": event.value,
            "service.name": self.service,
            "service.version": self.version,
            "service.instance.id": self.instance,
            "deployment.environment.name": self.environment,
        }
        if event.runbook:
            facts["app.runbook"] = event.runbook
        return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))[1:-1]


class Renderer:
    """Turns entries into lines; used by one thread."""

    def __init__(self, envelope: Envelope) -> None:
        self._heads = {event: envelope.head(event) for event in LogEvent}
        self._second = -1
        self._clock = ""

    def render(self, entry: Entry) -> str:
        """Return one line of JSON with its end."""
        moment, event, fields = entry
        if "error" in fields:
            fields = expand(fields, event.severity)
        parts = ['{"timestamp":"', self._stamp(moment), '",', self._heads[event]]
        for name, value in fields.items():
            if value.__class__ is str:
                parts.append(_labels[name] + _text(value))
            elif value is not None:
                parts.append(_labels[name] + _value(value))
        line = "".join([*parts, "}\n"])
        return line if len(line) < MAX_LINE // 4 or len(line.encode()) <= MAX_LINE else self._cut(entry)

    def _stamp(self, moment: int) -> str:
        """Return the time as RFC 3339, UTC, with microseconds; the second is formatted once."""
        second, rest = divmod(moment, 1_000_000_000)
        if second != self._second:
            self._second, self._clock = second, time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
        return f"{self._clock}{rest // 1000:06d}Z"

    def _cut(self, entry: Entry) -> str:
        """Return a line that is too long with its fields cut, then without the longest."""
        moment, event, fields = entry
        short = {name: _shortened(value) for name, value in expand(fields, event.severity).items()}
        while len(short) > 1 and sum(len(str(value).encode()) for value in short.values()) > MAX_LINE - 2000:
            del short[max(short, key=lambda name: len(str(short[name]).encode()))]
        parts = [f'{{"timestamp":"{self._stamp(moment)}",{self._heads[event]}']
        parts += [_labels[name] + _value(value) for name, value in short.items() if value is not None]
        return "".join([*parts, ',"app.cut":true}\n'])


def _value(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return _text(value)
    if kind is int:
        return repr(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _shortened(value: Any) -> Any:
    if isinstance(value, bool | int | float | None):
        return value
    text = value if isinstance(value, str) else _value(value)
    return text if len(text) <= _MAX_FIELD else text[:_MAX_FIELD] + _MARK
