"""Letters that go by post: batches that appear whole or not at all."""

import hashlib
import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from services.notify.db import messages
from services.notify.usecases import printing
from shared.db import driver
from shared.events.notify import MessageChannel, MessageSent
from tests.integration.notify.conftest import DAY, Office
from tests.support.letters import a_receipt, a_stage, by_post


async def queued(office: Office, owners: int = 2) -> None:
    await office.close_of(owners)
    await office.hear(*(by_post(f"P{n}") for n in range(1, owners + 1)))
    await office.work()


def batches(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir())


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
    printing.write_batch(folder, letters, "dead")
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
    (folder / ".building-dead").mkdir(parents=True)
    await office.expire_leases()
    await office.print(folder)
    assert await office.states() == {"handed-over": 2}
    assert [path.name for path in batches(folder)] == [f"{DAY}-dead"]


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
        printing.write_batch(folder, letters, "dead")
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

    monkeypatch.setattr(printing, "write_batch", full)
    await office.print(tmp_path / "print")
    assert await office.states() == {"deferred": 2}
    monkeypatch.undo()
    await office.hurry()
    await office.print(tmp_path / "print")
    assert await office.states() == {"handed-over": 2}
