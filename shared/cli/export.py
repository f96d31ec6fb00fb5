"""`closebook export`: the whole ledger for accountants and for independent checking."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from shared.cli import output
from shared.cli.api import reading
from shared.cli.errors import writing
from shared.cli.options import DataDir, JsonFlag, OutputFile

exports = typer.Typer(help="Hand whole books to other programs.")


class LedgerFormat(StrEnum):
    """What a ledger is written as."""

    HLEDGER = "hledger"
    CSV = "csv"


@exports.command("ledger")
def ledger(
    *,
    form: Annotated[LedgerFormat, typer.Option("--format", help="hledger's journal, or CSV.")] = LedgerFormat.HLEDGER,
    to: OutputFile = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Write the whole ledger, every posting with its cause; it streams, however long it is."""
    pieces = reading(data).stream("billing", "/export/ledger", {"format": form.value})
    if to is not None:
        written = 0
        with writing(to), to.open("w", encoding="utf-8", newline="") as file:
            for piece in pieces:
                written += file.write(piece)
        document = {"format": form.value, "file": str(to), "characters": written}
        output.answer(document, f"{to}: {written:,} characters of {form.value}.", as_json=as_json)
    elif as_json:
        output.write_json({"format": form.value, "text": "".join(pieces)})
    else:
        for piece in pieces:
            sys.stdout.write(piece)
        sys.stdout.flush()
