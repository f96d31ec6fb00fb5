"""Letters that go by post: batches that appear whole or not at all."""

import asyncio
import hashlib
import json
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import asyncpg.transaction
import pytest

from services.notify.db import messages
from services.notify.db.messages import PrintMessage
from services.notify.usecases import print_folder
from services.notify.usecases.background import Bell
from services.notify.usecases.printing import Printer
from shared.db import driver
from shared.events.notify import MessageChannel, MessageSent
from shared.events.owners import ContactKind
from tests.integration.notify.conftest import DAY, Office
from tests.support.letters import a_receipt, a_stage, by_post


async def queued(office: Office, owners: int = 2) -> None:
    await office.close_of(owners)
    await office.hear(*(by_post(f"P{n}") for n in range(1, owners + 1)))
    await office.work()


def batches(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name != ".building")


def attempts(folder: Path) -> list[Path]:
    return list((folder / ".building").iterdir())


def lay_down(folder: Path, letters: list[PrintMessage], batch: str) -> None:
    """Write a batch and let it appear, as a printer does that dies before it can note it."""
    building = print_folder.begin(folder, batch)
    print_folder.write(building, letters)
    print_folder.appear(building, print_folder.place_of(folder, letters, batch))


async def test_a_batch_holds_its_letters_and_a_manifest(office: Office, tmp_path: Path) -> None:
    await queued(office)
    await office.print(tmp_path / "print")
    assert await office.states() == {"handed-over": 2}
    (batch,) = batches(tmp_path / "print")
    assert batch.name.startswith(DAY.isoformat())
    assert batch.stat().st_mode & 0o007 == 0
    rows = [json.loads(line) for line in (batch / "manifest.jsonl").read_text().splitlines()]
    for row in rows:
        assert hashlib.sha256((batch / row["file"]).read_bytes()).hexdigest() == row["sha256"]
    assert len(rows) == 2
    assert len(list(batch.glob("*.pdf"))) == 2
    said = await office.say()
    assert {one.channel for one in said if isinstance(one, MessageSent)} == {MessageChannel.PRINT}


