"""A day looks at the floats of units where something is new, not at all floats and lines there ever were."""

from services.billing.db import floats
from services.billing.usecases.owners_money import TERMS
from shared.db import driver
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_line, a_unit
from tests.integration.billing.people import day, decide
from tests.integration.billing.test_floats import FLOAT


async def changed(desk: Desk, last_closed: str, on: str) -> list[str]:
    return sorted(await desk.ask(floats.list_changed, day(last_closed), day(on)))


async def test_a_day_looks_at_units_where_something_is_new(desk: Desk) -> None:
    await desk.close("2025-12-31")
    await decide(desk, TERMS, **FLOAT)
    for number in range(4):
        await desk.hear(a_unit(f"U{number}"), a_line(f"U{number}", ("A", "2025-06-01"), ("B", "2026-01-02")))
    await desk.hear(a_unit("NEXT"), a_line("NEXT", ("A", "2026-09-01")))
    await desk.close("2026-01-01", "2026-01-02", "2026-01-03")
    # Who left lately and who is to come are looked at; half a year on, only who is to come.
    assert await changed(desk, "2026-01-03", "2026-01-04") == ["NEXT", "U0", "U1", "U2", "U3"]
    await desk.close("2026-05-01", "2026-07-01")
    assert await changed(desk, "2026-07-01", "2026-07-02") == ["NEXT"]
    await desk.hear(a_line("U3", ("A", "2025-06-01"), version=2))
    assert await changed(desk, "2026-07-01", "2026-07-02") == ["NEXT", "U3"]
    await desk.close("2026-07-02", "2026-07-03")
    assert await changed(desk, "2026-07-03", "2026-07-04") == ["NEXT"]
    assert await desk.wrong() == []


async def test_each_question_about_what_is_new_is_answered_by_an_index(desk: Desk) -> None:
    async with desk.sessions.begin() as session:
        connection = await driver(session)
        await connection.execute("set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off")
        await connection.execute(f"prepare changed(date, date, date) as {floats._CHANGED}")
        rows = await connection.fetch("explain execute changed('2026-01-01', '2026-01-01', '2026-01-01')")
        plan = [row[0].strip() for row in rows]
        await connection.execute("deallocate changed")
    assert len([line for line in plan if line.startswith("Index Cond:")]) == 7, plan
    assert not [line for line in plan if "Seq Scan" in line], plan
