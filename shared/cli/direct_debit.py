"""`closebook direct-debit`: mandates, collections that owners are told of, and the file that two people release."""

import sys
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

import typer

from shared.cli import environment, output, proposing
from shared.cli.account import as_reference
from shared.cli.api import FINANCE, Api, acting
from shared.cli.errors import writing
from shared.cli.options import (
    As,
    DataDir,
    IdempotencyKey,
    JsonFlag,
    OutputFile,
    Reason,
    Reference,
    SheetFile,
    day_option,
)

bench = typer.Typer(help="Set and cancel mandates; announce, release and hand out collections.")
Mandate = Annotated[str, typer.Argument(metavar="MANDATE", help="The bureau's name for it.", show_default=False)]
Collection = Annotated[str, typer.Argument(metavar="COLLECTION", help="Its id, as DD-DAY-1.", show_default=False)]

_COLUMNS = (
    "collection",
    "collect on",
    "told on",
    "accounts",
    "amount",
    "release by",
    "released",
    "skipped",
    "not taken",
)


@bench.command("set")
def set_mandate(
    reference: Reference,
    mandate: Mandate,
    *,
    reason: Reason,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Record an owner's instruction: the account may be collected from, once it was told."""
    body = {"account_ref": as_reference(reference), "mandate_id": mandate, "reason": reason}
    answer = acting(data, role, FINANCE).once("billing", "/mandates", body, key)
    output.answer(
        answer, f"Mandate {mandate} of {answer['account_ref']} stands since {answer['set_on']}.", as_json=as_json
    )


@bench.command("cancel")
def cancel(
    mandate: Mandate,
    *,
    reason: Reason,
    bank_code: Annotated[
        str | None,
        typer.Option(
            "--bank-code", metavar="CODE", help="What the bank told outside a return: addacs-1.", show_default=False
        ),
    ] = None,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Cancel a mandate: what is not released yet is not taken; a bank's code says what follows."""
    path = f"/mandates/{quote(mandate, safe='')}/cancel"
    body = {"reason": reason} | ({"bank_code": bank_code} if bank_code is not None else {})
    answer = acting(data, role, FINANCE).once("billing", path, body, key)
    words = f"Mandate {mandate} is cancelled since {answer['ended_on']}"
    if bank_code is not None:
        words += f"; {answer['bank_code']}: {answer['meaning']}, {answer['next_step']}"
    output.answer(answer, f"{words}.", as_json=as_json)


@bench.command("mandates")
def list_mandates(*, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """List every mandate, and whether it stands, was cancelled or was ended by the bank."""
    found = Api(environment.resolve(data)).get("billing", "/mandates")
    if as_json:
        output.write_json(found)
        return
    columns = ("mandate_id", "account_ref", "set_on", "ended_on", "state", "bank_code")
    rows = [tuple(row[name] for name in columns) for row in found]
    heads = ("mandate", "account", "since", "cancelled", "state", "code")
    output.show(output.table(output.counted(len(rows), "mandate"), heads, rows))


@bench.command("announce")
def announce(
    *,
    collect_on: Annotated[date, day_option("--on", "When money is taken.")],
    reason: Reason = "collection of what is due",
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Tell owners with a mandate what a day takes, ten working days before or more; on no bank day: the next."""
    body = {"collect_on": collect_on.isoformat(), "reason": reason}
    answer = acting(data, role, FINANCE).once("billing", "/collections", body, key)
    told = "1 owner is" if answer["accounts"] == 1 else f"{answer['accounts']} owners are"
    words = (
        f"{answer['collection_id']}: {told} told of {output.pounds(answer['amount_pence'])} on"
        f" {answer['collect_on']}; release its file by {answer['release_by']}."
    )
    output.answer(answer, words, as_json=as_json)


@bench.command("release")
def release(
    collection: Collection,
    *,
    reason: Reason,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Propose that a collection's file goes out; another person approves, and what changed meanwhile is skipped."""
    body = {"collection_id": collection}
    made = proposing.propose(
        acting(data, role, FINANCE), "billing", "collection-release", collection, body, reason, key
    )
    proposing.tell("billing", made, f"release of {collection}", "lead-officer", as_json=as_json)


@bench.command("list")
def list_collections(*, as_json: JsonFlag = False, to: SheetFile = None, data: DataDir = None) -> None:
    """List every collection, the newest first."""
    found = Api(environment.resolve(data)).get("billing", "/collections")
    right = ("accounts", "amount", "skipped", "not taken")
    table = output.table(output.counted(len(found), "collection"), _COLUMNS, [_row(row) for row in found], right=right)
    output.report(found, table, as_json=as_json, to=to)


def _row(row: dict[str, Any]) -> tuple[object, ...]:
    return (
        row["collection_id"], row["collect_on"], row["announced_on"], row["announced"],
        output.pounds(row["announced_pence"]), row["release_by"], row["released_on"], row["skipped"],
        output.pounds(row["skipped_pence"]),
    )  # fmt: skip


@bench.command("show")
def show(collection: Collection, *, as_json: JsonFlag = False, to: SheetFile = None, data: DataDir = None) -> None:
    """Show what each owner was told of a collection, and who is passed over why."""
    found = Api(environment.resolve(data)).get("billing", _path(collection))
    rows = [
        (row["account_ref"], row["mandate_id"], output.pounds(row["amount_pence"]), row["skipped"]) for row in found
    ]
    columns = ("account", "mandate", "amount", "skipped")
    table = output.table(f"{collection}: {output.counted(len(rows), 'account')}", columns, rows, right=("amount",))
    output.report(found, table, as_json=as_json, to=to)


@bench.command("file")
def file(
    collection: Collection,
    *,
    to: OutputFile = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Write the file of a released collection for the bureau; the same bytes every time."""
    text = "".join(acting(data, role, FINANCE).stream("billing", f"{_path(collection)}/file", {}))
    if to is not None:
        with writing(to):
            to.write_bytes(text.encode())
        document = {"collection_id": collection, "file": str(to)}
        output.answer(document, f"{to} is the file of {collection}.", as_json=as_json)
    elif as_json:
        output.write_json({"collection_id": collection, "text": text})
    else:
        sys.stdout.write(text)


def _path(collection: str) -> str:
    return f"/collections/{quote(collection, safe='')}"
