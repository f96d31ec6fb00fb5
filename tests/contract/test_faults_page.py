"""The fault table is whole, its tests exist, and docs/faults.md is what it generates."""

import ast
from pathlib import Path

import pytest

from tests.architecture.source import ROOT
from tests.support.fault_table import page
from tests.support.fault_table.row import Row


def test_every_fault_has_a_row_in_order() -> None:
    assert [row.number for row in page.rows()] == list(range(1, 83))


@pytest.mark.parametrize("row", page.rows(), ids=lambda row: f"F{row.number}")
def test_a_row_has_tests_that_exist_or_says_why_not(row: Row) -> None:
    assert row.tests or row.open
    for test in row.tests:
        file, _, name = test.partition("::")
        assert name in _tests_in(ROOT / file), f"{test} does not exist"


def _tests_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_test_in_the_folder_of_faults_belongs_to_a_row_or_to_the_days() -> None:
    named = set(page.node_ids())
    files = {test.partition("::")[0] for test in named}
    assert {str(file.relative_to(ROOT)) for file in (ROOT / "tests" / "faults").glob("test_*.py")} <= files


def test_the_page_is_what_the_table_generates_and_nothing_on_it_failed() -> None:
    written = page.PAGE.read_text(encoding="utf-8")
    results = page.results_on(written)

    assert written == page.page_of(results), "run `make faults`, or a part of it with PYTEST_ARGS"
    assert page.FAILED not in results.values()


def test_a_row_is_as_good_as_its_worst_test() -> None:
    row = Row(1, "what", "how", "outcome", ("tests/a.py::test_x", "tests/a.py::test_y"))
    whole = dict.fromkeys(row.tests, page.HELD)

    assert page.result_of(row, whole) == page.HELD
    assert page.result_of(row, {"tests/a.py::test_x": page.HELD}) == page.NOT_RUN
    assert page.result_of(row, whole | {"tests/a.py::test_y": page.FAILED}) == page.FAILED


def test_a_proof_says_what_make_test_leaves_out() -> None:
    folder = "tests/faults/test_processes.py::test_"
    assert not page.pace_of(f"{folder}sigterm_in_a_batch_drains_and_ends_with_0")
    assert "some cases" in page.pace_of(f"{folder}a_consumer_killed_around_its_commit_neither_loses_nor_doubles")
    assert "; only" in page.pace_of(f"{folder}a_frozen_consumer_is_replaced_and_fenced_when_it_thaws")
    assert "; only" in page.pace_of("tests/faults/test_brokers.py::test_leaders_that_move_under_load_cost_time_only")
