"""Reviewed runs: each line on one statement whatever became of them, the sample by lot, and when one is released."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain import items, statement_runs
from services.billing.domain.items import Places, StatementHead
from services.billing.domain.lines import Cut, Line, netted
from services.billing.domain.statement_runs import Flag, Reason, Run, Sample, State, Struck, Tally
from services.billing.domain.statements import Draft
from tests.unit.billing.builders import a_statement, charge_line, credit_line, day, drafted, payment_line

REF = "F0123456789A"
ISSUE_DAYS = [day("2026-04-01"), day("2026-07-01"), day("2026-10-01"), day("2027-01-01")]
DAYS = st.dates(day("2025-12-01"), day("2027-01-20"))


@st.composite
def some_lines(draw: st.DrawFn) -> list[Line]:
    """Charges, credits and payments, learnt on any day whatever their date."""
    makers: dict[str, Callable[..., Line]] = {"charge": charge_line, "credit": credit_line, "payment": payment_line}
    rows = []
    for _ in range(draw(st.integers(0, 10))):
        kind, number = draw(st.sampled_from(sorted(makers))), draw(st.integers(1, 3))
        pence = draw(st.integers(1, 900)) * (-1 if kind == "credit" else 1)
        on, book = draw(DAYS).isoformat(), draw(DAYS).isoformat()
        rows.append(makers[kind](pence, f"{kind[0].upper()}{number}", on=on, book=book))
    return rows


@st.composite
def some_runs(draw: st.DrawFn) -> list[tuple[date, Cut | None]]:
    """Four quarters' runs, each with its day of issue: automatic, reviewed (struck once or anew), or lapsed."""
    runs: list[tuple[date, Cut | None]] = []
    for first in ISSUE_DAYS:
        kind = draw(st.sampled_from(["automatic", "reviewed", "lapsed"]))
        if kind == "automatic":
            runs.append((first, None))
        elif kind == "reviewed":
            known_at = first + timedelta(days=draw(st.integers(0, 40)))
            runs.append((known_at + timedelta(days=draw(st.integers(1, 40))), Cut(first, known_at)))
    return runs


def issue(rows: list[Line], runs: list[tuple[date, Cut | None]]) -> list[Draft]:
    """The statements of an account; each run sees what is known on its day of issue."""
    issued: list[Draft] = []
    for on, struck in runs:
        known = [line for line in rows if line.book <= on]
        draft = drafted(known, REF, issued[-1].head if issued else None, on, struck)
        if draft is not None:
            issued.append(draft)
    return issued


@given(some_lines(), some_runs())
def test_nothing_is_lost_or_billed_twice_whatever_became_of_the_runs(
    rows: list[Line], runs: list[tuple[date, Cut | None]]
) -> None:
    issued = issue(rows, runs)
    balance = 0
    for draft in issued:
        assert draft.brought_forward_pence == balance
        balance += draft.total_pence
        assert (
            draft.balance_pence
            == balance
            == sum(line.amount_pence for line in netted(rows) if draft.head.cut.carries(line))
        )
    carried = [line for draft in issued for line in draft.lines]
    assert len(set(carried)) == len(carried)
    last = runs[-1][1] or Cut(runs[-1][0], runs[-1][0]) if runs else Cut(date.min, date.min)
    assert {line for line in netted(rows) if last.carries(line)} == set(carried)
    places = Places(draft.head for draft in reversed(issued))
    assert all(line in next(draft for draft in issued if draft.head == places.carrying(line)).lines for line in carried)
    assert not [line for line in netted(rows) if places.carrying(line) is not None and line not in carried]


@given(some_lines(), some_runs())
def test_what_a_statement_carries_of_a_charge_is_due_with_it(
    rows: list[Line], runs: list[tuple[date, Cut | None]]
) -> None:
    charges = [line for line in rows if line.kind == "charge"]
    issued = issue(charges, runs)
    folded = items.fold(netted(charges), [draft.head for draft in issued])
    due = {draft.statement_no: draft.total_pence for draft in issued if draft.total_pence}
    found: dict[str | None, int] = {}
    for item in folded.items:
        found[item.statement_no] = found.get(item.statement_no, 0) + item.amount_pence
    assert found == due
    assert folded.pending_pence == sum(line.amount_pence for line in charges) - sum(due.values())


@given(some_lines(), st.sampled_from(ISSUE_DAYS))
def test_struck_and_issued_on_its_day_is_the_automatic_statement(rows: list[Line], on: date) -> None:
    automatic, struck = (drafted(rows, REF, None, on, cut) for cut in (None, Cut(on, on)))
    assert (automatic is None) == (struck is None)
    if automatic is not None and struck is not None:
        assert (automatic.lines, automatic.balance_pence) == (struck.lines, struck.balance_pence)


def a_struck(
    ref: str, billed: int = 100, before: int | None = 100, balance: int = 100, flags: tuple[Flag, ...] = ()
) -> Struck:
    return Struck(f"id-{ref}", ref, balance - billed, billed, balance, billed, before, flags)


some_struck = st.lists(
    st.builds(
        a_struck, st.uuids().map(str), st.integers(-900, 900), st.none() | st.integers(-900, 900),
        st.integers(-900, 900), st.lists(st.sampled_from(list(Flag)), unique=True).map(tuple),
    ),
    max_size=12, unique_by=lambda one: one.account_ref,
)  # fmt: skip


