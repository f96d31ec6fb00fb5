"""`closebook fees`: schedules of fees and premiums, the notices given of them, and what a unit is let off."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from shared.cli import environment, fee_costs, output, proposing
from shared.cli.api import FINANCE, Api, acting
from shared.cli.options import As, DataDir, Evidence, JsonFlag, Reason, day_option, parse_scope, pounds_option

fees = typer.Typer(help="Schedules of fees and premiums: propose versions, notices and reliefs; list what holds.")
fees.command("cost")(fee_costs.cost)
fees.command("cost-model")(fee_costs.cost_model)

_COLUMNS = (
    "schedule",
    "kind",
    "charges",
    "version",
    "a year, net",
    "since",
    "to come",
    "lacks notice",
    "letters",
    "lapsed",
)

Schedule = Annotated[str, typer.Argument(metavar="SCHEDULE", help="The schedule's id.", show_default=False)]


@fees.command("set")
def set_terms(
    schedule: Schedule,
    *,
    kind: Annotated[str, typer.Option("--kind", help="management-fee, insurance or reserve-fund.", show_default=False)],
    scope: Annotated[
        str,
        typer.Option("--for", metavar="SCOPE=ID", help="unit, block, development or share-set.", show_default=False),
    ],
    since: Annotated[date, day_option("--from", "A period's first day.")],
    pence: Annotated[int, pounds_option("Net a year; 0 ends it.")],
    words: Annotated[str, typer.Option("--words", help="What the statement says.", show_default=False)],
    reason: Reason,
    instalments: Annotated[int, typer.Option("--instalments", help="1, 2 or 4 a year.")] = 4,
    month: Annotated[int, typer.Option("--month", min=1, max=12, help="The month its year begins with.")] = 4,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Propose a version of a schedule; for a share set the pounds are the pool's, else each unit's."""
    name, scope_id = parse_scope(scope)
    body = {
        "schedule_id": schedule, "kind": kind, "scope": name, "scope_id": scope_id, "annual_net_pence": pence,
        "effective_from": since.isoformat(), "instalments": instalments, "year_starts": month, "description": words,
    }  # fmt: skip
    _propose("fee-schedule", body, reason, role, as_json, data)


@fees.command("notice")
def notice(
    schedule: Schedule,
    *,
    version: Annotated[int, typer.Option("--version", min=1, help="The version owners were told of.")],
    on: Annotated[date, day_option("--on", "The day they were told.")],
    evidence: Evidence,
    reason: Reason = "owners were told",
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Propose to record that owners were told of an increase; it holds four weeks later at the earliest."""
    body = {"schedule_id": schedule, "version": version, "notified_on": on.isoformat(), "evidence": evidence}
    _propose("fee-notice", body, reason, role, as_json, data)


@fees.command("letters")
def letters(
    schedule: Schedule,
    *,
    version: Annotated[int, typer.Option("--version", min=1, help="The dearer version.")],
    why: Annotated[str, typer.Option("--why", help="Why it goes up, in words for owners.", show_default=False)],
    reason: Reason = "owners are told of an increase",
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Propose that every owner who is charged is written to about an increase; that is its notice."""
    _propose("fee-letters", {"schedule_id": schedule, "version": version, "why": why}, reason, role, as_json, data)


@fees.command("relief")
def relief(
    schedule: Schedule,
    *,
    unit: Annotated[str, typer.Option("--unit", help="The unit that is let off.", show_default=False)],
    points: Annotated[
        int, typer.Option("--points", min=1, max=10_000, help="Hundredths of a percent; 10000 opts out.")
    ],
    since: Annotated[date, day_option("--from", "From periods that begin then.")],
    evidence: Evidence,
    reason: Reason,
    proven_to: Annotated[date | None, day_option("--proven-to", "The last day its proof covers.")] = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Propose a discount, or that a unit with cover of its own stays out of a policy."""
    body: dict[str, Any] = {
        "schedule_id": schedule, "unit_id": unit, "basis_points": points, "from_on": since.isoformat(),
        "evidence": evidence, "proven_to": proven_to.isoformat() if proven_to else None,
    }  # fmt: skip
    _propose("fee-relief", body, reason, role, as_json, data)


def _propose(kind: str, body: dict[str, Any], reason: str, role: str | None, as_json: bool, data: Path | None) -> None:
    api = acting(data, role, FINANCE)
    made = proposing.propose(api, "billing", kind, body["schedule_id"], body, reason)
    proposing.tell("billing", made, f"{kind} of {body['schedule_id']}", "board", as_json=as_json)


@fees.command("list")
def list_schedules(*, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """List every schedule: what holds, which increase lacks its notice, and units whose proof has lapsed."""
    found = Api(environment.resolve(data)).get("billing", "/schedules")
    if as_json:
        output.write_json(found)
        return
    rows = [
        (
            row["schedule_id"],
            row["kind"],
            f"{row['scope']} {row['scope_id']}",
            row["version"],
            output.pounds(row["annual_net_pence"]),
            row["effective_from"],
            " ".join(map(str, row["to_come"])),
            row["lacks_notice"],
            " ".join(f"{one['version']}: {one['letters']} on {one['book']}" for one in row["letters"]),
            " ".join(row["lapsed"]),
        )
        for row in found
    ]
    output.show(output.table(f"{len(rows)} schedules", _COLUMNS, rows, right=("a year, net",)))
