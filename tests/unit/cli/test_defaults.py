"""What is not said on the command line is taken as it stands in the code: Typer reads defaults as it reads words."""

from typing import Any

import pytest
from typer.main import get_command

from shared.cli.commands import COMMANDS, application
from tests.unit.cli.test_json import commands


@pytest.mark.parametrize(
    "command", [pytest.param(one, id=name) for name, one in commands(get_command(application(COMMANDS)))]
)
def test_every_default_is_one_that_its_option_can_read(command: Any) -> None:
    context = command.make_context("closebook", [], resilient_parsing=True)
    for option in command.params:
        if not option.required:
            option.process_value(context, option.get_default(context))
