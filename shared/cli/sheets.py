"""Tables as a file for a spreadsheet, `.xlsx` or `.csv`: money and days are figures, and no word is ever a formula."""

import csv
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from shared.cli.errors import whole_file
from shared.cli.tables import Pounds, Table
from shared.csv_text import csv_line

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

SUFFIXES = (".xlsx", ".csv")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIRST_DAY = date(1900, 1, 1)
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
_NAME_LENGTH = 27
"""Excel's 31, less a number."""
_MOST_ROWS = 1_000_000
"""What a sheet takes, a little less than Excel's limit."""
_HEAD = 2
_NARROWEST = 14
_COUNTED = ("_pence", "_no")


def write(path: Path, tables: Iterable[Table], lines: Iterable[str]) -> int:
    """Write tables into a file, and below the first the lines that say where its figures come from; count the rows."""
    if path.suffix.lower() == ".csv":
        return _write_csv(path, tables, lines)
    with _workbook(path) as pages:
        return sum(pages.add(table, () if number else lines) for number, table in enumerate(tables))


def write_ledger(path: Path, lines: Iterable[str]) -> int:
    """Write the ledger, which comes as lines of CSV, as sheets of a million rows; return how many postings it has."""
    rows = csv.reader(lines)
    columns = next(rows)
    counted = frozenset(name for name in columns if name.endswith(_COUNTED))
    typed = ([int(cell) if name in counted else cell for name, cell in zip(columns, row, strict=True)] for row in rows)
    with _workbook(path) as pages:
        return pages.add(Table("Ledger", columns, typed, counted), ())


def _write_csv(path: Path, tables: Iterable[Table], lines: Iterable[str]) -> int:
    """Write tables below each other, each under its title; money is pounds with two places."""
    count = 0
    with whole_file(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        for table in tables:
            file.write(csv_line((table.title,)) + csv_line(table.columns))
            for row in table.rows:
                file.write(csv_line(cell.decimal if isinstance(cell, Pounds) else cell for cell in row))
                count += 1
            file.writelines(csv_line((line,)) for line in lines)
            file.write("\r\n")
            lines = ()
    return count


@contextmanager
def _workbook(path: Path) -> Iterator["_Pages"]:
    """Open a workbook that is written when this ends; what a word looks like decides nothing in it."""
    # No other command has need of it.
    from xlsxwriter import Workbook  # noqa: PLC0415
    from xlsxwriter.exceptions import FileCreateError  # noqa: PLC0415

    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with whole_file(path) as part:
        try:
            with part.open("wb") as file, Workbook(file, {"constant_memory": True, **plain}) as book:
                yield _Pages(book)
        except FileCreateError as error:
            raise OSError(str(error)) from error


class _Pages:
    """The sheets of a workbook: one for each table, and for each million of its rows."""

    def __init__(self, book: "Workbook") -> None:
        self._book = book
        self._bold = book.add_format({"bold": True})
        self._money = book.add_format({"num_format": "£#,##0.00"})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})

    def add(self, table: Table, lines: Iterable[str]) -> int:
        """Add a table, with lines below it; return how many rows it has."""
        sheet, at, count = self._page(table), _HEAD, 0
        for row in table.rows:
            if at == _MOST_ROWS:
                sheet, at = self._page(table), _HEAD
            for column, cell in enumerate(row):
                self._write(sheet, at, column, cell)
            at, count = at + 1, count + 1
        for number, line in enumerate(lines, at + 1):
            sheet.write_string(number, 0, line)
        return count

    def _page(self, table: Table) -> "Worksheet":
        """Begin a sheet: the title, the columns' names, which stay in sight."""
        sheet = self._book.add_worksheet(self._name_of(table.title))
        for number, name in enumerate(table.columns):
            sheet.set_column(number, number, max(len(name), _NARROWEST) + 2)
        sheet.write_string(0, 0, table.title, self._bold)
        for number, name in enumerate(table.columns):
            sheet.write_string(1, number, name, self._bold)
        sheet.freeze_panes(_HEAD, 0)
        return sheet

    def _name_of(self, title: str) -> str:
        """Return a name for a sheet: the title up to its first comma, as far as Excel takes it, numbered if taken."""
        name = _NOT_IN_NAMES.sub(" ", title.split(",", maxsplit=1)[0])[:_NAME_LENGTH].strip() or "Table"
        taken = {sheet.get_name().casefold() for sheet in self._book.worksheets()}
        numbered = (name, *(f"{name} {number}" for number in range(2, len(taken) + 2)))
        return next(one for one in numbered if one.casefold() not in taken)

    def _write(self, sheet: "Worksheet", row: int, column: int, cell: object) -> None:
        """Write a cell as what it is: pounds, a number, a day, else a word; nothing for nothing."""
        if isinstance(cell, Pounds):
            sheet.write_number(row, column, float(cell.decimal), self._money)
        elif isinstance(cell, int):
            sheet.write_number(row, column, cell)
        elif isinstance(cell, str) and _DAY.fullmatch(cell) and (day := date.fromisoformat(cell)) >= _FIRST_DAY:
            sheet.write_datetime(row, column, day, self._day)
        elif cell:
            sheet.write_string(row, column, str(cell))