@given(some_struck, st.integers(1, 5), st.integers(1, 4))
def test_the_sample_depends_on_the_run_alone_not_on_the_pages(rows: list[Struck], size: int, page: int) -> None:
    by_pages: Sample = {}
    for start in range(0, len(rows), page):
        by_pages = statement_runs.drawn(by_pages, rows[start : start + page], "2026Q1-1", size)
    whole = statement_runs.drawn({}, reversed(rows), "2026Q1-1", size)
    assert (by_pages or whole) == whole
    assert len(whole[Reason.LOT]) == min(size, len(rows))
    lots = sorted(statement_runs.lot("2026Q1-1", one.account_ref) for one in rows)
    assert [statement_runs.lot("2026Q1-1", one.account_ref) for one in whole[Reason.LOT]] == lots[:size]


@given(some_struck, st.integers(1, 4))
def test_totals_and_largest_changes_do_not_depend_on_the_pages(rows: list[Struck], page: int) -> None:
    whole, paged = Tally(3), Tally(3)
    whole.add(rows)
    for start in range(0, len(rows), page):
        paged.add(rows[start : start + page])
    if rows:
        assert paged == whole
    assert whole.balance_pence == sum(one.balance_pence for one in rows)
    assert whole.brought_forward_pence + whole.total_pence == whole.balance_pence
    changes = sorted((abs(one.change_pence) for one in rows if one.change_pence), reverse=True)
    assert [abs(one.change_pence) for one in whole.changes] == changes[:3]


def test_another_run_draws_other_lots() -> None:
    refs = [f"F{number}" for number in range(50)]
    first, second = (sorted(refs, key=lambda ref: statement_runs.lot(run, ref))[:5] for run in ("Q-1", "Q-2"))
    assert first != second


def struck_from(rows: list[Line], *earlier: StatementHead) -> Struck:
    draft = drafted(rows, REF, earlier[-1] if earlier else None, ISSUE_DAYS[1])
    assert draft is not None
    return statement_runs.strike("id", REF, draft, rows, earlier, 50)


Q1 = a_statement("2026-04-01", "2026-04-29")


@pytest.mark.parametrize(
    ("pence", "flags"),
    [(150_00, ()), (151_00, (Flag.CHANGED,)), (50_00, ()), (49_00, (Flag.CHANGED,))],
)
def test_changed_by_more_than_the_policys_percent_is_an_outlier(pence: int, flags: tuple[Flag, ...]) -> None:
    rows = [charge_line(120_00), credit_line(-20_00, on="2026-02-02"), charge_line(pence, "C2", on="2026-05-01")]
    one = struck_from(rows, Q1)
    assert (one.billed_pence, one.before_pence, one.change_pence, one.flags) == (pence, 100_00, pence - 100_00, flags)


def test_payments_are_no_change_of_what_is_billed() -> None:
    rows = [charge_line(100_00), payment_line(100_00, on="2026-03-01"), charge_line(100_00, "C2", on="2026-05-01")]
    one = struck_from([*rows, payment_line(100_00, "P2", on="2026-06-01")], Q1)
    assert (one.change_pence, one.total_pence, one.flags) == (0, 0, (Flag.ZERO,))


def test_first_statements_and_credits_are_flagged() -> None:
    assert struck_from([charge_line(100_00)]).flags == (Flag.FIRST,)
    assert struck_from([payment_line(100_00, on="2026-03-01")]).flags == (Flag.FIRST, Flag.CREDIT)


FIRST_RUN = Run("2026Q1", 1, day("2026-04-01"))


@pytest.mark.parametrize(
    ("book", "last_no", "asked_anew", "released_in", "state"),
    [
        ("2026-04-02", 1, False, None, State.OPEN),
        ("2026-06-30", 1, False, None, State.OPEN),
        ("2026-07-01", 1, False, None, State.LAPSED),
        ("2026-04-05", 1, True, None, State.SUPERSEDED),
        ("2026-04-06", 2, False, None, State.SUPERSEDED),
        ("2026-04-05", 1, False, "2026-04-05", State.RELEASED),
        ("2026-04-06", 1, False, "2026-04-05", State.ISSUED),
        ("2026-07-01", 1, False, "2026-06-30", State.ISSUED),
    ],
)
def test_how_far_a_run_is(book: str, last_no: int, asked_anew: bool, released_in: str | None, state: State) -> None:
    released = day(released_in) if released_in else None
    assert statement_runs.state_of(FIRST_RUN, day(book), last_no, asked_anew, released) is state


def test_a_run_bills_its_quarter_with_what_was_known_in_the_book_it_was_struck_in() -> None:
    run = Run("2026Q4", 2, day("2027-01-05"))
    assert (run.run_id, run.cut) == ("2026Q4-2", Cut(day("2027-01-01"), day("2027-01-05")))


def test_only_a_sample_that_passed_whole_lets_a_run_be_released() -> None:
    assert statement_runs.refuse_release({"A": True}) is None
    assert statement_runs.refuse_release({}) is None
    assert statement_runs.refuse_release({"A": None, "B": True, "C": None}) == (
        "2 of its sample are not checked yet, A first"
    )
    assert statement_runs.refuse_release({"A": None, "B": False}) == "B failed the sample check"
