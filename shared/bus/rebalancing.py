"""Says which partitions Kafka took from this process; that nothing is lost by it is the fence's work."""

from collections.abc import Callable, Collection

from aiokafka import ConsumerRebalanceListener, TopicPartition

from shared.bus.positions import Lane
from shared.log_events import LogEvent
from shared.logs import log


class Handovers(ConsumerRebalanceListener):  # type: ignore[misc]  # the library has no types
    """Hears of every sharing-out of the partitions: all are taken back first, then each process gets its own.

    ``claimed`` are the lanes that this process has taken over in the database.
    """

    def __init__(self, prefix: str, claimed: Callable[[], Collection[Lane]]) -> None:
        self._cut = len(prefix)
        self._claimed = claimed
        self._before: set[Lane] = set()

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Note what this process read up to now."""
        self._before = self._lanes(revoked)

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Say what it read and does not any more."""
        for topic, number in sorted((self._before - self._lanes(assigned)) & set(self._claimed())):
            log(LogEvent.PARTITION_LOST, topic=topic, partition=number)

    def _lanes(self, places: Collection[TopicPartition]) -> set[Lane]:
        return {(place.topic[self._cut :], place.partition) for place in places}
