"""`closebook letters`: every message with its channel, state and the hash of what was sent."""

from typing import Annotated

import typer

from shared.cli import output
from shared.cli.account import as_reference
from shared.cli.api import reading
from shared.cli.options import DataDir, JsonFlag

_FIELDS = ("message_id", "account_ref", "template", "channel", "state", "created_on", "sent_at", "sha256")


def letters(
    *,
    account: Annotated[
        str | None, typer.Option("--account", metavar="REF", help="Only this account's.", show_default=False)
    ] = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """List the messages written to owners."""
    params = {"account": as_reference(account)} if account else None
    found = reading(data).get("notify", "/letters", params)
    if as_json:
        output.write_json(found)
        return
    rows = [(*(letter.get(name) for name in _FIELDS[:-1]), str(letter.get("sha256") or "")[:12]) for letter in found]
    output.show(output.table(output.counted(len(rows), "message"), _FIELDS, rows))
