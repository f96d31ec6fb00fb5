"""`closebook erase`: propose that a person is forgotten; it is done when a second person approves."""

from typing import Annotated

import typer

from shared.cli import environment, output
from shared.cli.api import Api
from shared.cli.errors import CliError, ExitCode
from shared.cli.options import DataDir, JsonFlag

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
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Propose to erase a person's name and addresses; ids, ownership and money stay, and a second person decides."""
    if (party is None) == (ownership is None):
        raise CliError(
            "Name either --party or --billing-contact-of.", "The housing system knows their party_id.", ExitCode.USAGE
        )
    body = {"party_id": party} if party else {"ownership_id": ownership}
    asked = {"kind": "erasure", "subject": party or ownership, "body": body, "reason": reason}
    made = Api(environment.resolve(data), _ROLE).post("owners", "/bus/proposals", asked)
    if as_json:
        output.write_json(made)
        return
    approve = f"closebook proposals approve owners {made['id']} --as board"
    output.tell(f"owners: proposal {made['id']} waits for a second person (`{approve}`).")
