"""Annual statements issued: asked for by an officer, said by the day's work, each account's year once for ever."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest
from pydantic_core import from_json

from services.billing.db.likeness import COMPARED
from services.billing.domain.refs import account_ref
from services.billing.usecases import annual_statement_questions, annual_statements
from shared.bus.commands import Given, give
from shared.bus.refusals import NotKnownError, NotNowError
from shared.events.topics import ANNUAL_STATEMENT
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_charge, a_line, a_unit
from tests.integration.billing.people import office
from tests.integration.billing.reviewing import pass_all, release, review_from_now
from tests.integration.billing.test_annual_statement_questions import A, a_year

B = account_ref("U2", "B")


async def ask(desk: Desk, year: int, reference: str | None = None) -> Any:
    """Have a year's annual statements issued, as the API does."""
    await office(desk)
    content = {"year": year, "account_ref": reference}
    given = Given(annual_statements.ASK, f"year:{year}", "lea", "Code of Conduct 3.4", content)
    return await give(desk.doors, given, lambda work: annual_statements.ask(work, content))


async def said(desk: Desk) -> list[tuple[str, int, str]]:
    """Whose annual statement of which year was said on which day."""
    return [(one.account_ref, one.year, str(one.issued_on)) for one in await desk.said(ANNUAL_STATEMENT)]


async def test_a_year_is_issued_once_to_everybody_who_was_sent_a_statement_of_it(desk: Desk) -> None:
    await a_year(desk)
    assert (await ask(desk, 2026))["accounts"] == 2
    await desk.close("2027-04-02")
    assert sorted(await said(desk)) == sorted([(A, 2026, "2027-04-02"), (B, 2026, "2027-04-02")])
    with pytest.raises(NotNowError, match="without the annual one"):
        await ask(desk, 2026)
    await desk.close("2027-04-03")
    assert len(await said(desk)) == 2


async def test_what_is_issued_says_what_the_question_answers(desk: Desk) -> None:
    await a_year(desk)
    await ask(desk, 2026, A)
    await desk.close("2027-04-02")
    [one] = await desk.said(ANNUAL_STATEMENT)
    told = await desk.ask(annual_statement_questions.annual_statement, A, 2026)
    figures = ("brought_forward_pence", "total_pence", "balance_pence")
    assert {name: getattr(one, name) for name in figures} == {name: told[name] for name in figures}
    assert [head.model_dump() for head in one.heads] == told["heads"]
    assert list(one.statement_nos) == [row["statement_no"] for row in told["statements"]]
    shown = {line.credit_id or line.charge_id or line.kind: line for line in one.lines}
    roof, fee = shown["ROOF"], shown["FEE"]
    assert (roof.completed_on, roof.pool_pence, roof.share) == (date(2026, 1, 20), 900_00, "1/3")
    assert (fee.period_from, fee.period_to, fee.tax_pence) == (date(2026, 1, 1), date(2026, 3, 31), 7_00)
    credit = shown["K1"]
    assert (credit.reason, credit.billed_on_statement) == ("agreed", f"{A}-2026Q1")
    assert sum(line.amount_pence for line in one.lines) == one.total_pence == 315_00
    assert await desk.wrong() == []


async def test_one_account_first_and_the_others_later_get_one_each(desk: Desk) -> None:
    await a_year(desk)
    await ask(desk, 2026, A)
    await desk.close("2027-04-02")
    with pytest.raises(NotNowError, match="has its annual statement of 2026, of 2027-04-02"):
        await ask(desk, 2026, A)
    with pytest.raises(NotKnownError):
        await ask(desk, 2026, "F0")
    assert (await ask(desk, 2026))["accounts"] == 1
    await desk.close("2027-04-03")
    assert await said(desk) == [(A, 2026, "2027-04-02"), (B, 2026, "2027-04-03")]


async def test_two_years_of_an_account_on_one_day_are_two_events(desk: Desk) -> None:
    await a_year(desk)
    await ask(desk, 2026, A)
    await ask(desk, 2025)
    await desk.close("2027-04-02")
    assert await said(desk) == [(A, 2025, "2027-04-02"), (A, 2026, "2027-04-02")]


