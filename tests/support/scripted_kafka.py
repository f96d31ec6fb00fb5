"""A Kafka that answers as told: three brokers of librdkafka's mock cluster, inside the test, reached through ctypes.

It shows what a real broker does not show on demand: requests answered with errors, leaders and coordinators that move.
It keeps its records in memory, checks no sequence numbers and knows no rights; topics are made here, not by clients.
"""

import ctypes
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.metadata import files
from typing import Any

from shared.events.topics import CHANNELS

BROKERS = (1, 2, 3)
PRODUCE, OFFSET_COMMIT, HEARTBEAT = 0, 8, 12
"""Kafka's numbers of the requests that may be answered with errors."""

_PRODUCER = 0
_P, _TEXT, _INT, _SHORT, _LONG = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int16, ctypes.c_size_t
_CALLS: dict[str, tuple[Any, ...]] = {  # what each returns, what it takes
    "new": (_P, _INT, _P, _P, _LONG),
    "destroy": (None, _P),
    "mock_cluster_new": (_P, _P, _INT),
    "mock_cluster_destroy": (None, _P),
    "mock_cluster_bootstraps": (_TEXT, _P),
    "mock_topic_create": (_INT, _P, _TEXT, _INT, _INT),
    "mock_partition_set_leader": (_INT, _P, _TEXT, _INT, _INT),
    "mock_coordinator_set": (_INT, _P, _TEXT, _TEXT, _INT),
    "mock_push_request_errors_array": (None, _P, _SHORT, _LONG, ctypes.POINTER(_INT)),
    "mock_clear_request_errors": (None, _P, _SHORT),
    "mock_partition_push_request_errors": (_INT, _P, _TEXT, _INT, _SHORT, _LONG),  # and one word an error
}


def _library() -> Callable[..., Any]:
    """Return what calls a function of the wheel's librdkafka by its name without ``rd_kafka_``."""
    path = next(file for file in files("confluent-kafka") or () if file.name.startswith("librdkafka-"))
    library = ctypes.CDLL(str(path.locate()))
    for name, (returns, *takes) in _CALLS.items():
        function = getattr(library, f"rd_kafka_{name}")
        function.restype, function.argtypes = returns, takes
    return lambda name, *given: getattr(library, f"rd_kafka_{name}")(*given)


@dataclass
class ScriptedKafka:
    """Three brokers with every topic of the contract under ``prefix``; ``stop`` forgets everything."""

    prefix: str
    partitions: int
    _call: Callable[..., Any] = field(default_factory=_library)
    _client: int = 0
    _cluster: int = 0

    def start(self) -> "ScriptedKafka":
        """Listen on loopback, with all topics made."""
        self._client = self._call("new", _PRODUCER, None, None, 0)
        self._cluster = self._call("mock_cluster_new", self._client, len(BROKERS))
        for channel in CHANNELS:
            number = 1 if channel.single else self.partitions
            refused = self._call("mock_topic_create", self._cluster, self._name(channel.topic), number, len(BROKERS))
            assert not refused, f"{channel.topic}: error {refused}"
        return self

    @property
    def bootstrap(self) -> str:
        """Return the brokers' addresses."""
        return str(self._call("mock_cluster_bootstraps", self._cluster).decode())

    async def stop(self) -> None:
        """End the brokers."""
        self._call("mock_cluster_destroy", self._cluster)
        self._call("destroy", self._client)

    def answer(self, request: int, errors: Iterable[int]) -> None:
        """Answer the next requests of a kind, whoever asks, with these error numbers of Kafka's protocol."""
        codes = list(errors)
        self._call("mock_push_request_errors_array", self._cluster, request, len(codes), (_INT * len(codes))(*codes))

    def answer_again(self, request: int) -> None:
        """Answer requests of a kind as a broker should."""
        self._call("mock_clear_request_errors", self._cluster, request)

    def answer_for(self, topic: str, request: int, error: int) -> None:
        """Answer the next request of a kind that names a partition of ``topic`` with an error, once for each."""
        for number in range(self.partitions):
            self._call("mock_partition_push_request_errors", self._cluster, self._name(topic), number, request, 1,
                       _INT(error))  # fmt: skip

    def move_leaders(self, turn: int) -> None:
        """Let another broker lead each partition; which one depends on ``turn``."""
        for channel in CHANNELS:
            for number in range(1 if channel.single else self.partitions):
                broker = BROKERS[(turn + number) % len(BROKERS)]
                self._call("mock_partition_set_leader", self._cluster, self._name(channel.topic), number, broker)

    def move_coordinator(self, group: str, turn: int) -> None:
        """Let another broker coordinate a group (its name without the prefix)."""
        broker = BROKERS[turn % len(BROKERS)]
        self._call("mock_coordinator_set", self._cluster, b"group", self._name(group), broker)

    def _name(self, name: str) -> bytes:
        return (self.prefix + name).encode()
