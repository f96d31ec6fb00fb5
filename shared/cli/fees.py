"""`closebook fees`: schedules of fees and premiums, the notices of them, what units are let off, what it all costs."""

from datetime import date
from typing import Annotated

import typer

from shared.cli import fee_costs, fee_reliefs, output
from shared.cli.api import reading
from shared.cli.fee_reliefs import Schedule, propose
from shared.cli.options import (
    As,
    DataDir,
    Evidence,
    IdempotencyKey,
    JsonFlag,
    Reason,
    SheetFile,
    day_option,
    parse_scope,
    pounds_option,
)

fees = typer.Typer(help="Schedules of fees and premiums: propose versions, notices and reliefs; list what holds.")
fees.command("cost")(fee_costs.cost)
fees.command("cost-model")(fee_costs.cost_model)
fees.command("relief")(fee_reliefs.relief)
fees.command("end-relief")(fee_reliefs.end_relief)
fees.command("reliefs")(fee_reliefs.list_reliefs)

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
    "outlived",
    "moved",
)


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
    key: IdempotencyKey = None,
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
    propose("fee-schedule", body, reason, key, role, as_json, data)


@fees.command("notice")
def notice(
    schedule: Schedule,
    *,
    version: Annotated[int, typer.Option("--version", min=1, help="The version owners were told of.")],
    on: Annotated[date, day_option("--on", "The day they were told.")],
    evidence: Evidence,
    reason: Reason = "owners were told",
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Propose to record that owners were told of an increase; it holds four weeks later at the earliest."""
    body = {"schedule_id": schedule, "version": version, "notified_on": on.isoformat(), "evidence": evidence}
    propose("fee-notice", body, reason, key, role, as_json, data)


@fees.command("letters")
def letters(
    schedule: Schedule,
    *,
    version: Annotated[int, typer.Option("--version", min=1, help="The dearer version.")],
    why: Annotated[str, typer.Option("--why", help="Why it goes up, in words for owners.", show_default=False)],
    reason: Reason = "owners are told of an increase",
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Propose that every owner who is charged is written to about an increase; that is its notice."""
    propose("fee-letters", {"schedule_id": schedule, "version": version, "why": why}, reason, key, role, as_json, data)


@fees.command("list")
def list_schedules(*, as_json: JsonFlag = False, to: SheetFile = None, data: DataDir = None) -> None:
    """List every schedule: what holds and lacks its notice, units with lapsed or outlived reliefs, units that moved."""
    found = reading(data).get("billing", "/schedules")
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
            " ".join(row["outlived"]),
            " ".join(row["moved"]),
        )
        for row in found
    ]
    table = output.table(output.counted(len(rows), "schedule"), _COLUMNS, rows, right=("a year, net",))
    output.report(found, table, as_json=as_json, to=to)
