"""Every service has the same rooms with the same names, and each thing stands in its room."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.source import MAX_LINES, ROOT, SERVICES, modules, name, service_room, texts, tree

_REQUIRED = {
    "README.md",
    "__init__.py",
    "__main__.py",
    "app.py",
    "settings.py",
    "handlers.py",
    "usecases",
    "domain",
    "db",
}
_OPTIONAL = {"py.typed", "api.py", "api"}
_OF_ITS_OWN = {"notify": {"templates"}}
_SQL = re.compile(
    r"\s*(select\s.+\sfrom\s|insert\s+into\s|update\s+\w+\.\w+\s|delete\s+from\s|with\s+\w+\s+as\s*\()", re.I | re.S
)
_SQL_MAKERS = {"select", "insert", "update", "delete", "text"}
_CLOCKS = {"now", "utcnow", "today", "fromtimestamp", "monotonic", "perf_counter"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_rooms_that_all_have(service: str) -> None:
    found = {path.name for path in (ROOT / "services" / service).iterdir() if path.name != "__pycache__"}

    assert found >= _REQUIRED, f"missing: {_REQUIRED - found}"
    assert len(found & {"api.py", "api"}) == 1
    assert found <= _REQUIRED | _OPTIONAL | _OF_ITS_OWN.get(service, set())


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_proved_and_what_is_answered_have_the_same_names_in_all(service: str) -> None:
    usecases = ROOT / "services" / service / "usecases"
    defined = {node.name for node in tree(usecases / "verify.py").body if isinstance(node, ast.AsyncFunctionDef)}

    assert (usecases / "questions.py").is_file()
    assert defined >= {"verify", "checks"}, "the proof whole, and what of it holds at every commit"


@pytest.mark.parametrize("service", SERVICES)
def test_whoever_needs_a_policy_reads_it_and_no_door_hands_one_in(service: str) -> None:
    """The settings read each file once: a use case has one way to come by the versions in force."""
    doors = [ROOT / "services" / service / "handlers.py", *service_room(service, "api")]
    handed = [
        f"{name(path)}:{argument.lineno}"
        for path in (*doors, *service_room(service, "usecases"))
        for argument in ast.walk(tree(path))
        if isinstance(argument, ast.arg) and argument.arg.endswith("policies")
    ]

    assert handed == []


def test_the_readmes_of_the_services_have_the_same_headings() -> None:
    headings = {
        service: re.findall(r"^## .+$", (ROOT / "services" / service / "README.md").read_text(), re.MULTILINE)
        for service in SERVICES
    }
    first = headings[SERVICES[0]]

    assert first
    assert all(found == first for found in headings.values()), headings


@pytest.mark.parametrize("path", modules("services", "shared", "tests"), ids=name)
def test_a_file_is_one_room(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("service", SERVICES)
def test_rules_read_no_clock_and_hold_no_float(service: str) -> None:
    for path in service_room(service, "domain"):
        for node in ast.walk(tree(path)):
            where = f"{name(path)}:{getattr(node, 'lineno', 0)}"
            assert not (isinstance(node, ast.Attribute) and node.attr in _CLOCKS), f"{where} reads a clock"
            assert not (isinstance(node, ast.Name) and node.id == "float"), f"{where} uses float"
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), f"{where} holds a float"


@pytest.mark.parametrize("service", SERVICES)
def test_sql_stands_in_db_only(service: str) -> None:
    db = ROOT / "services" / service / "db"
    for path in service_room(service, "."):
        if db in path.parents:
            continue
        for text in texts(tree(path)):
            assert not _SQL.match(str(text.value)), f"{name(path)}:{text.lineno} has SQL"
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
                used = {alias.name for alias in node.names} & _SQL_MAKERS
                assert not used, f"{name(path)}:{node.lineno} makes SQL with {used}"


@pytest.mark.parametrize("path", modules("services", "shared"), ids=name)
def test_everything_public_says_what_it_is(path: Path) -> None:
    if path.name == "__init__.py" and not path.read_text(encoding="utf-8").strip():
        return
    module = tree(path)
    assert ast.get_docstring(module), "the module has no docstring"
    for node in module.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node) or "migrations" in path.parts, f"{node.name} has no docstring"
