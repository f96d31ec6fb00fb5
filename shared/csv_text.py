"""CSV for people's spreadsheets: no cell of it is ever taken for a formula."""

import csv
import io
from collections.abc import Iterable

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_line(fields: Iterable[object]) -> str:
    """Return one line of a CSV file, ended; nothing for ``None``.

    A word that a spreadsheet would work out gets an apostrophe before it, which spreadsheets do not show; numbers stay
    numbers, also negative ones.  Every export of a table goes through here.
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([_harmless(field) for field in fields])
    return line.getvalue()


def _harmless(field: object) -> object:
    return f"'{field}" if isinstance(field, str) and field.startswith(_FORMULA) else field
