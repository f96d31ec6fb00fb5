"""The sender: claims e-mails under a lease, hands them over one by one, and notes honestly what became of each."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from secrets import token_hex

from services.notify.db import messages
from services.notify.db.messages import ClaimedMail
from services.notify.domain import dispatch
from services.notify.domain.dispatch import Answer, Patience, State, Step
from services.notify.usecases.background import Bell, report, wait
from services.notify.usecases.dispatch import reasons_to_suppress, story
from services.notify.usecases.mail_server import Delivery, MailServer
from shared import metrics
from shared.bus.sleeping import sleep_unless
from shared.bus.transaction import Sessions
from shared.db.engine import driver
from shared.log_events import LogEvent
from shared.logs import log

_MOST_IN_A_CLAIM = 20
_IDLE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 15.0

_LINES = {
    Answer.ACCEPTED: LogEvent.MAIL_HANDED_OVER,
    Answer.NOT_NOW: LogEvent.MAIL_DEFERRED,
    Answer.NO_CONNECTION: LogEvent.MAIL_DEFERRED,
    Answer.REFUSED: LogEvent.MAIL_BOUNCED,
    Answer.SILENCE: LogEvent.MAIL_UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the sender may do, from the settings."""

    enabled: bool
    patience: Patience
    lease: timedelta
    allowed_domains: frozenset[str]
    seconds_between: float

    @property
    def mails_in_a_claim(self) -> int:
        """Return how many mails to claim at once: the pauses between them fill half of the lease at most."""
        if not self.seconds_between:
            return _MOST_IN_A_CLAIM
        return max(1, min(_MOST_IN_A_CLAIM, int(self.lease.total_seconds() / 2 / self.seconds_between)))


class _Became(Enum):
    """What came of a claimed mail: spoken of with the server, no longer to be sent by us, or the server is away."""

    TRIED = auto()
    NOT_OURS = auto()
    CUT_OFF = auto()


@dataclass
class Sender:
    """One worker with one connection; several may run, in several processes."""

    sessions: Sessions
    server: MailServer
    rules: Rules
    bell: Bell
    outage: bool = field(default=False)
    _failing: bool = field(default=False)
    _pause: float = field(default=_IDLE_SECONDS)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until told to stop; nothing that happens here ends it."""
        self._stopping = stopping
        ear = self.bell.listen()
        while not stopping.is_set():
            try:
                busy, self._failing = await self.one_round(), False
            except Exception as error:  # noqa: BLE001 - the database is away: leases see to it that nothing is lost
                report(error, "sender")
                busy, self._failing = False, True
            if not busy:
                await wait(ear, self._rest())
        await self.server.leave()

    def _rest(self) -> float:
        """Return how long to wait: a second, and longer each time while the mail server or the database is away."""
        is_longer = self.outage or self._failing
        self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS) if is_longer else _IDLE_SECONDS
        return self._pause

    async def one_round(self) -> bool:
        """Recover, claim, send; returns whether there was anything to do.  With the kill switch off, nothing is."""
        if not self.rules.enabled:
            return False
        if self.outage and not await self._answers_again():
            return False
        claim = token_hex(8)
        mails = await self._claim(claim)
        if not mails:
            await self.server.leave()
            return False
        await self._send_all(mails, claim)
        self.bell.ring()
        return True

    async def _answers_again(self) -> bool:
        """Try the mail server after an outage; what only waited for it is due at once."""
        if await self.server.connect() is not None:
            return False
        async with self.sessions.begin() as session:
            await messages.resume(await driver(session))
        self.outage = False
        return True

    async def _claim(self, claim: str) -> list[ClaimedMail]:
        """Take what is due, and end here what must not go out; the lease is committed before any dialogue."""
        async with self.sessions.begin() as session:
            connection = await driver(session)
            recovered = await messages.recover(connection, self.rules.patience.silence_wait)
            mails = await messages.claim_mails(connection, claim, self.rules.lease, self.rules.mails_in_a_claim)
            stopped = dict(await reasons_to_suppress(connection, mails))
            for mail in mails:
                if mail.mailbox is not None and not dispatch.is_allowed(mail.mailbox, self.rules.allowed_domains):
                    stopped[mail.message_id] = "recipient-not-allowed"
            for message_id, reason in stopped.items():
                await messages.end(connection, message_id, claim, Step(State.SUPPRESSED), reason)
        for message_id, account_id, state in recovered:
            if state is not State.QUEUED:
                facts = {"message_id": str(message_id), "account_id": account_id, "state": state.value}
                log(LogEvent.MAIL_UNKNOWN, **facts, reason_code="sender-died")
        for mail in mails:
            if mail.message_id in stopped:
                log(LogEvent.MAIL_SUPPRESSED, **story(mail), reason_code=stopped[mail.message_id])
        return [mail for mail in mails if mail.message_id not in stopped]

    async def _send_all(self, mails: Sequence[ClaimedMail], claim: str) -> None:
        """Send a claim's mails; gives back what was not begun when the server goes away or the process stops."""
        for mail in mails:
            became = _Became.CUT_OFF if self._stopping.is_set() else await self._send(mail, claim)
            if became is _Became.CUT_OFF:
                break
            if became is _Became.TRIED and self.rules.seconds_between:
                await sleep_unless(self._stopping, self.rules.seconds_between)
        async with self.sessions.begin() as session:
            await messages.release(await driver(session), claim)

    async def _send(self, mail: ClaimedMail, claim: str) -> _Became:
        """Send one mail, if it is still ours to send and the server can be reached."""
        trouble = await self.server.connect()
        async with self.sessions.begin() as session:
            begun = await messages.begin(await driver(session), mail.message_id, claim, self.rules.lease)
        if trouble is not None:
            self.outage = True
            log(LogEvent.MAIL_BLOCKED, error_type=trouble)
        if begun is None:
            return _Became.NOT_OURS if trouble is None else _Became.CUT_OFF
        body, tried_for = begun
        if trouble is not None:
            await self._end(mail, claim, Delivery(Answer.NO_CONNECTION, Answer.NO_CONNECTION), tried_for)
            return _Became.CUT_OFF
        if body is None or mail.mailbox is None:
            await self._note(mail, claim, Step(State.WITHDRAWN), "erased", silent=False)
            log(LogEvent.LETTER_WITHDRAWN, **story(mail), reason_code="erased")
            return _Became.NOT_OURS
        delivery = await self.server.hand_over(mail.mailbox, body)
        await self._end(mail, claim, delivery, tried_for)
        return _Became.TRIED

    async def _end(self, mail: ClaimedMail, claim: str, delivery: Delivery, tried_for: timedelta) -> None:
        step = dispatch.after(
            delivery.answer,
            attempts=mail.attempts,
            silences=mail.silences,
            tried_for=tried_for,
            patience=self.rules.patience,
        )
        await self._note(mail, claim, step, delivery.said, silent=delivery.answer is Answer.SILENCE)
        metrics.MAIL_SENT.labels("email", delivery.answer.value, str(delivery.code or "")).inc()
        log(
            _LINES[delivery.answer], **story(mail), state=step.state.value, attempt=mail.attempts + 1,
            reason_code=delivery.said, status_code=delivery.code or None,
        )  # fmt: skip

    async def _note(self, mail: ClaimedMail, claim: str, step: Step, said: str, *, silent: bool) -> None:
        async with self.sessions.begin() as session:
            await messages.end(await driver(session), mail.message_id, claim, step, said, silent=silent)