async def test_a_year_that_has_not_ended_is_refused(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.close("2026-06-30")
    with pytest.raises(NotNowError, match="2026 has not ended"):
        await ask(desk, 2026)
    with pytest.raises(NotNowError, match="without the annual one"):
        await ask(desk, 2025)


async def a_reviewed_quarter(desk: Desk) -> None:
    """The third quarter is billed, the last one of the year is struck and people look at it; it is 2 January."""
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.close("2026-06-30")
    await desk.hear(a_charge("C1", 12_00, unit="U1", on="2026-07-05"))
    await desk.close("2026-10-01")
    await desk.hear(a_charge("C2", 7_00, unit="U1", on="2026-11-05"))
    await review_from_now(desk)
    await desk.close("2027-01-01")


async def test_a_year_waits_for_its_last_statements_while_people_look_at_them(desk: Desk) -> None:
    await a_reviewed_quarter(desk)
    await ask(desk, 2026)
    await desk.close("2027-01-02")
    assert await said(desk) == []
    await pass_all(desk, "2026Q4-1")
    await release(desk, "2026Q4-1")
    await desk.close("2027-01-03")
    [one] = await desk.said(ANNUAL_STATEMENT)
    assert (one.issued_on, one.total_pence, len(one.statement_nos)) == (date(2027, 1, 3), 19_00, 2)


async def test_a_run_that_lapsed_is_waited_for_no_longer(desk: Desk) -> None:
    await a_reviewed_quarter(desk)
    await ask(desk, 2026)
    await desk.close("2027-03-31")
    assert await said(desk) == []
    await desk.close("2027-04-01")
    [one] = await desk.said(ANNUAL_STATEMENT)
    assert (one.total_pence, len(one.statement_nos)) == (12_00, 1)


async def test_slices_and_a_crash_between_them_leave_one_each(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annual_statements, "SLICE", 1)
    await a_year(desk)
    await ask(desk, 2026)
    await ask(desk, 2025)
    day, progress, noted = date(2027, 4, 2), "", [""]
    while progress is not None:
        with pytest.raises(ConnectionError):
            await desk.slice(day, progress, fails=True)
        following = await desk.slice(day, progress)
        noted.append(following or "")
        progress = following  # type: ignore[assignment]
    assert [one.rpartition(":")[0] for one in noted if one.startswith("annual:")] == [
        "annual", "annual:2025", "annual", "annual:2026", "annual:2026", "annual",
    ]  # fmt: skip
    assert len(await said(desk)) == len(set(await said(desk))) == 3
    rows = await desk.rows("select year, issued_on from billing.annual_requests order by year")
    assert [tuple(row) for row in rows] == [(2025, day), (2026, day)]


async def test_a_rebuild_issues_the_same(desks: Desks) -> None:
    live, fresh = await desks(), await desks()
    await an_asked_year(live, ask)
    await an_asked_year(fresh, lambda desk, _year: again(desk, live))
    for compared in COMPARED:
        query = f"select key, row from ({compared.query}) as it order by key"
        assert [tuple(row) for row in await fresh.rows(query)] == [tuple(row) for row in await live.rows(query)]
    assert await fresh.said(ANNUAL_STATEMENT) == await live.said(ANNUAL_STATEMENT) != []


async def an_asked_year(desk: Desk, command: Callable[[Desk, int], Awaitable[Any]]) -> None:
    """A year of one flat whose annual statement is asked for on 5 January."""
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.close("2026-06-30")
    await desk.hear(a_charge("C1", 12_00, unit="U1", on="2026-07-05"))
    await desk.close("2026-10-01", "2027-01-01", "2027-01-04")
    await command(desk, 2026)
    await desk.close("2027-01-05")


async def again(desk: Desk, live: Desk) -> None:
    """Let the live desk's command take effect again from its record, as a rebuild does."""
    await office(desk)
    [row] = await live.rows("select body from msg.event_log where topic = 'billing.command-given'")
    told = from_json(row["body"])
    given = Given(told["kind"], told["subject"], told["who"], told["why"], told["content"], told["key"])
    async with desk.doors.command(given.cause) as work:
        await annual_statements.ask(work, given.content)
