"""SQL that is put together from pieces: every piece stands in the code, and none comes from whoever asks."""

import ast
import builtins
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.architecture.source import ROOT, SERVICES, modules, name, tree

MARK = "# noqa: S608 - "
FROM_OUTSIDE = {"open", "input", "eval", "exec", "__import__"}
OF_THE_LANGUAGE = {"dataclasses"}
"""A module that tells of our own classes."""
OF_THE_CODE = "tables and columns that a service's likeness declares"
DECLARED = {
    ("shared/rebuild/adoption.py", "_copy_whole"): OF_THE_CODE,
    ("shared/rebuild/adoption.py", "_copy_columns"): OF_THE_CODE,
    ("shared/rebuild/adoption.py", "_count_on"): "tables and columns as the catalogue of our own database quotes them",
    ("shared/rebuild/comparison.py", "_rows"): OF_THE_CODE,
    ("shared/rebuild/likeness.py", "whole"): OF_THE_CODE,
}
"""Functions that put SQL together from what they are given, and why nothing strange can be given to them."""


Function = ast.FunctionDef | ast.AsyncFunctionDef


class Marked(NamedTuple):
    """One f-string that ruff was told to let pass, and the functions around it, from the outermost."""

    path: Path
    line: int
    text: ast.JoinedStr
    around: tuple[Function, ...]

    @property
    def place(self) -> tuple[str, str]:
        return name(self.path), self.around[-1].name if self.around else ""


def _texts(node: ast.AST, around: tuple[Function, ...] = ()) -> Iterator[tuple[ast.JoinedStr, tuple[Function, ...]]]:
    """Every f-string that is inside no other, with the functions around it."""
    if isinstance(node, ast.JoinedStr):
        yield node, around
        return
    if isinstance(node, Function):
        around = (*around, node)
    for child in ast.iter_child_nodes(node):
        yield from _texts(child, around)


def marked() -> Iterator[Marked | str]:
    """Every marked f-string; a mark that stands at none is said."""
    for path in modules("services", "shared"):
        lines = {n for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if "noqa: S608" in line}
        found = [Marked(path, text.end_lineno or 0, text, around) for text, around in _texts(tree(path))]
        yield from (one for one in found if one.line in lines)
        yield from (f"{name(path)}:{line}" for line in sorted(lines - {one.line for one in found}))


def used(node: ast.AST) -> set[str]:
    """The names that an expression reads, but for those that it binds itself."""
    names = [one for one in ast.walk(node) if isinstance(one, ast.Name)]
    return {one.id for one in names} - {one.id for one in names if isinstance(one.ctx, ast.Store)}


def _bound(function: ast.AST) -> set[str]:
    """The names that a function's callers or its own statements give a value."""
    nodes = list(ast.walk(function))
    return {one.arg for one in nodes if isinstance(one, ast.arg)} | {
        one.id for one in nodes if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    }


def is_ours(path: Path, wanted: str) -> bool:
    """Say whether a module's name stands for something that is written in our code, and only there."""
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == wanted:
            return True
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == wanted:
                    return _is_imported_from_us(node.module or "", alias.name)
        if isinstance(node, ast.Assign | ast.AnnAssign) and wanted in _bound(node):
            return node.value is not None and all(is_ours(path, each) for each in used(node.value))
    return wanted in dir(builtins) and wanted not in FROM_OUTSIDE


def _is_imported_from_us(module: str, wanted: str) -> bool:
    if module.partition(".")[0] not in {"services", "shared"}:
        return module in OF_THE_LANGUAGE
    folder = ROOT.joinpath(*module.split("."))
    if (folder / f"{wanted}.py").is_file():
        return True
    return is_ours(folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py"), wanted)


def foreign(one: Marked) -> set[str]:
    """The names in a marked f-string that somebody else may have given a value."""
    local = {each for function in one.around for each in _bound(function)}
    return {each for each in used(one.text) if each in local or not is_ours(one.path, each)}


FOUND = [one for one in marked() if isinstance(one, Marked)]


@pytest.mark.parametrize("one", FOUND, ids=lambda one: f"{name(one.path)}:{one.line}")
def test_sql_in_pieces_is_made_of_the_codes_own_constants(one: Marked) -> None:
    assert one.place in DECLARED or foreign(one) == set()


def test_every_mark_is_needed_and_says_why() -> None:
    assert [one for one in marked() if isinstance(one, str)] == []
    lines = [
        (name(path), line)
        for path in modules("services", "shared")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "noqa: S608" in line
    ]
    assert len(lines) >= 50
    assert [each for each in lines if MARK not in each[1]] == []


def test_what_a_likeness_declares_is_written_in_the_code() -> None:
    made = {"whole", "Compared", "Carried"}
    pages = [ROOT / "services" / service / "db" / "likeness.py" for service in SERVICES]
    for path in (each for each in pages if each.is_file()):
        calls = [one for one in ast.walk(tree(path)) if isinstance(one, ast.Call) and used(one.func) & made]
        assert calls
        assert not [one for one in tree(path).body if isinstance(one, Function)], path
        assert {each for one in calls for each in used(one) - made if not is_ours(path, each)} == set()
    makers = {name(path) for path in modules("services", "shared") for kind in made if _imports(path, kind)}
    assert makers == {name(path) for path in pages if path.is_file()} | {
        "shared/rebuild/adoption.py",
        "shared/rebuild/comparison.py",
    }


def _imports(path: Path, wanted: str) -> bool:
    """Say whether a module takes something by this name from where likenesses are made."""
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "shared.rebuild.likeness"
        and wanted in {alias.name for alias in node.names}
        for node in tree(path).body
    )


def test_every_declared_place_needs_to_be_declared() -> None:
    assert {one.place for one in FOUND if foreign(one)} == set(DECLARED)
