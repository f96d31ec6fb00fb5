from aiokafka import TopicPartition

from shared.bus.rebalancing import Handovers
from shared.logs import capture


def places(*numbers: int) -> list[TopicPartition]:
    return [TopicPartition("t.owners.unit-changed", number) for number in numbers]


def test_only_what_was_read_here_and_is_not_any_more_is_lost() -> None:
    claimed = [("owners.unit-changed", 0), ("owners.unit-changed", 1)]
    handovers = Handovers("t.", lambda: claimed)
    with capture() as lines:
        handovers.on_partitions_revoked([])
        handovers.on_partitions_assigned(places(0, 1, 2))
        handovers.on_partitions_revoked(places(0, 1, 2))
        handovers.on_partitions_assigned(places(0))
        handovers.on_partitions_revoked(places(0))
        handovers.on_partitions_assigned(places(0, 1))
    assert lines == [
        {
            "event.name": "partition_lost",
            "messaging.destination.name": "owners.unit-changed",
            "messaging.destination.partition.id": 1,
        }
    ]
