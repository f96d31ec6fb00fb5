"""Writes docs/faults.md from the fault table and from what the tests of each row ended with.

``make faults`` runs every test of the table with this module as a plugin (``-p``) and refreshes the page. The results
live on the page itself, one a test: a part of the run refreshes its own, and the page can be written from itself.
"""

import ast
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.support.fault_table import CHAPTERS
from tests.support.fault_table.row import Row

_ROOT = Path(__file__).parents[3]
PAGE = _ROOT / "docs" / "faults.md"
HELD, FAILED, NOT_RUN, OPEN = "held", "FAILED", "not run", "open"
_HEAD = """# Faults: what was done to Closebook, and what it did

Written by `make faults` from the table in `tests/support/fault_table/` and from the results of its tests; do not edit.
Every fault of a whole plant ends with the same proof (`tests/support/invariants.py`): nothing lost, nothing twice,
money conserved, each letter out, no hand lent, the log tells of it, the audit's chain unbroken. *held*: every test of
the row passed, in all its cases, when last run; *not run*: it, or its proof, has changed since it was last run whole;
*open*: it cannot be shown on one machine, or is not shown yet, as the list at the end says. Proofs that `make test`
leaves out, whole or in part, say so.
"""
_TABLE = "| no. | fault | how | expected | last result |\n|---|---|---|---|---|\n"
_RESULT = re.compile(r"^- (.+?): `([^`]+::[^`]+)`", re.MULTILINE)


def rows() -> list[Row]:
    """Return all rows in order."""
    return [row for chapter in CHAPTERS.values() for row in chapter]


def node_ids() -> list[str]:
    """Return every test of the table once."""
    return list(dict.fromkeys(test for row in rows() for test in row.tests))


def results_on(page: str) -> dict[str, str]:
    """Return what the page says of each test."""
    return {test: result for result, test in _RESULT.findall(page)}


def page_of(results: Mapping[str, str]) -> str:
    """Return the page with these results of tests; a test without one was not run."""
    parts = [_HEAD]
    for title, chapter in CHAPTERS.items():
        parts.append(f"## {title}\n\n{_TABLE}{''.join(_line(row, result_of(row, results)) for row in chapter)}")
    parts.append("## Proofs\n\n" + "".join(_proof(test, results.get(test, NOT_RUN)) for test in node_ids()))
    parts.append("## Open\n\n" + "".join(f"- F{row.number}, {row.what}: {row.open}.\n" for row in rows() if row.open))
    return "\n".join(parts)


def _line(row: Row, result: str) -> str:
    return f"| F{row.number} | {row.what} | {row.injected} | {row.outcome} | {result} |\n"


def _proof(test: str, result: str) -> str:
    proved = ", ".join(f"F{row.number}" for row in rows() if test in row.tests)
    return f"- {result}: `{test}` ({proved}{pace_of(test)})\n"


def pace_of(test: str) -> str:
    """Return what `make test` leaves out of a test: nothing, some of its cases, all of it."""
    file, _, name = test.partition("::")
    everything, marks = _marks_in(_ROOT / file)
    slow = [everything, *marks.get(name, ())]
    if "pytest.mark.slow" in slow or "pytest.mark.slow" in everything:
        return "; only in `make faults`"
    return "; some cases only in `make faults`" if any("pytest.mark.slow" in mark for mark in slow) else ""


@cache
def _marks_in(file: Path) -> tuple[str, dict[str, list[str]]]:
    """Return the marks of a module, and the decorators of each of its functions."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    everything = [
        ast.unparse(node.value) for node in body if isinstance(node, ast.Assign) and "pytestmark" in ast.unparse(node)
    ]
    functions = [node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return "".join(everything), {node.name: [ast.unparse(each) for each in node.decorator_list] for node in functions}


def result_of(row: Row, results: Mapping[str, str]) -> str:
    """Return a row's result: the worst of its tests'."""
    found = {results.get(test, NOT_RUN) for test in row.tests}
    return next((result for result in (FAILED, NOT_RUN, HELD) if result in found), OPEN)


class Recorder:
    """Collects what each test of the table ended with, and writes the page at the end."""

    def __init__(self, page: Path = PAGE) -> None:
        self._page = page
        self._outcomes: dict[str, set[str]] = {}
        self._partial: set[str] = set()

    def pytest_deselected(self, items: Iterable[pytest.Item]) -> None:
        """Remember tests of which only some cases run: they prove nothing whole."""
        self._partial |= {item.nodeid.partition("[")[0] for item in items}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep each outcome; a fixture that fails counts like its test."""
        if report.when == "call" or report.outcome != "passed":
            self._outcomes.setdefault(report.nodeid.partition("[")[0], set()).add(report.outcome)

    def pytest_sessionfinish(self) -> None:
        """Write the page; tests that did not run whole keep their result."""
        results = results_on(self._page.read_text(encoding="utf-8")) if self._page.exists() else {}
        for test, outcomes in self._outcomes.items():
            if outcomes != {"passed"}:
                results[test] = FAILED
            elif test not in self._partial:
                results[test] = HELD
        self._page.write_text(page_of(results), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Record this run."""
    config.pluginmanager.register(Recorder(), "fault-page")


def main() -> None:
    """Print what `make faults` hands to pytest: the folder of fault tests, and the table's tests elsewhere."""
    print("tests/faults", *(test for test in node_ids() if not test.startswith("tests/faults/")))  # noqa: T201


if __name__ == "__main__":
    main()
