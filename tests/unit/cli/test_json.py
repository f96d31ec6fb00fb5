"""Every command answers a program: it takes `--json`."""

from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from shared.cli.commands import COMMANDS, application


def commands(group: Any, name: str = "closebook") -> Iterator[tuple[str, Any]]:
    """Yield every command with its whole name; a group that answers by itself is one, too."""
    members = getattr(group, "commands", {})
    if not members or getattr(group, "invoke_without_command", False):
        yield name, group
    for word, member in members.items():
        yield from commands(member, f"{name} {word}")


@pytest.mark.parametrize(
    "command", [pytest.param(one, id=name) for name, one in commands(get_command(application(COMMANDS)))]
)
def test_every_command_takes_json(command: Any) -> None:
    assert any("--json" in option.opts for option in command.params)
