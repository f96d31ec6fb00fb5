"""The table of bad input is whole, and every test that it names is there."""

import ast
from functools import cache

import pytest

from tests.architecture.source import ROOT
from tests.support.input_table import ROWS, Row


def test_every_input_has_a_row_in_order() -> None:
    assert [row.number for row in ROWS] == list(range(1, 76))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"B{row.number}")
def test_a_row_is_proved_by_tests_that_exist_or_says_why_there_is_none(row: Row) -> None:
    assert bool(row.tests) != bool(row.why_not)
    for test in row.tests:
        file, _, name = test.partition("::")
        assert name in _tests_in(file), f"{test} does not exist"


@cache
def _tests_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
