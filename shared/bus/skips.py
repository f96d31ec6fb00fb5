"""Notices partitions in which the Kafka client has passed records that never reached the database."""

from collections.abc import Mapping

from shared.bus.positions import Lane

_LOOKS = 2


class Skips:
    """Compares where the client stands with what the database has, look by look.

    Continuity (``shared.bus.lanes``) finds a skip when the next record comes; money must not wait for that: offsets of
    the group reset to the end, or a fault of the client, would leave the last records of a partition unread.
    """

    def __init__(self) -> None:
        self._seen: dict[Lane, tuple[tuple[int, int], int]] = {}

    def judge(self, client: Mapping[Lane, int], reached: Mapping[Lane, int]) -> list[Lane]:
        """Return the lanes to read again: past the database's position, and unmoved since the look before.

        The same two places are named once: what stands between may be transaction markers, which nobody ever reads.
        """
        suspects = []
        for lane, at in client.items():
            pair = at, reached.get(lane, at)
            before, looks = self._seen.get(lane, (pair, 0))
            looks = looks + 1 if before == pair else 1
            self._seen[lane] = pair, looks
            if at > pair[1] and looks == _LOOKS:
                suspects.append(lane)
        return suspects
