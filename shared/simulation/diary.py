"""The diary: what the housing system will say on which day, in which order, under which identity."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from shared.events.base import EventData
from shared.events.envelope import encode
from shared.events.topics import Channel, key_of

_OFFICE_OPENS = time(8, 0)


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to say: an event, or bytes that are none (then ``reason`` is what they will be refused for)."""

    event_id: str
    topic: str
    key: str
    value: bytes
    reason: str | None = None


@dataclass
class Diary:
    """Remarks by day.  Said days are gone; what is noted for a day already said is said on the next one."""

    source: str
    opened_on: date
    pages: dict[date, list[tuple[str, Remark]]] = field(default_factory=lambda: defaultdict(list))

    def note(self, day: date, channel: Channel, data: EventData, event_id: str, order: str = "") -> Remark:
        """Note an event for ``day``; returns it.

        Within a day remarks go in order of ``order`` (by default the channel's place in the story), then of id, so
        that it does not matter when they were noted.
        """
        stamp = datetime.combine(day, _OFFICE_OPENS, UTC)
        value = encode(channel, data, id=event_id, source=self.source, time=stamp)
        remark = Remark(event_id, channel.topic, key_of(channel, data), value)
        self.add(day, remark, order)
        return remark

    def add(self, day: date, remark: Remark, order: str = "") -> None:
        """Note a remark that is ready to be said."""
        self.pages[max(day, self.opened_on)].append((order or _place(remark.topic), remark))

    def again(self, day: date, remark: Remark) -> None:
        """Note the same remark once more, byte for byte, after everything else of its day."""
        self.add(day, replace(remark), "9-again")

    def take(self, day: date) -> list[Remark]:
        """Return what is said on ``day`` and turn the page."""
        self.opened_on = day + timedelta(days=1)
        return [
            remark for _, remark in sorted(self.pages.pop(day, []), key=lambda noted: (noted[0], noted[1].event_id))
        ]

    def quiet_until(self, day: date) -> date:
        """Return the last day from ``day`` on before something is said again, a week later at most."""
        last = day
        while last < day + timedelta(days=6) and last + timedelta(days=1) not in self.pages:
            last += timedelta(days=1)
        return last


_STORY = (
    "housing.unit-registered", "housing.shares-published", "housing.ownership-changed", "housing.contact-changed",
    "housing.charge-raised", "housing.charge-credited", "housing.payment-received", "housing.payment-reversed",
)  # fmt: skip


def _place(topic: str) -> str:
    return f"{_STORY.index(topic)}" if topic in _STORY else "8"
