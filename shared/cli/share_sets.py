"""`closebook share-set propose`: the exact shares of a block's units, as an event for the officer to publish."""

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from shared.cli import environment, output
from shared.cli.api import Api
from shared.cli.errors import CliError, ExitCode, writing
from shared.cli.options import DataDir, JsonFlag, day_option
from shared.events.envelope import encode
from shared.events.housing import SharesPublished
from shared.events.topics import SHARES_PUBLISHED

sets = typer.Typer(help="Propose how units share a cost; publishing is the officer's.")


@sets.callback()
def _share_sets() -> None:
    """Propose how units share a cost; publishing is the officer's."""


@sets.command("propose")
def propose(
    *,
    block: Annotated[str, typer.Option("--block", help="The block whose units share.", show_default=False)],
    share_set: Annotated[str, typer.Option("--set", help="The share set's id.", show_default=False)],
    since: Annotated[date, day_option("--from", "Its first day.")],
    basis: Annotated[str, typer.Option("--basis", help="tms, equal, floor-area or rateable-value.")] = "tms",
    name: Annotated[str | None, typer.Option("--name", help="Its name; absent: its id.", show_default=False)] = None,
    value: Annotated[
        list[str] | None, typer.Option("--value", help="A rateable value, UNIT=NUMBER.", show_default=False)
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write the event: a JSONL file.", show_default=False)
    ] = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Work out a share set from the registered units and write it as an event; nothing is published.

    `tms` is the Tenement Management Scheme's default: equal shares, unless the largest floor area is more than one and
    a half times the smallest; then by floor area.
    """
    params = {"block_id": block, "effective_from": since.isoformat(), "basis": basis, "values": ",".join(value or ())}
    found = Api(environment.resolve(data)).get("owners", "/share-set-proposal", params)
    line = event_line(found, share_set, name or share_set, datetime.now(UTC))
    if to is not None:
        with writing(to):
            to.write_bytes(line + b"\n")
    if as_json:
        output.write_json({**found, "share_set_id": share_set, "file": str(to) if to else None})
    elif to is None:
        output.tell(line.decode())
    else:
        _show(found, to)


def event_line(found: dict[str, Any], share_set: str, name: str, time: datetime) -> bytes:
    """Return a proposal as the event that publishes it; the same proposal has the same id.

    Raises ``CliError`` for an id or a name that no share set may have.
    """
    data = _published(found, share_set, name)
    sha = hashlib.sha256(data.model_dump_json().encode()).hexdigest()[:32]
    return encode(SHARES_PUBLISHED, data, id=f"proposal-{sha}", source="closebook/proposal", time=time)


def _published(found: dict[str, Any], share_set: str, name: str) -> SharesPublished:
    content = {
        "share_set_id": share_set,
        "name": name,
        "scope": {"block_id": found["block_id"]},
        "basis": found["basis"],
        "effective_from": found["effective_from"],
        "members": tuple(found["members"]),
    }
    try:
        return SharesPublished.model_validate(content, strict=False)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise CliError(
            f"No share set can be published so: {'.'.join(map(str, first['loc']))}: {first['msg']}.",
            "Name another --set or --name.",
            ExitCode.USAGE,
        ) from error


def _show(found: dict[str, Any], to: Path) -> None:
    rows = [(member["unit_id"], f"{member['numerator']}/{member['denominator']}") for member in found["members"]]
    output.show(output.table(f"Shares by {found['basis']}", ("unit", "share"), rows, right=("share",)))
    if found["left_out"]:
        output.tell(f"Left out, being garages: {', '.join(found['left_out'])}.")
    output.tell(f"Nothing is published yet. When it is right: closebook publish {to}")
