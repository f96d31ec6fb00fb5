"""`closebook bank import`: a bank's statement to payment events, each entry once, however often it is imported."""

import asyncio
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from shared.cli import output
from shared.cli.api import FINANCE, Api, acting
from shared.cli.bank_statement import Entry, MoneyOut, Row, read_mapping, read_statement, sendable
from shared.cli.errors import CliError, ExitCode
from shared.cli.kafka import Broker
from shared.cli.lines import BadLine
from shared.cli.options import As, DataDir, JsonFlag
from shared.cli.publish import Report, send

bank = typer.Typer(help="Take in what the bank says.")


@bank.callback()
def _bank() -> None:
    """Take in what the bank says."""


@dataclass
class Sorted:
    """A statement's rows by what becomes of them."""

    rows: int = 0
    money_out: int = 0
    already_there: int = 0
    fresh: list[Entry] = field(default_factory=list)
    repeated: list[Entry] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)

    @property
    def fresh_pence(self) -> int:
        """What the new payments make together."""
        return sum(entry.payment.amount_pence for entry in self.fresh)


Known = dict[str, tuple[int, str]]
"""Pence and day of every payment that billing has, by id."""


@bank.command("import")
def import_statement(
    file: Annotated[Path, typer.Argument(help="The bank's statement, a CSV file.", show_default=False)],
    *,
    mapping: Annotated[Path, typer.Option("--mapping", help="Which column means what: TOML.", show_default=False)],
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why, for the audit; --dry-run needs none.", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Sort every row and send nothing.")] = False,
    keep_equal: Annotated[
        bool, typer.Option("--keep-equal-rows", help="Rows equal in all the bank says are payments of their own.")
    ] = False,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Publish the payments of a bank statement; rows that are there already, or twice in the file, are left out."""
    if reason is None and not dry_run:
        raise typer.BadParameter("say why, for the audit.", param_hint="--reason")
    if not dry_run:
        _require_kept(file, mapping)
    columns, api = read_mapping(mapping), acting(data, role, FINANCE)
    found = sort_out(read_statement(file, columns, keep_equal=keep_equal), _known(api))
    report = Report(file, dry_run)
    if found.fresh and not dry_run:
        _note(api, {"bank_account": columns.account, **_read(file, mapping, found), "reason": reason})
        asyncio.run(send(Broker.of(api.environment), (sendable(entry, columns) for entry in found.fresh), report))
    _tell(found, report, as_json)
    if found.bad or found.repeated or report.bad:
        raise typer.Exit(ExitCode.NEGATIVE)


def _require_kept(*paths: Path) -> None:
    """Refuse what can be read only once: the audit would name it by the hash of nothing."""
    for path in paths:
        if path.is_fifo():
            raise CliError(
                f"{path} is a pipe, and the audit names what is brought in by the hash of its file.",
                "Write it to a file that the office keeps, and name that.",
                ExitCode.USAGE,
            )


def _read(file: Path, mapping: Path, found: Sorted) -> dict[str, Any]:
    """Return what the audit says of an import: the file and its mapping by their hashes, and what it brings."""
    hashes = {f"{name}_sha256": _sha256(path.read_bytes()) for name, path in (("file", file), ("mapping", mapping))}
    return {**hashes, "rows": found.rows, "payments": len(found.fresh), "amount_pence": found.fresh_pence}


def _note(api: Api, told: dict[str, Any]) -> None:
    """Let billing keep who brings this in, before anything is sent; the same import given again is the same command."""
    key = _sha256(json.dumps(told, sort_keys=True).encode())
    api.post("billing", "/bank-imports", told, {"Idempotency-Key": key})


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _known(api: Api) -> Known:
    """Return every payment that billing was told."""
    text = "".join(api.stream("billing", "/export/facts", {}))
    rows = (json.loads(line) for line in text.split("\n") if line)
    return {row["id"]: (row["amount_pence"], row["on"]) for row in rows if row["kind"] == "payment"}


def sort_out(rows: Iterable[Row], known: Known) -> Sorted:
    """Return a statement's rows by what becomes of them."""
    found = Sorted()
    for row in rows:
        found.rows += 1
        if isinstance(row, BadLine):
            found.bad.append(row)
        elif isinstance(row, MoneyOut):
            found.money_out += 1
        elif row.same_as is not None:
            found.repeated.append(row)
        else:
            _sort(row, known, found)
    return found


def _sort(entry: Entry, known: Known, found: Sorted) -> None:
    """Put a payment to the new ones, unless billing has it; with another sum or day there it is a contradiction."""
    payment = entry.payment
    there = known.get(payment.payment_id)
    if there is None:
        found.fresh.append(entry)
    elif there == (payment.amount_pence, payment.received_on.isoformat()):
        found.already_there += 1
    else:
        told = f"billing has it with {output.pounds(there[0])} of {there[1]}"
        found.bad.append(BadLine(entry.number, "conflicting-id", "id", told))


def _tell(found: Sorted, report: Report, as_json: bool) -> None:
    bad = [*found.bad, *report.bad]
    if as_json:
        output.write_json(_document(found, report, bad))
        return
    if bad:
        rows = [(line.number, line.reason, line.field, line.detail) for line in bad]
        output.show(output.table("Bad rows", ("line", "reason", "field", "what is wrong"), rows, right=("line",)))
    for entry in found.repeated:
        output.tell(f"Line {entry.number} is the same as line {entry.same_as} and is left out.")
    sent = "nothing sent (--dry-run)" if report.dry_run else f"{report.published} published"
    new = f"{len(found.fresh)} new payments, {output.pounds(found.fresh_pence)}, {sent}"
    left_out = f"{found.already_there} there already, {len(found.repeated)} twice in the file"
    rest = f"{found.money_out} without money in, {len(bad)} bad"
    output.tell(f"{report.file}: {found.rows} rows; {new}; {left_out}, {rest}.")


def _document(found: Sorted, report: Report, bad: list[BadLine]) -> dict[str, Any]:
    return {
        "file": str(report.file), "dry_run": report.dry_run, "rows": found.rows,
        "payments": [
            {"line": entry.number, "payment_id": entry.payment.payment_id, "amount_pence": entry.payment.amount_pence}
            for entry in found.fresh
        ],
        "amount_pence": found.fresh_pence, "published": report.published, "already_there": found.already_there,
        "money_out": found.money_out,
        "repeated": [{"line": entry.number, "same_as": entry.same_as} for entry in found.repeated],
        "bad": [line.as_json() for line in bad],
    }  # fmt: skip
