"""Another system's list against billing's: every fact gets one finding, and both totals tie."""

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cli.errors import CliError
from shared.cli.exported import read_export
from shared.cli.lines import BadLine
from shared.cli.reconciliation import Fact, Finding, compare, totals
from tests.architecture.source import ROOT

MARCH = date(2026, 3, 5)


def charge(name: str, pence: int = 100, on: date = MARCH) -> Fact:
    return Fact("charge", name, pence, on)


def known(*facts: Fact) -> dict[tuple[str, str], Fact]:
    return {(fact.kind, fact.fact_id): fact for fact in facts}


@pytest.mark.parametrize(
    ("there", "here", "finding"),
    [
        ([charge("C")], [charge("C")], Finding.AGREED),
        ([charge("C")], [], Finding.MISSING_HERE),
        ([charge("C", 99)], [charge("C")], Finding.AMOUNT_DIFFERS),
        ([charge("C", on=date(2026, 3, 6))], [charge("C")], Finding.DATE_DIFFERS),
        ([charge("C", 99, date(2026, 3, 6))], [charge("C")], Finding.AMOUNT_DIFFERS),
    ],
)
def test_each_way_to_differ_has_its_name(there: list[Fact], here: list[Fact], finding: Finding) -> None:
    assert [one.finding for one in compare(there, known(*here))] == [finding]


def test_a_second_line_about_the_same_fact_is_a_duplicate() -> None:
    found = compare([charge("C"), charge("C")], known(charge("C")))
    assert [one.finding for one in found] == [Finding.AGREED, Finding.DUPLICATE]


def test_the_file_lacks_only_what_is_of_its_kind_and_its_days() -> None:
    here = known(charge("C"), charge("C2"), charge("OLD", on=date(2026, 2, 1)), Fact("payment", "P", 5, MARCH))
    assert [(one.finding, one.here) for one in compare([charge("C")], here)][1:] == [
        (Finding.MISSING_THERE, charge("C2"))
    ]
    named = compare([charge("C")], here, first=date(2026, 2, 1))
    assert {one.here.fact_id for one in named if one.here} == {"C", "C2", "OLD"}


def test_a_credit_of_what_is_left_is_compared_by_what_billing_took() -> None:
    whole, took = Fact("credit", "K", None, MARCH), Fact("credit", "K", 70, MARCH)
    (agreed,) = compare([whole], known(took))
    assert (agreed.finding, totals([agreed])[0]["difference_pence"]) == (Finding.AGREED, 0)
    later = Fact("credit", "K", None, date(2026, 3, 6))
    assert [one.finding for one in compare([later], known(took))] == [Finding.DATE_DIFFERS]
    (lost,) = compare([whole], {})
    assert (lost.finding, lost.as_json()["there"]["amount_pence"]) == (Finding.MISSING_HERE, None)
    assert totals([lost])[0]["there_pence"] == 0


def test_a_list_without_a_line_of_a_kind_lacks_nothing_of_it() -> None:
    here = known(charge("C"), Fact("credit", "K", 5, MARCH), Fact("reversal", "R", 5, MARCH))
    assert [one.finding for one in compare([charge("C")], here, date.min, date.max)] == [Finding.AGREED]
    found = compare([charge("C"), Fact("credit", "K1", 5, MARCH)], here, date.min, date.max)
    assert [one.here for one in found if one.finding is Finding.MISSING_THERE] == [Fact("credit", "K", 5, MARCH)]


def facts(pence: st.SearchStrategy[int | None]) -> st.SearchStrategy[list[Fact]]:
    kinds = st.sampled_from(["charge", "credit", "payment", "reversal"])
    days = st.dates(date(2026, 1, 1), date(2026, 1, 3))
    return st.lists(st.builds(Fact, kinds, st.sampled_from("ABCD"), pence, days), max_size=8)


SUMS = st.integers(1, 3)


@given(there=facts(SUMS), here=facts(SUMS))
def test_the_totals_of_both_sides_tie(there: list[Fact], here: list[Fact]) -> None:
    ours = known(*here)
    found = compare(there, ours, date.min, date.max)
    rows = totals(found)
    kinds = {fact.kind for fact in there}
    assert sum(row["there_pence"] for row in rows) == pence(there)
    assert sum(row["here_pence"] for row in rows) == pence(fact for fact in ours.values() if fact.kind in kinds)
    assert sum(row["count"] for row in rows) == len(found)


def pence(some: Iterable[Fact]) -> int:
    return sum(fact.amount_pence or 0 for fact in some)


@given(there=facts(st.none()), here=facts(SUMS))
def test_what_names_no_sum_never_differs_in_it(there: list[Fact], here: list[Fact]) -> None:
    found = compare(there, known(*here), date.min, date.max)
    assert Finding.AMOUNT_DIFFERS not in {one.finding for one in found}
    both = [one for one in found if one.there and one.here]
    assert pence(one.there for one in both if one.there) == pence(one.here for one in both if one.here)


def test_a_csv_file_is_read_and_its_bad_lines_are_told(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text(
        "id,kind,on,amount_pence,note\nC1,charge,2026-03-05,100,x\nC2,charge,soon,100,\nC3,bill,2026-03-05,1,\n"
    )
    first, *bad = read_export(file)
    assert first == charge("C1")
    assert [(line.number, line.field) for line in bad if isinstance(line, BadLine)] == [(3, "on"), (4, "kind")]


@pytest.mark.parametrize("pence", ["", "0", "-5", "1.50", "£5", "1e3", "10000000000000"])
def test_an_amount_is_whole_pence(tmp_path: Path, pence: str) -> None:
    file = tmp_path / "export.csv"
    file.write_text(f"kind,id,amount_pence,on\ncharge,C1,{pence},2026-03-05\n")
    assert [line.field for line in read_export(file) if isinstance(line, BadLine)] == ["amount_pence"]


def test_json_lines_may_be_plain_or_the_events_themselves(tmp_path: Path) -> None:
    file = tmp_path / "export.jsonl"
    plain = json.dumps({"kind": "payment", "id": "P1", "amount_pence": 5, "on": "2026-03-05"})
    events = (ROOT / "docs" / "examples" / "first-quarter.jsonl").read_text(encoding="utf-8")
    file.write_text(plain + "\n[1]\n" + events)
    facts = [fact for fact in read_export(file) if isinstance(fact, Fact)]
    assert facts[0] == Fact("payment", "P1", 5, MARCH)
    assert ("charge", "ROOF-1", 100_000, date(2026, 1, 20)) in facts
    assert [line.reason for line in read_export(file) if isinstance(line, BadLine)] == ["not-json"]


def test_a_file_without_the_columns_is_told_what_it_lacks(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(CliError, match="lacks a column"):
        list(read_export(file))
