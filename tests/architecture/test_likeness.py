"""What a rebuild and a restored database need to know of each service: all its tables, all that its people may do."""

import ast
from collections.abc import Collection, Iterator
from importlib import import_module

import pytest

from shared.rebuild.likeness import Likeness
from tests.architecture.source import ROOT, name, service_room, tree

REBUILT = ("billing", "arrears", "notify")
COMMANDED = ("billing", "arrears")
"""The services whose people give commands of their own; those of the bus are repeated for all."""


def deeds(of: str) -> Collection[str]:
    settings = import_module(f"services.{of}.settings").Settings
    found = import_module(f"services.{of}.app").build(settings.model_construct()).likeness
    assert isinstance(found, Likeness)
    return found.deeds


def tables(of: str) -> set[str]:
    modules = (import_module(name(path)[: -len(".py")].replace("/", ".")) for path in service_room(of, "db"))
    return {
        table.fullname for module in modules if hasattr(module, "metadata") for table in module.metadata.sorted_tables
    }


def kinds_given(of: str) -> Iterator[str]:
    """The kind of each command of a service's routes, also of those that a route hands on as ``kind``."""
    doors = [*service_room(of, "api"), *(path for path in [ROOT / f"services/{of}/api.py"] if path.exists())]
    for path in doors:
        module = import_module(name(path)[: -len(".py")].replace("/", "."))
        handing_on = {
            node.name: [argument.arg for argument in node.args.args].index("kind")
            for node in ast.walk(tree(path))
            if isinstance(node, ast.AsyncFunctionDef) and "kind" in [argument.arg for argument in node.args.args]
        }
        for node in ast.walk(tree(path)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"Given", *handing_on}
            ):
                said = ast.unparse(node.args[handing_on.get(node.func.id, 0)])
                if said != "kind":
                    yield str(eval(said, vars(module)))


@pytest.mark.parametrize("of", REBUILT)
def test_every_table_of_a_rebuilt_service_is_compared_or_carried_over(of: str) -> None:
    known = import_module(f"services.{of}.db.likeness")
    named = [*(one.query for one in known.COMPARED), *(one.table for one in getattr(known, "CARRIED", ()))]
    assert [table for table in tables(of) if not any(f"{table} " in f"{words} " for words in named)] == []


def test_a_service_whose_routes_give_commands_is_looked_at() -> None:
    assert {of for of in REBUILT if set(kinds_given(of))} == set(COMMANDED)


@pytest.mark.parametrize("of", COMMANDED)
def test_every_command_of_a_service_can_take_effect_again(of: str) -> None:
    """Also one that changes no figure: a database restored from an older backup is given each again."""
    assert set(kinds_given(of)) <= set(deeds(of))
