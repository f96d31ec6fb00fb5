"""`closebook fees relief`, `end-relief` and `reliefs`: what units are let off, until when, and which of it stands."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from shared.cli import output, proposing
from shared.cli.api import FINANCE, acting, reading
from shared.cli.options import As, DataDir, Evidence, IdempotencyKey, JsonFlag, Reason, day_option

Schedule = Annotated[str, typer.Argument(metavar="SCHEDULE", help="The schedule's id.", show_default=False)]
_COLUMNS = ("relief", "schedule", "unit", "points", "from", "proven to", "ended on", "state")


def relief(
    schedule: Schedule,
    *,
    unit: Annotated[str, typer.Option("--unit", help="The unit that is let off.", show_default=False)],
    points: Annotated[
        int, typer.Option("--points", min=1, max=10_000, help="Hundredths of a percent; 10000 opts out.")
    ],
    since: Annotated[date, day_option("--from", "From this day on, but for instalments raised already.")],
    evidence: Evidence,
    reason: Reason,
    proven_to: Annotated[date | None, day_option("--proven-to", "The last day its proof covers.")] = None,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Propose a discount, or that a unit with cover of its own stays out of a policy."""
    body: dict[str, Any] = {
        "schedule_id": schedule, "unit_id": unit, "basis_points": points, "from_on": since.isoformat(),
        "evidence": evidence, "proven_to": proven_to.isoformat() if proven_to else None,
    }  # fmt: skip
    propose("fee-relief", body, reason, key, role, as_json, data)


def end_relief(
    relief: Annotated[str, typer.Argument(metavar="RELIEF", help="As `fees reliefs` names it.", show_default=False)],
    *,
    ended_on: Annotated[date, day_option("--last", "The last day it holds; the seller's, if the unit was sold.")],
    why: Annotated[str, typer.Option("--why", help="Why it ends, in words for the owner.", show_default=False)],
    evidence: Evidence,
    reason: Reason,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Propose that a relief ends; its owner is written to well before, a buyer is not.  What was raised stays."""
    body = {"relief_id": relief, "ended_on": ended_on.isoformat(), "evidence": evidence, "why": why}
    propose("fee-relief-end", body, reason, key, role, as_json, data)


def list_reliefs(*, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """List every relief: of whom, how much, how long; lapsed, or outliving the owner it was given to."""
    found = reading(data).get("billing", "/schedules")
    reliefs = [relief for row in found for relief in row["reliefs"]]
    if as_json:
        output.write_json(reliefs)
        return
    rows = [
        (
            one["relief_id"],
            one["schedule_id"],
            one["unit_id"],
            str(one["basis_points"]),
            one["from_on"],
            one["proven_to"],
            one["ended_on"],
            one["state"],
        )
        for one in reliefs
    ]
    output.show(output.table(output.counted(len(rows), "relief"), _COLUMNS, rows, right=("points",)))


def propose(
    kind: str,
    body: dict[str, Any],
    reason: str,
    key: str | None,
    role: str | None,
    as_json: bool,
    data: Path | None,
) -> None:
    """Propose what two people decide about fees, and tell who has the next word; its subject is its first field."""
    subject = next(iter(body.values()))
    api = acting(data, role, FINANCE)
    made = proposing.propose(api, "billing", kind, subject, body, reason, key)
    proposing.tell("billing", made, f"{kind} of {subject}", "board", as_json=as_json)