async def test_a_printer_that_died_after_writing_prints_nothing_twice(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "print"
    await queued(office)
    async with office.sessions.begin() as session:
        connection = await driver(session)
        assert await messages.claim_prints(connection, "dead", timedelta(minutes=2), 200)
        letters = await messages.list_batch(connection, "dead")
    lay_down(folder, letters, "dead")
    await office.print(folder)
    assert await office.states() == {"claimed": 2}
    await office.expire_leases()
    await office.print(folder)
    assert await office.states() == {"handed-over": 2}
    assert [path.name for path in batches(folder)] == [f"{DAY}-dead"]


async def test_a_printer_that_died_before_writing_loses_nothing(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "print"
    await queued(office)
    async with office.sessions.begin() as session:
        assert await messages.claim_prints(await driver(session), "dead", timedelta(minutes=2), 200)
    left = print_folder.begin(folder, "dead")
    await office.expire_leases()
    await office.print(folder)
    assert await office.states() == {"handed-over": 2}
    assert [path.name for path in batches(folder)] == [f"{DAY}-dead"]
    assert not left.exists()


async def test_a_reminder_whose_money_came_since_is_not_printed(office: Office, tmp_path: Path) -> None:
    await queued(office, 1)
    await office.print(tmp_path / "print")
    await office.hear(a_stage(), book=date(2026, 5, 6))
    await office.work(date(2026, 5, 6))
    await office.hear(a_receipt(), book=date(2026, 5, 7))
    await office.billing_closed(date(2026, 5, 7))
    await office.print(tmp_path / "print")
    assert await office.states() == {"handed-over": 1, "suppressed": 1}
    assert len(batches(tmp_path / "print")) == 1


@pytest.mark.parametrize("written", [False, True])
async def test_a_reminder_that_must_not_go_any_more_goes_in_no_batch_that_is_taken_over_unless_it_lies_there(
    office: Office, tmp_path: Path, written: bool
) -> None:
    folder = tmp_path / "print"
    await queued(office, 1)
    await office.print(folder)
    await office.hear(a_stage(), book=date(2026, 5, 6))
    await office.work(date(2026, 5, 6))
    async with office.sessions.begin() as session:
        connection = await driver(session)
        assert await messages.claim_prints(connection, "dead", timedelta(minutes=2), 200)
        letters = await messages.list_batch(connection, "dead")
    if written:
        lay_down(folder, letters, "dead")
    await office.hear(a_receipt(), book=date(2026, 5, 7))
    await office.billing_closed(date(2026, 5, 7))
    await office.expire_leases()
    await office.print(folder)
    states = {"handed-over": 2} if written else {"handed-over": 1, "suppressed": 1}
    assert (await office.states(), len(batches(folder))) == (states, 1 + written)


async def test_a_folder_that_cannot_be_written_defers_the_batch(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await queued(office)

    def full(*_: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(print_folder, "write", full)
    await office.print(tmp_path / "print")
    assert await office.states() == {"deferred": 2}
    monkeypatch.undo()
    await office.hurry()
    await office.print(tmp_path / "print")
    assert await office.states() == {"handed-over": 2}
    assert len(batches(tmp_path / "print")) == 1


class Slow:
    """A printer that stands still once it has written a batch, while others go on."""

    def __init__(self, office: Office, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._written, self._goes_on = threading.Event(), threading.Event()
        self._printer = Printer(office.sessions, folder, office.rules, Bell())
        self._write = print_folder.write
        self._patch = monkeypatch

    async def write(self) -> "asyncio.Task[bool]":
        """Return the task that prints one batch, when it has written it."""
        self._patch.setattr(print_folder, "write", self._write_and_wait)
        task = asyncio.create_task(self._printer._round())
        await asyncio.to_thread(self._written.wait, 60)
        self._patch.setattr(print_folder, "write", self._write)
        return task

    def go_on(self) -> None:
        """Let it go on."""
        self._goes_on.set()

    def _write_and_wait(self, *given: Any) -> None:
        self._write(*given)
        self._written.set()
        self._goes_on.wait(60)


async def test_a_printer_whose_batch_was_taken_over_prints_nothing_twice_and_takes_nothing_away(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "print"
    await queued(office)
    slow = Slow(office, folder, monkeypatch)
    first = await slow.write()
    await office.expire_leases()
    await office.print(folder)
    slow.go_on()
    await first
    (batch,) = batches(folder)
    assert len(list(batch.glob("*.pdf"))) == len((batch / "manifest.jsonl").read_text().splitlines()) == 2
    assert [row["attempts"] for row in await office.rows("select attempts from notify.messages")] == [1, 1]


async def test_a_disk_that_fills_up_under_a_printer_that_was_replaced_queues_nothing_again(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It learns too late that it cannot write: whoever took the batch over is still at it."""
    folder = tmp_path / "print"
    await queued(office)
    async with office.sessions.begin() as session:
        connection = await driver(session)
        held = await messages.claim_prints(connection, "dead", timedelta(minutes=2), 200)
        letters = await messages.list_batch(connection, "dead")
    assert held is not None
    await office.expire_leases()
    async with office.sessions.begin() as session:
        assert await messages.reclaim_prints(await driver(session), timedelta(minutes=2)) is not None

    def full(*_: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(print_folder, "write", full)
    await Printer(office.sessions, folder, office.rules, Bell())._lay_out(letters, held)
    assert await office.states() == {"claimed": 2}


async def test_a_letter_withdrawn_while_it_is_written_is_not_printed_with_the_others(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "print"
    await queued(office)
    slow = Slow(office, folder, monkeypatch)
    first = await slow.write()
    async with office.sessions.begin() as session:
        withdrawn = await messages.withdraw(await driver(session), [(ContactKind.PARTY, "P1")])
    assert len(withdrawn) == 1
    slow.go_on()
    await first
    assert await office.states() == {"deferred": 1, "withdrawn": 1}
    assert (batches(folder), attempts(folder)) == ([], [])
    await office.hurry()
    await office.print(folder)
    (batch,) = batches(folder)
    assert len(list(batch.glob("*.pdf"))) == 1


async def test_of_a_batch_that_was_withdrawn_whole_nothing_is_left(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "print"
    await queued(office, 1)
    slow = Slow(office, folder, monkeypatch)
    first = await slow.write()
    async with office.sessions.begin() as session:
        await messages.withdraw(await driver(session), [(ContactKind.PARTY, "P1")])
    slow.go_on()
    await first
    assert (await office.states(), batches(folder), attempts(folder)) == ({"withdrawn": 1}, [], [])


async def test_what_a_dead_printer_left_of_a_batch_that_nobody_has_in_hand_is_cleared_away(
    office: Office, tmp_path: Path
) -> None:
    """Its letters were withdrawn since, or must not go out any more: nobody takes it over."""
    folder = tmp_path / "print"
    await queued(office, 1)
    async with office.sessions.begin() as session:
        connection = await driver(session)
        assert await messages.claim_prints(connection, "dead", timedelta(minutes=2), 200)
        print_folder.write(print_folder.begin(folder, "dead"), await messages.list_batch(connection, "dead"))
    await office.print(folder)
    assert len(attempts(folder)) == 1
    async with office.sessions.begin() as session:
        await messages.withdraw(await driver(session), [(ContactKind.PARTY, "P1")])
    await office.print(folder)
    assert attempts(folder) == []


async def test_a_batch_whose_commit_was_not_heard_of_is_not_printed_again(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is in its place and nothing is noted: that is for whoever takes the batch over, not for a new one."""
    folder = tmp_path / "print"
    await queued(office)
    commit = asyncpg.transaction.Transaction.commit

    async def unheard(transaction: asyncpg.transaction.Transaction) -> None:
        if batches(folder):
            cast("Any", transaction)._connection.terminate()
            raise TimeoutError
        await commit(transaction)

    folder.mkdir()
    monkeypatch.setattr(asyncpg.transaction.Transaction, "commit", unheard)
    with pytest.raises(TimeoutError):
        await Printer(office.sessions, folder, office.rules, Bell())._round()
    monkeypatch.undo()
    assert await office.states() == {"claimed": 2}
    await office.expire_leases()
    await office.print(folder)
    assert (await office.states(), len(batches(folder))) == ({"handed-over": 2}, 1)


async def test_printers_that_find_a_dead_ones_batch_at_once_do_not_stand_in_each_others_way(office: Office) -> None:
    await queued(office, 6)
    for _ in range(10):
        async with office.sessions.begin() as session:
            await (await driver(session)).execute("update notify.messages set state = 'queued', claim = null")
            assert await messages.claim_prints(await driver(session), "dead", timedelta(minutes=2), 200)
        await office.expire_leases()

        async def reclaim() -> object:
            async with office.sessions.begin() as session:
                return await messages.reclaim_prints(await driver(session), timedelta(minutes=2))

        found = await asyncio.gather(*(reclaim() for _ in range(3)))
        assert sum(one is not None for one in found) == 1
