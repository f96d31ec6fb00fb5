"""Units and share sets at the service's own door, on a real PostgreSQL."""

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from services.owners.db import tables
from shared.db import migrate, msg
from shared.events.topics import OWNERS_LINE, OWNERS_SHARES, OWNERS_UNIT
from tests.integration.owners.conftest import Desk
from tests.support.ownership import a_change, a_share_set, a_unit, day


async def test_a_registered_unit_is_said(desk: Desk) -> None:
    await desk.hear(a_unit("U1", uprn="906700"))
    (said,) = await desk.said(OWNERS_UNIT)
    assert (said.unit_id, said.development_id, said.managed_from) == ("U1", "D1", day("2025-01-01"))


async def test_the_newest_registration_holds_whole(desk: Desk) -> None:
    await desk.hear(a_unit("U1", floor_area_m2="61.5"), after=1)
    await desk.hear(a_unit("U1", locality="East"), after=2)
    said = (await desk.said(OWNERS_UNIT))[-1]
    assert (said.locality, said.floor_area_m2) == ("East", None)


async def test_an_older_registration_that_arrives_late_changes_nothing(desk: Desk) -> None:
    await desk.hear(a_unit("U1", locality="East"), after=2)
    assert await desk.hear(a_unit("U1", locality="West"), after=1) == ["D"]
    assert [one.locality for one in await desk.said(OWNERS_UNIT)] == ["East"]


async def test_a_repeated_registration_counts_as_duplicate_but_as_said_then(desk: Desk) -> None:
    await desk.hear(a_unit("U1", locality="East"), after=1)
    assert await desk.hear(a_unit("U1", locality="East"), after=3) == ["U"]
    await desk.hear(a_unit("U1", locality="West"), after=2)
    assert [one.locality for one in await desk.said(OWNERS_UNIT)] == ["East"]


async def test_several_registrations_of_a_unit_in_one_batch_are_said_once(desk: Desk) -> None:
    outcomes = await desk.hear(a_unit("U1"), a_unit("U1"), a_unit("U1", locality="East"))
    assert outcomes == ["D", "U", "D"]
    assert [one.locality for one in await desk.said(OWNERS_UNIT)] == ["East"]


async def test_an_association_unit_has_a_line_from_its_registration_on(desk: Desk) -> None:
    await desk.hear(a_unit("U1", tenure="association"), a_unit("U2"))
    (said,) = await desk.said(OWNERS_LINE)
    assert (said.unit_id, said.version, said.line[0].internal) == ("U1", 1, True)


async def test_a_registration_that_ends_management_draws_the_line_anew(desk: Desk) -> None:
    await desk.hear(a_unit("U1"))
    await desk.hear(a_change("A", "2026-02-01"), a_change("B", "2026-07-01"))
    await desk.hear(a_unit("U1", managed_to="2026-06-30"))
    line = await desk.line()
    assert [(one.ownership_id, one.to) for one in line.line] == [("A", None)]
    assert [(one.ownership_id, str(one.reason)) for one in line.without_period] == [("B", "after-management")]


async def test_a_registration_that_does_not_touch_the_line_does_not_say_it_again(desk: Desk) -> None:
    await desk.hear(a_unit("U1", tenure="association"))
    await desk.hear(a_unit("U1", tenure="association", locality="East"))
    assert len(await desk.said(OWNERS_LINE)) == 1


async def test_a_share_set_that_totals_one_is_said_complete(desk: Desk) -> None:
    await desk.hear(a_share_set(("U1", 1, 2), ("U2", 1, 2)))
    assert [one.complete for one in await desk.said(OWNERS_SHARES)] == [True]


async def test_a_share_set_that_is_no_whole_is_said_incomplete(desk: Desk) -> None:
    await desk.hear(a_share_set(("U1", 1, 2), ("U2", 1, 3)))
    assert [one.complete for one in await desk.said(OWNERS_SHARES)] == [False]


async def test_the_newest_publication_of_a_day_holds(desk: Desk) -> None:
    await desk.hear(a_share_set(("U1", 1, 1)), after=2)
    await desk.hear(a_share_set(("U2", 1, 1)), after=1)
    await desk.hear(a_share_set(("U3", 1, 1), effective="2026-01-01"), after=1)
    said = await desk.said(OWNERS_SHARES)
    assert [(str(one.effective_from), one.members[0].unit_id) for one in said] == [
        ("2025-01-01", "U1"),
        ("2026-01-01", "U3"),
    ]


async def test_a_share_set_that_names_a_unit_twice_is_refused_and_the_others_go_on(desk: Desk) -> None:
    twice = a_share_set(("U1", 1, 2), ("U1", 1, 2))
    assert await desk.hear(twice, a_share_set(("U1", 1, 1), share_set_id="S2")) == ["X", "D"]
    assert await desk.dead() == ["unit-twice"]
    assert [one.share_set_id for one in await desk.said(OWNERS_SHARES)] == ["S2"]


async def test_declared_tables_and_migrated_tables_agree(desk: Desk) -> None:
    assert await migrate.differences(desk.urls.owner_url, tables.metadata, msg.metadata) == []


async def test_the_first_migration_can_be_taken_back(desk: Desk) -> None:
    await migrate.downgrade(desk.urls.owner_url, "owners", "base")
    await migrate.upgrade(desk.urls.owner_url, "owners")
    assert await migrate.differences(desk.urls.owner_url, tables.metadata, msg.metadata) == []


async def test_what_was_told_can_be_neither_changed_nor_removed(desk: Desk) -> None:
    await desk.hear(a_unit("U1"))
    await desk.hear(a_change("A"))
    for forbidden in (
        "update owners.changes set unit_id = 'U2'",
        "delete from owners.changes",
        "update owners.lines set book = now()",
        "delete from owners.contact_statements",
    ):
        with pytest.raises((asyncpg.InsufficientPrivilegeError, DBAPIError)):
            await desk.rows(forbidden)


async def test_a_correction_across_units_is_impossible_in_the_tables(
    desk: Desk, table_owner: asyncpg.Connection
) -> None:
    await desk.hear(a_unit("U1"), a_unit("U2"))
    await desk.hear(a_change("A"))
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await table_owner.execute(
            "insert into owners.changes (change_id, unit_id, corrects, told_at, event_id, source, book, sha, content) "
            "select 'B', 'U2', 'A', told_at, event_id, source, book, sha, content from owners.changes"
        )
