"""What billing hears in these runs: a small close whose records come early, late, twice and spoilt."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from aiokafka import ConsumerRecord

from shared.bus.positions import Lane
from shared.bus.work import OPENING_BOOK
from shared.events.base import EventData
from shared.events.calendar import DayClosed, DayEnded, TopicTotal
from shared.events.envelope import encode
from shared.events.topics import BY_TOPIC, CHARGE_RAISED, DAY_CLOSED, DAY_ENDED, Channel, heard_by, key_of
from tests.integration.billing.facts import (
    CHANNELS,
    a_charge,
    a_credit,
    a_line,
    a_payment,
    a_reversal,
    a_unit,
    shares,
)
from tests.support.kafka_tools import PARTITIONS

DAY = date(2026, 4, 1)
"""The first day of a quarter: its work is the statement run."""

UNITS = ("U1", "U2", "U3", "U4", "U5")
_TOLD_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_POOL = shares(*((unit, 1, len(UNITS)) for unit in UNITS))


class Story:
    """Writes records one after the other, each at the end of its topic."""

    def __init__(self) -> None:
        self.records: list[ConsumerRecord] = []
        self._ends: Counter[Lane] = Counter()
        self._versions: Counter[tuple[str, str]] = Counter()
        self._said: Counter[str] = Counter()

    def tell(self, *events: EventData) -> None:
        """Say events, each under an id of its own; those of owners in its book, with their versions."""
        for data in events:
            self._say(CHANNELS[type(data)], data)

    def end_day(self, day: date) -> None:
        """End a day, and close it as owners does, with the totals of what it said."""
        self._say(DAY_ENDED, DayEnded(day=day, after=self._cut("housing")))
        totals = {
            topic: TopicTotal(events=count, amount_pence=0)
            for topic, count in self._said.items()
            if BY_TOPIC[topic].owner == "owners" and BY_TOPIC[topic].totals
        }
        self._say(DAY_CLOSED["owners"], DayClosed(day=day, after=self._cut("owners"), totals=totals), book=day)

    def write(self, channel: Channel, key: bytes, value: bytes) -> None:
        """Put one record at the end of its topic's first partition."""
        lane = (channel.topic, 0)
        offset = self._ends[lane]
        self._ends[lane] += 1
        moment = round((_TOLD_AT + timedelta(seconds=len(self.records))).timestamp() * 1000)
        self.records.append(ConsumerRecord(*lane, offset, moment, 0, key, value, None, len(key), len(value), ()))

    def _say(self, channel: Channel, data: EventData, book: date = OPENING_BOOK) -> None:
        key = key_of(channel, data)
        ours: dict[str, Any] = {}
        if channel.owner == "owners":
            self._versions[channel.topic, key] += 1
            ours = {"book": book, "aggver": self._versions[channel.topic, key]}
        number = len(self.records)
        source = "closebook/owners" if ours else "housing/test"
        time = _TOLD_AT + timedelta(seconds=number)
        self._said[channel.topic] += 1
        self.write(channel, key.encode(), encode(channel, data, id=f"e{number}", source=source, time=time, **ours))

    def _cut(self, owner: str) -> dict[str, tuple[int, ...]]:
        """Return the end of each partition of what billing hears of one owner."""
        ends: defaultdict[str, list[int]] = defaultdict(list)
        for channel in heard_by("billing"):
            if channel.owner == owner and not channel.single:
                ends[channel.topic] = [self._ends[channel.topic, number] for number in range(PARTITIONS)]
        return {topic: tuple(offsets) for topic, offsets in ends.items()}


@cache
def story() -> tuple[ConsumerRecord, ...]:
    """Return the records in the order in which they were published.

    Held and released: a credit and a reversal before what they take back; a charge before its share set. Held for good:
    a credit of nothing. Dead: bytes that are no event, and an id used twice. Twice: a payment. Late: a sale.
    """
    told = Story()
    told.tell(a_charge("EARLY", 50_01, pool="S1", on="2026-01-20"), a_credit("CR1", "ROOF", 10_00, on="2026-02-20"))
    told.tell(*map(a_unit, UNITS[:3]), *(a_line(unit, ("A", "2025-06-01")) for unit in UNITS[:3]))
    told.tell(a_reversal("R1", "PAY1", 30_00, on="2026-02-27"), a_payment("LOST", 7_77, on="2026-02-10"))
    told.tell(*map(a_unit, UNITS[3:]), *(a_line(unit, ("A", "2025-06-01")) for unit in UNITS[3:]), _POOL)
    told.tell(a_charge("ROOF", 100_00, unit="U1", on="2026-02-12"), a_charge("POOL", 99_98, pool="S1", on="2026-02-14"))
    told.write(CHARGE_RAISED, b"U1", b"not an event")
    told.tell(
        a_payment("PAY1", 30_00, on="2026-02-26", unit_id="U1"), a_payment("PAY2", 20_00, on="2026-02-26", unit_id="U2")
    )
    told.write(CHARGE_RAISED, b"U1", told.records[0].value)
    told.tell(a_payment("PAY2", 20_00, on="2026-02-26", unit_id="U2"), a_credit("CR2", "NEVER", 1_00, on="2026-03-01"))
    told.write(CHARGE_RAISED, b"S1", told.records[0].value.replace(b'"amount_pence":5001', b'"amount_pence":5002'))
    told.tell(a_line("U3", ("A", "2025-06-01"), ("B", "2026-02-01"), version=2))
    told.end_day(DAY)
    return tuple(told.records)
