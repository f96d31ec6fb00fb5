"""`closebook export`: the whole ledger for accountants and for independent checking."""

import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from shared.cli import output, sheets
from shared.cli.api import reading
from shared.cli.errors import CliError, ExitCode, whole_file
from shared.cli.options import DataDir, JsonFlag, OutputFile

exports = typer.Typer(help="Hand whole books to other programs.")


class LedgerFormat(StrEnum):
    """What a ledger is written as."""

    HLEDGER = "hledger"
    CSV = "csv"
    XLSX = "xlsx"


@exports.command("ledger")
def ledger(
    *,
    form: Annotated[
        LedgerFormat, typer.Option("--format", help="hledger's journal, CSV, or a workbook.")
    ] = LedgerFormat.HLEDGER,
    to: OutputFile = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Write the whole ledger, every posting with its cause; it streams, however long it is."""
    if form is LedgerFormat.XLSX:
        _workbook(reading(data).stream("billing", "/export/ledger", {"format": "csv"}), to, as_json=as_json)
        return
    pieces = reading(data).stream("billing", "/export/ledger", {"format": form.value})
    if to is not None:
        written = 0
        with whole_file(to) as part, part.open("w", encoding="utf-8", newline="") as file:
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


def _workbook(pieces: Iterable[str], to: Path | None, *, as_json: bool) -> None:
    """Write the ledger as a workbook, as it comes: a sheet for each million of its postings."""
    if to is None:
        raise CliError("A workbook is no text.", "Name its file: --output ledger.xlsx.", ExitCode.USAGE)
    count = sheets.write_ledger(to, _lines(pieces))
    document = {"format": LedgerFormat.XLSX.value, "file": str(to), "postings": count}
    output.answer(document, f"{to}: {count:,} postings.", as_json=as_json)


def _lines(pieces: Iterable[str]) -> Iterator[str]:
    """Yield whole lines of a text that comes in pieces."""
    rest = ""
    for piece in pieces:
        *whole, rest = (rest + piece).split("\r\n")
        yield from (f"{line}\r\n" for line in whole)
    if rest:
        yield rest
