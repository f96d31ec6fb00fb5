"""The end of a process's log as a person is told it: no line that only informs, and none longer than can be read."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_FAR_BACK = 1 << 18
"""Bytes: of a log that has grown for weeks only its end is read."""
_LONGEST = 300
_ONLY_INFORM = {"DEBUG", "INFO"}
_FACTS = ("event.name", "error.type", "app.detail", "app.runbook")


def written(log: Path, since: int) -> list[str]:
    """Return the last lines of a log from a place on: what a process before wrote is not this one's."""
    with log.open("rb") as file:
        file.seek(max(since, log.stat().st_size - _FAR_BACK))
        return file.read().decode(errors="replace").splitlines()


def told(lines: Iterable[str]) -> list[str]:
    """Return the lines that tell why something ended, in words."""
    return [words for words in (_in_words(line.strip()) for line in lines) if words]


def _in_words(line: str) -> str:
    said = _of_a_service(line)
    if said is None:
        return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
    if said["severity_text"] in _ONLY_INFORM:
        return ""
    facts = ", ".join(str(said[name]) for name in _FACTS if said.get(name))
    return f"{said.get('body', '')} ({facts})"


def _of_a_service(line: str) -> dict[str, Any] | None:
    """Return the fields of a line of a service's own log; None: somebody else's line."""
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) and "severity_text" in said else None
