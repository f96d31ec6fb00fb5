"""A spreadsheet of what a command shows has its money and days as figures, its words as words, and where it is from."""

import csv
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from shared.cli import output, sheets
from shared.cli.errors import CliError
from shared.cli.tables import Pounds, Table
from shared.csv_text import csv_line

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "https://example.org", "007", "{=1}")
DEBT = output.table(
    "Aged debt, days past due on 2026-05-20",
    ("owner", "since", "accounts", "balance"),
    [("P-BELL", "2026-04-29", 1, output.pounds(123_456)), ("", None, 2, output.pounds(-5))],
    right=("accounts", "balance"),
)


def day(text: str) -> datetime:
    """Return a day as a workbook's reader gives it."""
    return datetime.fromisoformat(text)


def cells(sheet: Worksheet) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_a_workbook_has_a_sheet_for_each_table_and_says_where_its_figures_come_from(tmp_path: Path) -> None:
    to = tmp_path / "debt.xlsx"
    assert sheets.write(to, (DEBT, DEBT), ("From: receivable.",)) == 4

    book = load_workbook(to)
    assert book.sheetnames == ["Aged debt", "Aged debt 2"]
    assert cells(book["Aged debt"]) == [
        ["Aged debt, days past due on 2026-05-20", None, None, None],
        ["owner", "since", "accounts", "balance"],
        ["P-BELL", day("2026-04-29"), 1, 1234.56],
        [None, None, 2, -0.05],
        [None, None, None, None],
        ["From: receivable.", None, None, None],
    ]
    money = book["Aged debt"]["D3"]
    assert (money.data_type, money.number_format) == ("n", "£#,##0.00")
    assert cells(book["Aged debt 2"])[:2] == cells(book["Aged debt"])[:2]
    assert len(cells(book["Aged debt 2"])) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["debt.xlsx"]


def test_a_csv_has_the_tables_below_each_other(tmp_path: Path) -> None:
    to = tmp_path / "debt.CSV"
    assert sheets.write(to, (DEBT, DEBT), ("From: receivable.",)) == 4

    text = to.read_bytes().decode("utf-8-sig")
    head = '"Aged debt, days past due on 2026-05-20"\r\nowner,since,accounts,balance\r\n'
    rows = "P-BELL,2026-04-29,1,1234.56\r\n,,2,-0.05\r\n"
    assert text == f"{head}{rows}From: receivable.\r\n\r\n{head}{rows}\r\n"


@pytest.mark.parametrize("name", ["words.xlsx", "words.csv"])
def test_no_word_becomes_a_formula_or_anything_else(name: str, tmp_path: Path) -> None:
    to = tmp_path / name
    sheets.write(to, (output.table("=T()", FORMULAS, (FORMULAS,)),), FORMULAS)

    if to.suffix == ".csv":
        found = list(csv.reader(to.read_text("utf-8-sig").splitlines()))
        assert not [cell for row in found for cell in row if cell.startswith(("=", "+", "-", "@"))]
        assert found[2][-3:] == ["https://example.org", "007", "{=1}"]
    else:
        sheet = load_workbook(to).worksheets[0]
        assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"}
        assert cells(sheet)[2] == list(FORMULAS)
        assert not [cell for row in sheet.iter_rows() for cell in row if cell.hyperlink]


@given(st.integers(-(10**12), 10**12))
def test_money_is_to_the_penny_in_a_spreadsheet(pence: int) -> None:
    pounds = output.pounds(pence)
    assert isinstance(pounds, Pounds)
    assert round(float(pounds.decimal) * 100) == pence
    assert f"{pounds.decimal:,}" == pounds.replace("£", "")


def test_the_ledger_fills_sheet_after_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "_MOST_ROWS", 4)
    heads = ("value_on", "fact_id", "posting_no", "amount_pence")
    lines = [csv_line(heads), *(csv_line(("2026-01-01", '=a"\nb', number, -7)) for number in range(5))]
    to = tmp_path / "ledger.xlsx"
    assert sheets.write_ledger(to, lines) == 5

    book = load_workbook(to)
    assert book.sheetnames == ["Ledger", "Ledger 2", "Ledger 3"]
    rows = [row for sheet in book.worksheets for row in cells(sheet)[2:]]
    assert [row[2] for row in rows] == [0, 1, 2, 3, 4]
    assert rows[0][0] == day("2026-01-01")
    assert (rows[0][1], rows[0][3]) == ("'=a\"\nb", -7)
    assert all(cells(sheet)[1] == list(heads) for sheet in book.worksheets)


@pytest.mark.parametrize("name", ["cut.xlsx", "cut.csv"])
def test_a_file_that_is_cut_short_is_no_file(name: str, tmp_path: Path) -> None:
    def rows() -> Any:
        yield ("a",)
        raise CliError("Billing went away.", "Try again.")

    with pytest.raises(CliError, match="went away"):
        sheets.write(tmp_path / name, (Table("T", ("c",), rows()),), ())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["away.xlsx", "away.csv"])
def test_a_file_that_cannot_be_written_is_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(CliError, match="cannot be written: No such file"):
        sheets.write(tmp_path / "nowhere" / name, (DEBT,), ())


def test_names_of_sheets_are_such_as_excel_takes(tmp_path: Path) -> None:
    titles = ("A/B: [what?]*", "x" * 40, "X" * 40, "'", "")
    sheets.write(tmp_path / "names.xlsx", [Table(title, (), ()) for title in titles], ())
    assert load_workbook(tmp_path / "names.xlsx").sheetnames == [
        "A B   what", "x" * 27, f"{'X' * 27} 2", "Table", "Table 2",
    ]  # fmt: skip
