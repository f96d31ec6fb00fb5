"""The print folder: letters that go by post, a batch at a time, each batch appearing whole or not at all."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import TypeVar
from uuid import UUID

import asyncpg

from services.notify.db import messages
from services.notify.db.messages import PrintLease, PrintMessage
from services.notify.domain.dispatch import Answer, State, Step
from services.notify.usecases import print_folder
from services.notify.usecases.background import Bell, report, wait
from services.notify.usecases.dispatch import reasons_to_suppress, story
from services.notify.usecases.sending import Rules
from shared import metrics
from shared.bus.transaction import Sessions
from shared.db.engine import driver
from shared.log_events import LogEvent
from shared.logs import log

LETTERS_IN_A_BATCH = 200
_IDLE_SECONDS = 1.0
_TRY_AGAIN = timedelta(minutes=1)
_LETTERS_IN_A_LEASE = 20
_LAID_OUT = Step(State.HANDED_OVER)
_T = TypeVar("_T")


class _UnprintedError(Exception):
    """A batch could not be written, or a letter of it was withdrawn meanwhile: what is left of it is tried again."""


class _LostError(Exception):
    """Another has taken the batch over."""


@dataclass
class Printer:
    """Lays letters out for printing; ``folder/<day>-<batch>/`` holds PDFs and ``manifest.jsonl``."""

    sessions: Sessions
    folder: Path
    rules: Rules
    bell: Bell

    async def run(self, stopping: asyncio.Event) -> None:
        """Lay out letters until told to stop; nothing that happens here ends it."""
        ear = self.bell.listen()
        while not stopping.is_set():
            try:
                busy = self.rules.enabled and await self._round()
            except Exception as error:  # noqa: BLE001 - the database or the disk is away: leases keep everything
                report(error, "printer")
                busy = False
            if not busy:
                await wait(ear, _IDLE_SECONDS)

    async def _round(self) -> bool:
        """Claim a batch (or take over one whose printer died), lay it out, note it; false when there is none."""
        async with self.sessions.begin() as session:
            connection = await driver(session)
            held = await self._claim(connection)
            if held is None:
                await self._sweep(connection)
                return False
            letters = await messages.list_batch(connection, held.batch)
            reasons = await self._suppress(connection, letters, held.batch)
        for letter in letters:
            if letter.message_id in reasons:
                log(LogEvent.MAIL_SUPPRESSED, **story(letter), reason_code=reasons[letter.message_id])
        left = [letter for letter in letters if letter.message_id not in reasons]
        if left:
            await self._lay_out(left, held)
        else:
            await asyncio.to_thread(print_folder.clear, self.folder, held.batch)
        self.bell.ring()
        return True

    async def _sweep(self, connection: asyncpg.Connection) -> None:
        """Clear away what printers that died have left of batches that nobody has in hand any more."""
        begun = await asyncio.to_thread(print_folder.attempts, self.folder)
        for batch in begun - await messages.claimed_prints(connection, begun) if begun else ():
            await asyncio.to_thread(print_folder.clear, self.folder, batch)

    async def _claim(self, connection: asyncpg.Connection) -> PrintLease | None:
        lease = self.rules.lease
        held = await messages.reclaim_prints(connection, lease)
        return held or await messages.claim_prints(connection, token_hex(4), lease, LETTERS_IN_A_BATCH)

    async def _suppress(
        self, connection: asyncpg.Connection, letters: Sequence[PrintMessage], batch: str
    ) -> Mapping[UUID, str]:
        """End here what must not go out any more; return why.  A batch that lies in the folder is out already."""
        if letters and print_folder.place_of(self.folder, letters, batch).exists():
            return {}
        reasons = await reasons_to_suppress(connection, letters)
        for message_id, reason in reasons.items():
            await messages.end(connection, message_id, batch, Step(State.SUPPRESSED), reason)
        return reasons

    async def _lay_out(self, letters: Sequence[PrintMessage], held: PrintLease) -> None:
        """Print a batch and say so; one that cannot be is tried again later, unless another has taken it over."""
        place, step, answer = print_folder.place_of(self.folder, letters, held.batch), _LAID_OUT, "laid out"
        try:
            ended = await self._print(letters, held, place, answer)
        except _LostError:
            return
        except _UnprintedError as error:
            if place.exists():
                raise  # it is out, and not noted yet: whoever takes it over finds it there
            step, answer = Step(State.DEFERRED, _TRY_AGAIN), str(error)
            async with self.sessions.begin() as session:
                ended = await messages.end_batch(await driver(session), held, step, answer)
        await asyncio.to_thread(print_folder.clear, self.folder, held.batch)
        _tell([letter for letter in letters if letter.message_id in ended], step, answer)

    async def _print(
        self, letters: Sequence[PrintMessage], held: PrintLease, place: Path, answer: str
    ) -> Collection[UUID]:
        """Write a batch, and let it appear as its end is noted: both, or neither; returns which letters it is of.

        Whoever takes a batch over waits for that transaction, and then finds it in its place.
        """
        lies_there = await asyncio.to_thread(place.exists)
        building = None if lies_there else await _on_disk(print_folder.begin, self.folder, held.batch)
        try:
            if building is not None:
                await self._write(building, letters, held)
            async with self.sessions.begin() as session:
                ended = await messages.end_batch(await driver(session), held, _LAID_OUT, answer)
                if not ended:
                    raise _LostError
                if len(ended) < len(letters):
                    raise _UnprintedError("changed meanwhile")
                if building is not None:
                    await _on_disk(print_folder.appear, building, place)
            return ended
        finally:
            if building is not None:
                await asyncio.to_thread(print_folder.discard, building)

    async def _write(self, building: Path, letters: Sequence[PrintMessage], held: PrintLease) -> None:
        """Write a batch's letters, some at a time, each time with a fresh lease."""
        for start in range(0, len(letters), _LETTERS_IN_A_LEASE):
            await _on_disk(print_folder.write, building, letters[start : start + _LETTERS_IN_A_LEASE])
            async with self.sessions.begin() as session:
                if not await messages.renew_prints(await driver(session), held, self.rules.lease):
                    raise _LostError


async def _on_disk(work: Callable[..., _T], *given: object) -> _T:
    """Do something with files, beside everything else; what the disk refuses is not what the database refuses."""
    try:
        return await asyncio.to_thread(work, *given)
    except OSError as error:
        raise _UnprintedError(type(error).__name__) from error


def _tell(letters: Sequence[PrintMessage], step: Step, answer: str) -> None:
    """Count and log what became of letters of a batch."""
    is_printed = step.state is State.HANDED_OVER
    outcome = Answer.ACCEPTED if is_printed else Answer.NOT_NOW
    metrics.MAIL_SENT.labels("print", outcome.value, "").inc(len(letters))
    for letter in letters:
        log(LogEvent.LETTER_PRINTED if is_printed else LogEvent.MAIL_DEFERRED, **story(letter), reason_code=answer)
