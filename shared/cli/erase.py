"""`closebook erase`: propose that a person is forgotten; it is done when a second person approves."""

from typing import Annotated

import typer

from shared.cli import environment
from shared.cli.api import Api
from shared.cli.errors import CliError, ExitCode
from shared.cli.options import DataDir, IdempotencyKey, JsonFlag
from shared.cli.proposing import propose, tell

_ROLE = "lead-officer"


def erase(
    *,
    party: Annotated[str | None, typer.Option("--party", help="The person's party_id.", show_default=False)] = None,
    ownership: Annotated[
        str | None,
        typer.Option("--billing-contact-of", help="The ownership whose billing contact it is.", show_default=False),
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", help="Why, without a name: it is kept for ever.", show_default=False)
    ],
    key: IdempotencyKey = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Propose to erase a person's name and addresses; ids, ownership and money stay, and a second person decides."""
    if (party is None) == (ownership is None):
        raise CliError(
            "Name either --party or --billing-contact-of.", "The housing system knows their party_id.", ExitCode.USAGE
        )
    subject, body = (party, {"party_id": party}) if party else (ownership or "", {"ownership_id": ownership})
    made = propose(Api(environment.resolve(data), _ROLE), "owners", "erasure", subject, body, reason, key)
    tell("owners", made, f"erasure of {subject}", "board", as_json=as_json)
