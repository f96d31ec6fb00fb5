"""Ways of spoiling the works: each is an error somebody could make, and each must be found out."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer

from services.notify.db import messages
from services.notify.db.messages import ClaimedMail
from services.notify.domain.dispatch import Answer
from services.notify.usecases.mail_server import Delivery, MailServer
from services.notify.usecases.sending import Sender
from shared.bus import gate, positions
from shared.bus.relay import Relay


def _commits_apart(step: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Return a step on a connection whose effect commits at once, and the rest of its transaction later."""

    async def run(connection: asyncpg.Connection, *arguments: Any) -> Any:
        result = await step(connection, *arguments)
        await connection.execute("commit")
        await connection.execute("begin")
        return result

    return run


def positions_apart() -> None:
    """The positions of a batch are committed before its effect."""
    positions.fence = _commits_apart(positions.fence)  # type: ignore[assignment]


def progress_apart() -> None:
    """The progress of a slice is committed before its effect."""
    gate.advance = _commits_apart(gate.advance)  # type: ignore[assignment]


def said_apart() -> None:
    """A letter's end is noted as said before the event is stored."""
    messages.mark_said = _commits_apart(messages.mark_said)  # type: ignore[assignment]


def forgotten_before_sent() -> None:
    """The relay forgets a page before the broker has it."""
    send, mark = Relay._send, Relay._mark
    producers: list[AIOKafkaProducer] = []

    async def keep(self: Relay, producer: AIOKafkaProducer, page: Sequence[asyncpg.Record]) -> None:
        producers.append(producer)

    async def mark_and_send(self: Relay, connection: asyncpg.Connection, page: Sequence[asyncpg.Record]) -> None:
        await mark(self, connection, page)
        await send(self, producers.pop(), page)

    Relay._send, Relay._mark = keep, mark_and_send  # type: ignore[method-assign]


def noted_before_sent() -> None:
    """A letter is noted as handed over before the mail server has it."""
    hand_over, end = MailServer.hand_over, Sender._end
    letters: list[tuple[str, bytes]] = []

    async def promise(self: MailServer, recipient: str, body: bytes) -> Delivery:
        letters.append((recipient, body))
        return Delivery(Answer.ACCEPTED, "250 after message", 250)

    async def end_and_hand_over(
        self: Sender, mail: ClaimedMail, claim: str, delivery: Delivery, tried_for: timedelta
    ) -> None:
        await end(self, mail, claim, delivery, tried_for)
        await hand_over(self.server, *letters.pop())

    MailServer.hand_over, Sender._end = promise, end_and_hand_over  # type: ignore[method-assign]


WAYS: dict[str, Callable[[], None]] = {
    way.__name__: way for way in (positions_apart, progress_apart, said_apart, forgotten_before_sent, noted_before_sent)
}
"""Each way by its name, as a case names it."""
