"""What the housing system says during a run: charges, payments and days, each said until Kafka has taken it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from aiokafka.errors import KafkaError

from tests.support.bus import cloud_event
from tests.support.faults import Plant
from tests.support.plant_parts import Said

PER_SECOND = 20
DAY_EVERY_S = 3.0

_T = TypeVar("_T")


@dataclass
class Load:
    """Publishes a mixture and ends days until told to stop; knows what it has published, by topic."""

    plant: Plant
    events: Counter[str] = field(default_factory=Counter)
    pence: Counter[str] = field(default_factory=Counter)
    days: int = 0
    again: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def publish(self) -> None:
        """Publish so many facts a second; the batch that was begun is published to its end."""
        while not self.stopping.is_set():
            for fact in self.plant.mixture(PER_SECOND // 5):
                await self._say(fact)
            await self._pause(0.2)

    async def end_days(self) -> None:
        """End a day every few seconds: the services close them as they can."""
        while not self.stopping.is_set():
            await self._pause(DAY_EVERY_S)
            day = self.plant.today
            await self._until_taken(lambda day=day: self.plant.end_day(day))  # type: ignore[misc]
            self.days += 1

    async def _say(self, fact: Said) -> None:
        topic, key, data = fact
        value = cloud_event(f"housing.{topic}", data, self.plant.fresh("event"))
        await self._until_taken(lambda: self.plant.tools.send(f"housing.{topic}", value, key=key.encode()))
        self.events[topic] += 1
        self.pence[topic] += data["amount_pence"]

    async def _until_taken(self, publish: Callable[[], Awaitable[_T]]) -> _T:
        """Publish until Kafka says that it has it: what it took without saying so is then there twice."""
        while True:
            try:
                return await asyncio.wait_for(publish(), 10)
            except (KafkaError, OSError, TimeoutError):
                self.again += 1
                await asyncio.sleep(0.2)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)

    async def differences(self) -> list[str]:
        """Return where billing's facts differ from what was published."""
        found = []
        for topic, table in (("charge-raised", "charges"), ("payment-received", "payments")):
            amount = "net_pence + tax_pence" if table == "charges" else "amount_pence"
            (row,) = await self.plant.rows(
                "billing", f"select count(*) as n, coalesce(sum({amount}), 0)::bigint as pence from billing.{table}"
            )
            said, kept = (self.events[topic], self.pence[topic]), (row["n"], row["pence"])
            if said != kept:
                found.append(f"housing.{topic}: (events, pence) {said} published, {kept} in billing.{table}")
        return found
