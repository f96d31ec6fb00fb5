"""Reviewed statement runs: struck on their day, looked at, released by two people, issued as they were struck, once."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from pydantic_core import from_json

from services.billing.db.likeness import COMPARED
from services.billing.domain.refs import account_ref
from services.billing.usecases import day as days
from services.billing.usecases.statement_reviews import RUN_DEEDS
from shared.bus.commands import Given
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError
from shared.events.topics import ITEMS_CHANGED, STATEMENT_ISSUED
from shared.logs import capture
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_payment, a_unit
from tests.integration.billing.reviewing import (
    pass_all,
    release,
    restrike,
    review_from_now,
    sampled,
    say,
    set_policy,
)

A, B = account_ref("U1", "A"), account_ref("U2", "B")
APRIL_1 = date(2026, 4, 1)
RUN = "2026Q1-1"


async def two_flats(desk: Desk) -> None:
    await desk.hear(a_unit("U1"), a_line("U1", ("A", "2025-06-01")), a_unit("U2"), a_line("U2", ("B", "2025-06-01")))
    await desk.close("2026-01-01")
    await desk.hear(a_charge("C1", 1200, unit="U1", on="2026-01-05"), a_charge("C2", 800, unit="U2", on="2026-02-05"))
    await desk.hear(a_payment("P1", 200, on="2026-02-01", unit_id="U1"))


async def statements(desk: Desk) -> list[tuple[Any, ...]]:
    """Number, day, brought forward, total and balance of each statement said."""
    return [
        (s.statement_no, str(s.issued_on), s.brought_forward_pence, s.total_pence, s.balance_pence)
        for s in await desk.said(STATEMENT_ISSUED)
    ]


@pytest.fixture
async def struck(desk: Desk) -> Desk:
    """A run of two statements is struck; it is 2 April."""
    await two_flats(desk)
    await review_from_now(desk)
    await desk.close(APRIL_1)
    return desk


async def test_as_shipped_statements_go_out_on_their_day_and_say_nothing_of_a_review(desk: Desk) -> None:
    await two_flats(desk)
    await desk.close(APRIL_1)
    assert [(number[-6:], on) for number, on, *_ in await statements(desk)] == [("2026Q1", "2026-04-01")] * 2
    bodies = await desk.rows("select body from msg.event_log where topic = $1", STATEMENT_ISSUED.topic)
    assert not any(b"known_at" in row["body"] for row in bodies)
    for table in ("statement_runs", "struck_statements", "statement_samples"):
        assert await desk.rows(f"select from billing.{table}") == []


async def test_a_reviewed_run_is_struck_on_its_day_and_nothing_is_issued(struck: Desk) -> None:
    assert await statements(struck) == []
    assert all(one.items == () for one in await struck.said(ITEMS_CHANGED))
    assert await sampled(struck, RUN) == {name: ["lot", "first-statement", "largest"] for name in (A, B)}
    await struck.close("2026-04-02", "2026-04-03")
    assert await statements(struck) == []


async def test_what_was_struck_is_issued_in_the_work_of_the_book_of_its_release(struck: Desk) -> None:
    await struck.hear(a_charge("LATE", 300, unit="U1", on="2026-03-30"))
    await struck.close("2026-04-02")
    await struck.hear(a_payment("P2", 1000, on="2026-04-03", unit_id="U1"))
    await struck.hear(a_credit("K1", "C2", 800, on="2026-04-03"))
    await pass_all(struck, RUN)
    assert await release(struck, RUN) == {"run_id": RUN, "issued_in": "2026-04-03"}
    await struck.close("2026-04-03")
    assert sorted(await statements(struck)) == sorted(
        [(f"{A}-2026Q1", "2026-04-03", 0, 1000, 1000), (f"{B}-2026Q1", "2026-04-03", 0, 800, 800)]
    )
    [one, _] = await struck.said(STATEMENT_ISSUED)
    assert (str(one.known_at), str(one.due_on)) == ("2026-04-01", "2026-05-01")
    await struck.close("2026-07-01")
    assert await struck.wrong() == []


async def test_what_arrives_between_is_on_the_next_statement_once(struck: Desk) -> None:
    await struck.hear(a_charge("LATE", 300, unit="U1", on="2026-03-30"))
    await struck.close("2026-04-02")
    await pass_all(struck, RUN)
    await release(struck, RUN)
    await struck.hear(a_payment("P2", 1000, on="2026-04-03", unit_id="U1"), a_credit("K1", "C2", 800, on="2026-04-03"))
    await struck.close("2026-04-03")
    assert [item.charge_id for item in (await struck.said(ITEMS_CHANGED))[-1].items] == []
    await set_policy(struck, release="automatic")
    await struck.close("2026-07-01")
    assert sorted((await statements(struck))[2:]) == sorted(
        [(f"{A}-2026Q2", "2026-07-01", 1000, -700, 300), (f"{B}-2026Q2", "2026-07-01", 800, -800, 0)]
    )
    account = await struck.account("U1", "A")
    assert [(line.get("charge_id") or line["payment_id"], line["statement_no"][-6:]) for line in account["lines"]] == [
        ("C1", "2026Q1"), ("P1", "2026Q1"), ("LATE", "2026Q2"), ("P2", "2026Q2"),
    ]  # fmt: skip
    assert await struck.wrong() == []


async def test_a_run_that_nobody_releases_lapses_and_the_next_statements_carry_it(struck: Desk) -> None:
    await set_policy(struck, release="automatic")
    await struck.close("2026-06-30")
    with pytest.raises(NotNowError, match="lapsed"):
        await say(struck, RUN, A)
    await struck.close("2026-07-01")
    assert sorted(await statements(struck)) == sorted(
        [(f"{A}-2026Q2", "2026-07-01", 0, 1000, 1000), (f"{B}-2026Q2", "2026-07-01", 0, 800, 800)]
    )
    assert await struck.wrong() == []


async def test_the_log_says_when_a_run_was_struck_waits_and_lapses(desk: Desk) -> None:
    await two_flats(desk)
    await review_from_now(desk, sample_size=1)
    with capture() as lines:
        await desk.close(APRIL_1, "2026-04-07", "2026-04-08", "2026-06-30", "2026-07-01", "2026-07-08")
    told = [line for line in lines if line["event.name"].startswith("statements_")]
    assert [(line["event.name"], line["app.run_id"], line.get("app.day")) for line in told] == [
        ("statements_struck", RUN, None),
        ("statements_wait", RUN, "2026-04-08"),
        ("statements_wait", RUN, "2026-06-30"),
        ("statements_struck", "2026Q2-1", None),
        ("statements_lapsed", RUN, "2026-07-01"),
        ("statements_wait", "2026Q2-1", "2026-07-08"),
    ]
    assert (told[0]["messaging.batch.message_count"], told[0]["app.sampled"]) == (2, 1)


async def test_a_run_that_was_released_is_not_waited_for(struck: Desk) -> None:
    await pass_all(struck, RUN)
    await release(struck, RUN)
    with capture() as lines:
        await struck.close("2026-04-02", "2026-04-20", "2026-07-01")
    assert [line["event.name"] for line in lines if line["event.name"].startswith("statements_")] == [
        "statements_struck"
    ]


async def test_a_failed_statement_or_an_unchecked_one_stops_the_release(struck: Desk) -> None:
    with pytest.raises(NotNowError, match="2 of its sample are not checked yet"):
        await release(struck, RUN)
    await pass_all(struck, RUN)
    await say(struck, RUN, B, passed=False)
    with pytest.raises(NotNowError, match=f"{B} failed the sample check"):
        await release(struck, RUN)
    await say(struck, RUN, B)
    await release(struck, RUN)
    with pytest.raises(NotNowError, match="is released"):
        await say(struck, RUN, B, passed=False)
    with pytest.raises(NotNowError, match="is released"):
        await restrike(struck, RUN)
    await struck.close("2026-04-02")
    assert len(await statements(struck)) == 2


async def test_a_verdict_with_a_key_is_given_once(struck: Desk) -> None:
    for _ in range(2):
        await say(struck, RUN, B, passed=False, key="k1")
    assert len(await struck.rows("select from billing.statement_checks")) == 1
    with pytest.raises(NotKnownError, match="not in the sample"):
        await say(struck, RUN, account_ref("U3", "C"))
    with pytest.raises(NotKnownError, match="no run"):
        await say(struck, "2026Q1-2", B)


async def test_a_run_struck_anew_bills_what_is_known_then_and_only_its_own_quarter(struck: Desk) -> None:
    await say(struck, RUN, B, passed=False)
    await struck.hear(a_credit("K1", "C2", 500, on="2026-03-31"), a_charge("APRIL", 77, unit="U1", on="2026-04-01"))
    await struck.hear(a_payment("P2", 10, on="2026-04-02", unit_id="U1"))
    assert await restrike(struck, RUN) == {"quarter": "2026Q1", "struck_in": "2026-04-02"}
    with pytest.raises(NotNowError, match="superseded"):
        await say(struck, RUN, B)
    await struck.close("2026-04-02")
    with pytest.raises(NotNowError, match="superseded"):
        await release(struck, RUN)
    await pass_all(struck, "2026Q1-2")
    await release(struck, "2026Q1-2")
    await struck.close("2026-04-03")
    assert sorted(await statements(struck)) == sorted(
        [(f"{A}-2026Q1", "2026-04-03", 0, 1000, 1000), (f"{B}-2026Q1", "2026-04-03", 0, 300, 300)]
    )
    assert await struck.wrong() == []


async def test_a_policy_of_nonsense_is_refused_when_it_is_proposed(desk: Desk) -> None:
    await two_flats(desk)
    for wrong in ({"release": "never"}, {"release": "reviewed", "sample_size": 0}, {}):
        with pytest.raises(NotValidError):
            await set_policy(desk, **wrong)


async def test_a_crash_in_any_slice_strikes_and_issues_nothing_twice_and_misses_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(days, "SLICE", 2)
    units = [f"U{number}" for number in range(5)]
    await desk.hear(*map(a_unit, units), *(a_line(unit, ("A", "2025-06-01")) for unit in units))
    await desk.hear(*(a_charge(f"C{unit}", 100, unit=unit, on="2026-01-05") for unit in units))
    await review_from_now(desk, sample_size=1)
    await crash_through(desk, APRIL_1)
    assert len(await desk.rows("select from billing.struck_statements")) == 5
    await pass_all(desk, RUN)
    await release(desk, RUN)
    await crash_through(desk, date(2026, 4, 2))
    numbers = [statement.statement_no for statement in await desk.said(STATEMENT_ISSUED)]
    assert sorted(numbers) == sorted(f"{account_ref(unit, 'A')}-2026Q1" for unit in units)
    await desk.note_closed()
    assert await desk.wrong() == []


async def crash_through(desk: Desk, day: date) -> None:
    """Work a day with every slice lost once before it is done."""
    progress: str | None = ""
    while progress is not None:
        with pytest.raises(ConnectionError):
            await desk.slice(day, progress, fails=True)
        progress = await desk.slice(day, progress)
    desk.book = day + timedelta(days=1)


async def test_a_statement_issued_otherwise_than_struck_is_found(struck: Desk) -> None:
    await pass_all(struck, RUN)
    await release(struck, RUN)
    await struck.close("2026-04-02")
    await struck.note_closed()
    await struck.rows(
        "insert into billing.struck_statements select '2026Q1-1', account_id, 'F-NOBODY', 0, 1, 1, 1, null, '{}'"
        " from (select gen_random_uuid() as account_id) as nobody"
    )
    [found] = await struck.wrong()
    assert "F-NOBODY of 2026Q1: struck at 1, issued at nothing" in found


Words = Callable[[Desk], Awaitable[None]]


async def reviewed_late(desk: Desk) -> None:
    await review_from_now(desk, sample_size=1)


async def struck_anew(desk: Desk) -> None:
    await say(desk, RUN, A, passed=False)
    await restrike(desk, RUN)


async def looked_at(desk: Desk) -> None:
    await pass_all(desk, "2026Q1-2")
    await release(desk, "2026Q1-2")


async def half_a_year(desk: Desk, *words: Words) -> None:
    """What people say in three books, and a charge that arrives between."""
    await two_flats(desk)
    await desk.close("2026-03-31")
    await words[0](desk)
    await desk.close(APRIL_1)
    await desk.hear(a_charge("LATE", 300, unit="U1", on="2026-03-30"))
    await words[1](desk)
    await desk.close("2026-04-02")
    await words[2](desk)
    await desk.close("2026-04-03", "2026-07-01")


async def test_a_rebuild_repeats_what_people_said_and_gives_the_same_rows(desks: Desks) -> None:
    live, again = await desks(), await desks()
    await half_a_year(live, reviewed_late, struck_anew, looked_at)
    await half_a_year(again, *[partial(repeat, live)] * 3)
    for compared in COMPARED:
        query = f"select key, row from ({compared.query}) as it order by key"
        assert [tuple(row) for row in await again.rows(query)] == [tuple(row) for row in await live.rows(query)]
    assert await statements(again) == await statements(live)
    assert [one[0] for one in sorted(await statements(live))][:2] == sorted([f"{A}-2026Q1", f"{B}-2026Q1"])


async def repeat(live: Desk, desk: Desk) -> None:
    """Let the live desk's commands of this book take effect again from their record, as a rebuild does."""
    await desk.note_closed()
    rows = await live.rows(
        "select body from msg.event_log where topic = 'billing.command-given' and book = $1 order by seq", desk.book
    )
    for row in rows:
        said = from_json(row["body"])
        given = Given(said["kind"], said["subject"], said["who"], said["why"], said["content"], said["key"],
                      said["approved_by"])  # fmt: skip
        if given.kind in RUN_DEEDS:
            async with desk.doors.command(given.cause) as work:
                assert work.book == desk.book
                await RUN_DEEDS[given.kind](work, given.content)
