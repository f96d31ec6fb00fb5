"""Backups rehearsed: a hearer restored from an older one ends where it stood; a sender that forgot is not let speak."""

import json

import pytest
import pytest_asyncio

from shared.cli.databases import Databases
from shared.cli.environment import resolve
from tests.system.office import Office
from tests.system.story import FIRST_QUARTER, opening

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
    await office.close("2026-05-25")
    await office.ask("settle")
    return office


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


async def test_a_hearer_restored_from_an_older_backup_ends_where_it_stood(backed_up: Office) -> None:
    before = await backed_up.ask("arrears"), await backed_up.ask("letters"), await backed_up.ask("accounts")
    assert any(one["stage"] for one in before[0])
    await backed_up.stack.stop_service("arrears")
    restored = await backed_up.ask("restore", str(backed_up.folder / "backup"), "arrears", "--replace")
    assert restored["restored"][0]["kept"]
    await backed_up.stack.start_service("arrears")
    await backed_up.close("2026-05-26")
    await backed_up.ask("settle")
    after = await backed_up.ask("arrears"), await backed_up.ask("letters"), await backed_up.ask("accounts")
    assert after == before
    assert (await backed_up.ask("verify"))["ok"]
    assert (await backed_up.ask("rebuild", "arrears"))["ok"]


@pytest.mark.parametrize("service", ["billing", "notify"])
async def test_a_sender_that_forgot_what_it_said_does_not_start(backed_up: Office, service: str) -> None:
    said = {service: await backed_up.ask("status")}
    await backed_up.stack.stop_service(service)
    answer = await backed_up.ask("restore", str(backed_up.folder / "backup"), service, "--replace")
    process = backed_up.stack.spawn_service(service)
    await process.child.wait(30)
    assert process.child.exit_code == 69
    assert "said_is_forgotten" in process.child.log.read_text()
    databases = Databases(resolve(backed_up.stack.directory))
    await databases.drop(databases.name(service))
    await databases.rename(answer["restored"][0]["kept"], databases.name(service))
    await backed_up.stack.start_service(service)
    assert await backed_up.ask("status") == said[service]
