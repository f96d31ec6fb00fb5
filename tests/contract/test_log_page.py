"""The closed list of log lines: each is written somewhere, and the page says of each what it means and carries."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from shared.log_events import LogEvent
from shared.log_lines import NAMES
from tests.architecture.source import ROOT, modules, name, tree

PAGE = (ROOT / "docs" / "logs.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| `([a-z_]+)` \| ([A-Z]+) \| (.+) \| ?(.*?) ?\|$", re.MULTILINE)
_TOO = {"error": {"error_type", "fingerprint", "stack"}}
"""What an exception is written as."""
_ANY = {LogEvent.METRICS_SNAPSHOT}
SOURCE = [path for path in modules("shared", "services") if path.name != "log_events.py"]


def rows() -> dict[str, tuple[str, set[str]]]:
    """The page's rows: name, level, fields."""
    return {found[0]: (found[1], set(re.findall(r"\w+", found[3]))) for found in _ROW.findall(PAGE)}


def member(node: ast.AST) -> LogEvent | None:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "LogEvent":
        return LogEvent[node.attr]
    return None


def spoken(module: ast.Module) -> Iterator[LogEvent]:
    """Every member that is handed on; one that is only compared with, or asked for its name, is not."""
    asked = {
        id(part)
        for node in ast.walk(module)
        if isinstance(node, ast.Compare | ast.Attribute)
        for part in ([node.left, *node.comparators] if isinstance(node, ast.Compare) else [node.value])
    }
    for node in ast.walk(module):
        found = member(node)
        if found is not None and id(node) not in asked:
            yield found


def fields(module: ast.Module) -> Iterator[tuple[LogEvent, set[str]]]:
    """Every call that names its member, with the fields it names."""
    for node in ast.walk(module):
        found = member(node.args[0]) if isinstance(node, ast.Call) and node.args else None
        if isinstance(node, ast.Call) and found is not None:
            yield found, {word.arg for word in node.keywords if word.arg is not None}


def test_every_name_of_the_list_is_written_somewhere() -> None:
    written = {event for path in SOURCE for event in spoken(tree(path))}

    assert set(LogEvent) == written


def test_nothing_but_the_list_is_written() -> None:
    for path in SOURCE:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "log" and node.args:
                assert not isinstance(node.args[0], ast.Constant), f"{name(path)}:{node.lineno} logs a text of its own"


def test_the_page_lists_every_name_with_its_level() -> None:
    assert [(one, level) for one, (level, _) in rows().items()] == [(e.value, e.severity.name) for e in LogEvent]


def test_the_page_lists_every_field_that_the_code_names() -> None:
    missing: defaultdict[str, set[str]] = defaultdict(set)
    for path in SOURCE:
        for event, given in fields(tree(path)):
            real = {one for field in given for one in _TOO.get(field, {field})}
            # The frames are written from ERROR up.
            real -= {"stack"} if event.severity < event.severity.ERROR else set()
            missing[event.value] |= real - rows()[event.value][1]
    assert {event: lacks for event, lacks in missing.items() if lacks} == {}


def test_the_page_names_no_field_that_nothing_writes() -> None:
    words = {
        str(word)
        for path in SOURCE
        for node in ast.walk(tree(path))
        for word in (
            [keyword.arg for keyword in node.keywords]
            if isinstance(node, ast.Call)
            else [node.value]
            if isinstance(node, ast.Constant)
            else []
        )
    }
    for event, (_, listed) in rows().items():
        assert event in _ANY or listed <= words, f"{event}: {listed - words}"


def test_the_page_says_how_each_field_is_written() -> None:
    table = PAGE.partition("| here | in the line |")[2].partition("\n\n")[0]

    assert dict(re.findall(r"^\| (\w+) \| `([^`]+)` \|$", table, re.MULTILINE)) == NAMES
