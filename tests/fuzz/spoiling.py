"""Records for the fuzzer: golden events, flipped, spoilt in their structure, or drawn anew from the JSON Schemas."""

import copy
import json
from random import Random
from typing import Any

from shared.events.decode import Record
from shared.events.topics import heard_by
from tests.contract.samples import GOLDEN_FILES
from tests.fuzz.history import History

SCHEMAS = GOLDEN_FILES[0].parents[4] / "shared" / "events" / "schemas"
NASTY: tuple[Any, ...] = (
    None, True, 0, -1, 1, 1200, 10**13, 2**63, 1.5, 1e400, "", "U1", "C1", "2026-02-30", "2026-03-31", "0001-01-01",
    "9999-12-31", "x" * 600, "a\x00b", "\ud800", "\u202e=cmd", [], {}, [None], {"a": {"a": {}}},
)  # fmt: skip
_NAMES = ("U1", "U2", "C1", "C2", "P1", "S1", "O1")
_DAYS = ("0001-01-01", "1969-12-31", "9999-12-31")


class Source:
    """Draws records that a service hears; the same seed draws the same records."""

    def __init__(self, seed: int, service: str = "billing") -> None:
        topics = sorted(channel.topic for channel in heard_by(service))
        self._random = Random(seed)
        self._golden = [(path.parent.name, path.read_bytes()) for path in GOLDEN_FILES if path.parent.name in topics]
        self._offsets = dict.fromkeys(topics, 0)
        self._schemas: dict[str, Any] = {}
        self._history = History()

    def batch(self, size: int) -> list[Record]:
        """Return the next records, each at the next offset of its topic's first partition."""
        return [self._record() for _ in range(size)]

    def _record(self) -> Record:
        """Draw until something comes that its sender may say."""
        while True:
            topic, value = self._random.choice(self._golden)
            kind = self._random.choice((self._flipped, self._restructured, self._redrawn, self._renamed))
            key = self._random.choice((None, b"", b"U1", b"\xff\xfe"))
            headers = self._random.choice(((), (("", None),), (("ce_specversion", b"1.0"), ("ce_id", b"\xff"))))
            early = self._random.choice((0, 0, 0, 0, -1, 1))
            value = self._history.in_order(topic, kind(topic, value), early)
            stamp = self._random.choice((-1, 0, 1, 1_767_603_600_000))
            record = Record(topic, 0, self._offsets[topic], key, value, headers, stamp)
            if self._history.takes(record):
                self._offsets[topic] += 1
                return record

    def _flipped(self, _topic: str, value: bytes) -> bytes:
        """A few bytes are others, gone, or there twice."""
        changed = bytearray(value)
        for _ in range(self._random.choice((1, 1, 2, 8))):
            place = self._random.randrange(len(changed))
            how = self._random.randrange(3)
            if how == 0:
                changed[place] ^= 1 << self._random.randrange(8)
            elif how == 1:
                del changed[place : place + self._random.choice((1, 9))]
            else:
                changed[place:place] = changed[place : place + 9]
        return bytes(changed)

    def _restructured(self, _topic: str, value: bytes) -> bytes:
        """The event has a name of its own, and one or two places hold something else, or nothing."""
        document = json.loads(self._renamed(_topic, value))
        for _ in range(self._random.choice((1, 2))):
            inner, last = self._random.choice(_places(document))
            if self._random.random() < 0.2 and isinstance(inner, dict):
                del inner[last]
            else:
                inner[last] = copy.deepcopy(self._random.choice(NASTY))
        return _dumped(document)

    def _renamed(self, _topic: str, value: bytes) -> bytes:
        """A good event under another id, mostly about other things."""
        document = json.loads(value)
        document["id"] = f"fuzz-{self._random.getrandbits(40)}"
        for inner, last in _places(document.get("data", {})):
            if isinstance(last, str) and last.endswith("_id") and self._random.random() < 0.7:
                inner[last] = self._random.choice(_NAMES)
            if last == "amount_pence" and inner[last] is not None:
                inner[last] = self._random.randrange(1, 100_000)
        return _dumped(document)

    def _redrawn(self, topic: str, value: bytes) -> bytes:
        """The data is drawn from the topic's JSON Schema: right in its types, arbitrary in its sense."""
        document = json.loads(value) | {"id": f"fuzz-{self._random.getrandbits(40)}"}
        if topic not in self._schemas:
            (path,) = SCHEMAS.glob(f"{topic}.v1*.json")
            self._schemas[topic] = json.loads(path.read_text())
        schema = self._schemas[topic]
        document["data"] = self._drawn(schema, schema, 0)
        return _dumped(document)

    def _drawn(self, schema: dict[str, Any], root: dict[str, Any], depth: int) -> Any:
        """Return a value that a schema allows (patterns and limits roughly); deep ones end."""
        random = self._random
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return self._drawn(root["$defs"][name], root, depth)
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return self._drawn(random.choice(schema[several]), root, depth + 1)
        if "const" in schema or "enum" in schema:
            return schema["const"] if "const" in schema else random.choice(schema["enum"])
        kind = schema.get("type")
        if kind == "object":
            wanted = schema.get("required", ())
            named = schema.get("properties", {}).items()
            return {n: self._drawn(s, root, depth + 1) for n, s in named if n in wanted or random.random() < 0.3}
        if kind == "array":
            most = 3 if depth < 6 else 1
            return [self._drawn(schema.get("items", {}), root, depth + 1) for _ in range(random.randint(1, most))]
        return self._scalar(kind, schema)

    def _scalar(self, kind: Any, schema: dict[str, Any]) -> Any:
        random = self._random
        if kind == "integer":
            return random.choice((1, 2, 3, 99, 1200, schema.get("minimum", 0), 10**13 - 1))
        if kind == "boolean":
            return random.random() < 0.5
        if schema.get("format") == "date":
            usual = f"{random.choice((2025, 2026))}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
            return random.choice((*[usual] * 9, random.choice(_DAYS)))
        if schema.get("format") == "date-time":
            return "2026-01-05T09:30:00Z"
        return random.choice(_NAMES) if kind == "string" else None


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place of a document as the container and the name or index in it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for name, each in inner for place in ((value, name), *_places(each))]


def _dumped(document: Any) -> bytes:
    return json.dumps(document).encode()
