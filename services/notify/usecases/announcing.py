"""Say what became of messages: state first, then the event, never the content."""

import asyncio
from dataclasses import dataclass

from services.notify.db import messages
from services.notify.db.messages import Ended
from services.notify.domain.dispatch import State
from services.notify.usecases.background import Bell, report, wait
from shared.bus.gate import GateClosedError
from shared.bus.transaction import Doors
from shared.bus.work import Cause, Work
from shared.db.engine import driver
from shared.events.base import EventData
from shared.events.notify import MessageChannel, MessageFailed, MessageSent
from shared.events.topics import MESSAGE_FAILED, MESSAGE_SENT, Channel

ENDS_AT_ONCE = 500
_IDLE_SECONDS = 1.0
_GATE_SECONDS = 0.2
_SELF = "closebook/notify"


@dataclass
class Announcer:
    """Says the ends of messages through the door of staff commands; waits while a day is being worked."""

    doors: Doors
    bell: Bell

    async def run(self, stopping: asyncio.Event) -> None:
        """Say ends until told to stop; nothing that happens here ends it."""
        ear = self.bell.listen()
        while not stopping.is_set():
            pause = _IDLE_SECONDS
            try:
                busy = await self._is_needed() and await self._say()
            except GateClosedError:
                busy, pause = False, _GATE_SECONDS
            except Exception as error:  # noqa: BLE001 - the database is away: what is unsaid is said later
                report(error, "announcer")
                busy = False
            if not busy:
                await wait(ear, pause)

    async def _is_needed(self) -> bool:
        async with self.doors.sessions.begin() as session:
            return await messages.has_unsaid(await driver(session))

    async def _say(self) -> bool:
        async with self.doors.command(Cause(_SELF, "dispatch")) as work:
            return await say_ends(work) == ENDS_AT_ONCE


async def say_ends(work: Work) -> int:
    """Say what became of messages that nobody has said yet; returns how many."""
    connection = await driver(work.session)
    ended = await messages.lock_unsaid(connection, ENDS_AT_ONCE)
    for message in ended:
        channel, data = _event(message)
        cause = Cause(message.cause_source, message.cause_id, message.correlation_id)
        work.stage(channel, data, cause=cause)
    await messages.mark_said(connection, [message.message_id for message in ended])
    return len(ended)


def _event(message: Ended) -> tuple[Channel, EventData]:
    if message.state is State.HANDED_OVER:
        return MESSAGE_SENT, MessageSent(
            message_id=str(message.message_id),
            account_id=message.account_id,
            template=message.template,
            channel=MessageChannel(message.channel),
            dated_on=message.dated_on,
            sha256=message.sha256.hex(),
        )
    return MESSAGE_FAILED, MessageFailed(
        message_id=str(message.message_id),
        account_id=message.account_id,
        template=message.template,
        channel=MessageChannel(message.channel),
        dated_on=message.dated_on,
        reason=f"{message.state}: {message.last_answer}",
    )
