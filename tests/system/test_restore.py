"""Backups rehearsed: whoever is restored from an older one ends where it stood; who cannot is not let speak."""

import json
from typing import Any

import pytest
import pytest_asyncio

from shared.cli.databases import Databases
from shared.cli.environment import resolve
from tests.system.office import Office
from tests.system.story import FIRST_QUARTER, opening, paid, shared
from tests.system.test_rebuild import by_two, staff

pytestmark = pytest.mark.slow  # five months told, then told again


@pytest_asyncio.fixture(scope="module")
async def backed_up(office: Office) -> Office:
    """Tell January, back up, and go on to the statements of April and the reminders of May."""
    await office.publish(opening())
    await office.close("2025-12-31")
    await office.publish([one for _, page in FIRST_QUARTER[:3] for one in page])
    await office.close("2026-04-02")
    await office.ask("settle")
    await office.ask("backup", "--to", str(office.folder / "backup"))
    await office.publish([one for _, page in FIRST_QUARTER[3:] for one in page])
    await office.publish([paid("PAY-LOST", 20_00, "2026-04-02", "cash"), SPOILT])
    await office.close("2026-05-25")
    await since_the_backup(office)
    await office.close("2026-05-26")
    await office.ask("settle")
    return office


SPOILT = shared("RPR-1", "repair", "SA", 999_00, "2026-01-20")
"""A dead letter that two people put away: an event that was said before, with another content."""


async def since_the_backup(office: Office) -> None:
    """Let people say whose money it is, give a debt up, end a fee, put a letter away and hold a debtor's letters."""
    refs = {one["ownership_id"]: one["account_ref"] for one in await office.ask("accounts")}
    await office.ask("suspense", "match", "PAY-LOST", refs["B1-C0"], "--reason", "letter of 3 May")
    await by_two(
        office, "write-off", "propose", refs["A4-C0"], "--ground", "uneconomic", "--evidence", "file 12/3",
        "--reason", "costs more than it brings",
    )  # fmt: skip
    await office.ask(
        "fees", "set", "FEE-A1", "--kind", "management-fee", "--for", "unit=A1", "--from", "2026-10-01",
        "--pounds", "140", "--words", "Management fee", "--reason", "board of 3 June", "--as", "finance",
    )  # fmt: skip
    letter = (await office.ask("dead-letters", "list", "--service", "billing"))[0]
    made = await office.ask("dead-letters", "discard", "billing", str(letter["id"]), "--reason", "said again")
    await office.ask("proposals", "approve", "billing", str(made["proposal"]), "--as", "finance")
    await staff(office, "POST", "/holds", account_ref=refs["A5-C0"], kind="dispute", reason="a letter")


async def test_the_manifest_says_where_each_service_stood(backed_up: Office) -> None:
    manifest = json.loads((backed_up.folder / "backup" / "manifest.json").read_text())["services"]
    assert {one["last_day_closed"] for one in manifest.values()} == {"2026-04-02"}
    assert all(one["highest_event"] > 0 for one in manifest.values())


async def test_a_restore_refuses_what_it_would_destroy(backed_up: Office) -> None:
    folder = str(backed_up.folder / "backup")
    running = await backed_up.run("restore", folder, "arrears", "--replace")
    assert (running.code, "arrears is running" in running.err) == (1, True)
    await backed_up.stack.stop_service("arrears")
    try:
        full = await backed_up.run("restore", folder, "arrears")
    finally:
        await backed_up.stack.start_service("arrears")
    assert (full.code, "is not empty" in full.err, "--replace" in full.err) == (1, True, True)
    nothing = await backed_up.run("restore", str(backed_up.folder), "arrears")
    assert (nothing.code, "no finished backup" in nothing.err) == (64, True)


async def test_a_damaged_file_is_not_restored(backed_up: Office) -> None:
    dump = backed_up.folder / "backup" / "owners.dump"
    whole = dump.read_bytes()
    dump.write_bytes(whole[:-1])
    try:
        answer = await backed_up.run("restore", str(dump.parent), "owners")
    finally:
        dump.write_bytes(whole)
    assert (answer.code, "not the file that was backed up" in answer.err) == (1, True)


async def standing(office: Office) -> dict[str, Any]:
    """Return what must be as it was: figures, decisions, letters, what waits and what people said."""
    asked = (
        ("arrears",), ("letters",), ("accounts",), ("suspense",), ("write-off", "list"), ("fees", "list"),
        ("proposals", "list"), ("dead-letters", "list", "--status", "discarded"),
    )  # fmt: skip
    answers = {" ".join(command): await office.ask(*command) for command in asked}
    told: dict[str, Any] = json.loads(json.dumps(answers), object_hook=_without_clocks)
    return told


def _without_clocks(told: dict[str, Any]) -> dict[str, Any]:
    """Leave out when a row was written, which a second time is later."""
    return {name: value for name, value in told.items() if not name.endswith(("_at", "_seen", "_attempt"))}


_NEXT_DAY = {"owners": "2026-05-27", "billing": "2026-05-28", "arrears": "2026-05-29"}
"""The day that each works and closes after its restore; they follow one another on one stack."""


@pytest.mark.parametrize("service", _NEXT_DAY)
async def test_a_service_restored_from_an_older_backup_ends_where_it_stood(backed_up: Office, service: str) -> None:
    before = await standing(backed_up)
    assert any(one["stage"] for one in before["arrears"])
    assert before["write-off list"]
    await backed_up.stack.stop_service(service)
    restored = await backed_up.ask("restore", str(backed_up.folder / "backup"), service, "--replace")
    assert restored["restored"][0]["kept"]
    process = await backed_up.stack.start_service(service)
    assert "forgotten_taken_in" in process.child.log.read_text()
    await backed_up.ask("settle")
    assert await standing(backed_up) == before
    await backed_up.publish([paid(f"PAY-{service}", 1_00, "2026-05-26", "cash", unit_id="B1")])
    day = _NEXT_DAY[service]
    await backed_up.close(day, day)
    await backed_up.ask("settle")
    assert (await backed_up.ask("verify"))["ok"]
    if service != "owners":
        assert (await backed_up.ask("rebuild", service))["ok"]


async def test_a_sender_whose_letters_have_left_does_not_start(backed_up: Office) -> None:
    said = await backed_up.ask("status")
    await backed_up.stack.stop_service("notify")
    answer = await backed_up.ask("restore", str(backed_up.folder / "backup"), "notify", "--replace")
    process = backed_up.stack.spawn_service("notify")
    await process.child.wait(30)
    assert process.child.exit_code == 69
    assert "said_is_forgotten" in process.child.log.read_text()
    databases = Databases(resolve(backed_up.stack.directory))
    await databases.drop(databases.name("notify"))
    await databases.rename(answer["restored"][0]["kept"], databases.name("notify"))
    await backed_up.stack.start_service("notify")
    assert await backed_up.ask("status") == said
