"""The print folder: letters that go by post, a batch at a time, each batch appearing whole or not at all."""

import asyncio
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from uuid import UUID

import asyncpg

from services.notify.db import messages
from services.notify.db.messages import PrintMessage
from services.notify.domain import identity
from services.notify.domain.dispatch import Answer, State, Step
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
        """Claim a batch (or take over one whose sender died), lay it out, note it; false when there is none."""
        async with self.sessions.begin() as session:
            connection = await driver(session)
            batch = await messages.reclaim_prints(connection, self.rules.lease)
            if batch is None:
                batch = token_hex(4)
                if not await messages.claim_prints(connection, batch, self.rules.lease, LETTERS_IN_A_BATCH):
                    return False
            letters = await messages.list_batch(connection, batch)
            reasons = await self._suppress(connection, letters, batch)
        for letter in letters:
            if letter.message_id in reasons:
                log(LogEvent.MAIL_SUPPRESSED, **story(letter), reason_code=reasons[letter.message_id])
        await self._lay_out([letter for letter in letters if letter.message_id not in reasons], batch)
        self.bell.ring()
        return True

    async def _suppress(
        self, connection: asyncpg.Connection, letters: Sequence[PrintMessage], batch: str
    ) -> Mapping[UUID, str]:
        """End here what must not go out any more; return why.  A batch that lies in the folder is out already."""
        if letters and _place(self.folder, letters, batch).exists():
            return {}
        reasons = await reasons_to_suppress(connection, letters)
        for message_id, reason in reasons.items():
            await messages.end(connection, message_id, batch, Step(State.SUPPRESSED), reason)
        return reasons

    async def _lay_out(self, letters: Sequence[PrintMessage], batch: str) -> None:
        step, answer = Step(State.HANDED_OVER), "laid out"
        try:
            await asyncio.to_thread(write_batch, self.folder, letters, batch)
        except OSError as error:
            step, answer = Step(State.DEFERRED, _TRY_AGAIN), type(error).__name__
        async with self.sessions.begin() as session:
            await messages.end_batch(await driver(session), batch, step, answer)
        outcome = Answer.ACCEPTED if step.state is State.HANDED_OVER else Answer.NOT_NOW
        metrics.MAIL_SENT.labels("print", outcome.value, "").inc(len(letters))
        for letter in letters:
            printed = step.state is State.HANDED_OVER
            line = LogEvent.LETTER_PRINTED if printed else LogEvent.MAIL_DEFERRED
            log(line, **story(letter), reason_code=answer)


def write_batch(folder: Path, letters: Sequence[PrintMessage], batch: str) -> None:
    """Write a batch's PDFs and manifest beside its place and move the folder there at once; again is harmless."""
    if not letters:
        return
    place = _place(folder, letters, batch)
    if place.exists():
        return
    building = folder / f".building-{batch}"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(mode=0o750, parents=True)  # owners' letters: for the service and the group that prints
    rows = []
    for letter in letters:
        if letter.body is None:
            continue
        name = print_name(letter)
        _write(building / name, letter.body)
        rows.append(_row(letter, name))
    _write(building / "manifest.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows).encode())
    building.rename(place)
    _sync_directory(folder)


def _place(folder: Path, letters: Sequence[PrintMessage], batch: str) -> Path:
    """Return where a batch appears; its letters are of one day."""
    return folder / f"{letters[0].created_on.isoformat()}-{batch}"


def print_name(letter: PrintMessage) -> str:
    """Return a PDF's name: made by us, unique in the batch, without anybody's name."""
    name = identity.file_name(letter.account_ref, letter.template, letter.dated_on)
    return f"{name.removesuffix('.pdf')}-{str(letter.message_id)[:8]}.pdf"


def _row(letter: PrintMessage, name: str) -> dict[str, str]:
    return {
        "file": name,
        "message_id": str(letter.message_id),
        "account_ref": letter.account_ref,
        "template": letter.template,
        "template_version": letter.template_version,
        "dated_on": letter.dated_on.isoformat(),
        "sha256": letter.sha256.hex(),
    }


def _write(path: Path, body: bytes) -> None:
    with path.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
