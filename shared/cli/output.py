"""Two voices: the answer on standard output (a table, or one JSON document), everything else on standard error."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid
from rich.text import Text

from shared.cli import sheets
from shared.cli.tables import Pounds, Table

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters but tab and line feed, and those that turn the direction of what is read."""
_WIDE = 200
# Where nobody looks at the width of a screen (a pipe, a file), a table is not squeezed.
_WIDE_ENOUGH = 140


def answer_console() -> Console:
    """Return the console of the answer: standard output."""
    return Console(
        file=sys.stdout,
        width=None if sys.stdout.isatty() else _WIDE,
        highlight=False,
        soft_wrap=not sys.stdout.isatty(),
    )


def side_console() -> Console:
    """Return the console of everything that is not the answer: standard error."""
    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def say(text: str, style: str = "") -> None:
    """Tell the person something beside the answer, on standard error."""
    side_console().print(_text(text, style))


def tell(text: str) -> None:
    """Print a line of the answer, as it is."""
    answer_console().print(_text(text))


def _text(words: str, style: str = "") -> Text:
    """Return text to show; a character that would steer the terminal (the words may be a sender's) is spelt out."""
    return Text(_STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), words), style=style)


def answer(document: Any, words: str, *, as_json: bool) -> None:
    """Print what a command did: its JSON document, or the sentence that says it."""
    if as_json:
        write_json(document)
    else:
        tell(words)


def write_json(document: Any) -> None:
    """Print the one JSON document of a command."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    sys.stdout.write(_STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")
    sys.stdout.flush()


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Iterable[str] = ()) -> Table:
    """Return a table; columns named in ``right`` are set flush right (money, counts)."""
    return Table(title, tuple(columns), tuple(rows), frozenset(right))


def _drawn(table: Table) -> Grid:
    title = _text(table.title, "bold")
    grid = Grid(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in table.columns:
        grid.add_column(column, justify="right" if column in table.right else "left", overflow="fold")
    for row in table.rows:
        grid.add_row(*(_text("" if cell is None else str(cell)) for cell in row))
    return grid


def show(*tables: Table) -> None:
    """Print tables as the answer, a blank line between them."""
    console = answer_console()
    for number, table in enumerate(tables):
        if number:
            console.print()
        console.print(_drawn(table))


def report(
    document: Any, *tables: Table, head: Sequence[str] = (), lines: Sequence[str] = (), as_json: bool, to: Path | None
) -> None:
    """Print a figure: its tables and the lines that say where it comes from, or its document; or write a spreadsheet.

    With a file ``to`` write, the tables and lines go there, and the answer is the document or how many rows there are.
    """
    rows = sheets.write(to, tables, (*head, *lines)) if to is not None else 0
    if as_json:
        write_json(document)
    elif to is not None:
        tell(f"{to}: {rows:,} rows.")
    else:
        for line in head:
            tell(line)
        show(*tables)
        for line in lines:
            tell(line)


def is_wide() -> bool:
    """Say whether a table of eight columns and more can be read where the answer is shown."""
    return answer_console().width >= _WIDE_ENOUGH


def counted(number: int, noun: str) -> str:
    """Return how many there are of a thing, in words that fit one, too."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def pounds(pence: int | None) -> str:
    """Return money for a table; nothing for nothing known."""
    return "" if pence is None else Pounds(pence)


def counting(description: str) -> Progress:
    """Return a progress bar that counts, on standard error; it vanishes when done and where nobody watches."""
    return Progress(
        SpinnerColumn(),
        TextColumn(description),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=side_console(),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
