"""Records for contract tests: one valid event of every outside topic, to be spoilt in one place."""

import copy
import json
from pathlib import Path
from typing import Any

from shared.events.decode import Record

GOLDEN = Path(__file__).parent / "golden"
GOLDEN_FILES = sorted(GOLDEN.glob("*/*.json"))
ABSENT = ...
"""No JSON is this; its name is the same in every process, so the tests that it names are, too."""


def golden(topic: str, name: str) -> dict[str, Any]:
    return json.loads((GOLDEN / topic / f"{name}.json").read_text())  # type: ignore[no-any-return]


def record(topic: str, value: bytes | None, *headers: tuple[str, bytes | None], key: bytes | None = None) -> Record:
    return Record(topic, 0, 0, key, value, headers)


def spoilt(topic: str, name: str, path: str, value: Any) -> bytes:
    """The golden event with one place changed (``ABSENT`` takes it away); ``path`` is dotted, from the envelope."""
    document = copy.deepcopy(golden(topic, name))
    *outer, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place: Any = document
    for part in outer:
        place = place[part]
    if value is ABSENT:
        del place[last]
    else:
        place[last] = value
    return json.dumps(document).encode()
