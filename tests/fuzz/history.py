"""What keeps spoilt records such as their senders could say: our own services count versions, and lines with them."""

import json
from collections import defaultdict
from itertools import count
from typing import Any
from uuid import UUID

from shared.events.base import Event
from shared.events.decode import Record, decode
from shared.events.topics import BY_TOPIC, LINE_OF_SERVICES, OWNERS_LINE


class History:
    """The versions said so far of each thing, and the names of all events taken in."""

    def __init__(self) -> None:
        self._said: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        self._names: set[UUID] = set()

    def in_order(self, topic: str, value: bytes, early: int) -> bytes:
        """Give an event of ours the next version of what it is about, or one ``early`` versions off."""
        if BY_TOPIC[topic].owner not in LINE_OF_SERVICES:
            return value
        found = decode(Record(topic, 0, 0, None, value))
        if not isinstance(found, Event) or found.aggver is None:
            return value
        document: dict[str, Any] = json.loads(value)
        said = self._said[topic, found.key]
        document["aggver"] = max(1, next(version for version in count(1) if version not in said) + early)
        if topic == OWNERS_LINE.topic:
            document["data"]["version"] = document["aggver"]
        return json.dumps(document).encode()

    def takes(self, record: Record) -> bool:
        """Note what a record says; ``False``: its sender, one of ours, would never say it."""
        found = decode(record)
        if isinstance(found, Event) and found.topic == OWNERS_LINE.topic and found.data.version != found.aggver:
            return False
        if found.uid is None or found.sha is None or found.uid in self._names:
            return True
        self._names.add(found.uid)
        if isinstance(found, Event) and found.aggver is not None:
            self._said[found.topic, found.key].add(found.aggver)
        return True
