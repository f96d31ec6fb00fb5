"""design.md 6: the JSON shapes, exit codes and one-sentence errors of the command line."""

import csv
import io
import json
import re
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from shared.money import as_pounds
from tests.system.diary import Told, own_ref
from tests.system.examiner import charge, home

pytestmark = pytest.mark.timeout(900)  # the first test of a run waits until the whole diary is told

SERVICES = ["owners", "billing", "arrears", "notify"]


async def test_status_has_its_shape(told: Told) -> None:
    services = (await told.office.ask("status"))["services"]
    assert [one["name"] for one in services] == SERVICES
    for one in services:
        assert one.keys() >= {"name", "last_day_closed", "waiting_for", "outbox", "held", "dead_letters", "lag"}
        assert (one["last_day_closed"], one["waiting_for"]) == ("2026-07-02", None)
        assert [one[name] for name in ("outbox", "held", "dead_letters", "lag")] == [0, 0, 0, 0]


async def test_suspense_has_its_shape(told: Told) -> None:
    found = await told.ask("suspense")
    assert found.keys() >= {"payments", "charges", "credits", "reversals", "payments_pence", "charges_pence"}
    for one in found["charges"]:
        assert one.keys() >= {"charge_id", "amount_pence", "waiting_for"}
    assert found["charges_pence"] == sum(one["amount_pence"] for one in found["charges"])
    assert found["payments_pence"] == sum(one["amount_pence"] for one in found["payments"])


async def test_what_waits_for_more_than_a_fortnight_is_an_alert_in_the_log(told: Told) -> None:
    """OW-gap-C has waited for an owner since March."""
    log = told.office.stack.log_of("billing").read_text()
    alerts = [json.loads(line) for line in log.splitlines() if "held_too_long" in line]
    assert {one["severity_text"] for one in alerts} == {"ERROR"}
    assert min(one["app.day"] for one in alerts) in {"2026-04-13", "2026-04-14"}


async def test_the_ledger_as_csv_sums_to_nothing_by_transaction_and_account(told: Told) -> None:
    text = (await told.ask("export", "ledger", "--format", "csv"))["text"]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows
    (amount,) = [name for name in rows[0] if "amount" in name and "pence" in name]
    by_account: dict[str, int] = defaultdict(int)
    for row in rows:
        for component in row["account"].split(":"):
            by_account[component] += int(row[amount])
    assert sum(int(row[amount]) for row in rows) == 0
    for account in (await told.accounts()).values():
        assert by_account.get(account["account_ref"], 0) == account["balance_pence"]


async def test_the_ledger_as_a_journal_names_the_account_and_balances(told: Told) -> None:
    answer = await told.office.run("export", "ledger", "--format", "hledger")
    assert answer.code == 0
    by_account: dict[str, int] = defaultdict(int)
    total = 0
    for line in answer.out.splitlines():
        posting = re.match(r"\s+(\S+(?: \S+)*)\s{2,}.*?(-?)£?(-?)([\d,]+)\.(\d\d)", line.split(";")[0])
        if posting:
            pence = int(posting[4].replace(",", "")) * 100 + int(posting[5])
            pence *= -1 if "-" in (posting[2], posting[3]) else 1
            total += pence
            for component in posting[1].split(":"):
                by_account[component] += pence
    assert total == 0
    for account in (await told.accounts()).values():
        assert by_account.get(account["account_ref"], 0) == account["balance_pence"]


async def test_the_ledger_as_a_workbook_has_the_rows_of_the_csv(told: Told, tmp_path: Path) -> None:
    text = (await told.ask("export", "ledger", "--format", "csv"))["text"]
    to = tmp_path / "ledger.xlsx"
    answer = await told.office.run("export", "ledger", "--format", "xlsx", "--output", str(to))
    heads, *rows = csv.reader(io.StringIO(text))
    assert (answer.code, answer.out.strip()) == (0, f"{to}: {len(rows):,} postings.")

    sheet = load_workbook(to).worksheets[0]
    assert [[_as_csv(cell.value) for cell in row] for row in sheet.iter_rows(min_row=2)] == [heads, *rows]
    refused = await told.office.run("export", "ledger", "--format", "xlsx")
    assert (refused.code, "--output ledger.xlsx" in refused.err) == (64, True)


def _as_csv(value: object) -> str:
    return value.date().isoformat() if isinstance(value, datetime) else "" if value is None else str(value)


SHEETS = {
    ("accounts",): "balance", ("aged-debt", "--by", "owner"): "balance", ("arrears",): "overdue",
    ("trial-balance",): "debit", ("period", "2026-Q2"): "debit", ("suspense",): "amount",
    ("suspense", "list"): "amount",
    ("movement", "--from", "2026-01-01", "--to", "2026-06-30"): "closing",
    ("collection-rate", "--quarter", "2026-Q2"): "part", ("profit-and-loss", "--month", "2026-01"): "net",
    ("returns", "--from", "2026-01-01", "--to", "2026-06-30"): "amount", ("final-accounts",): "balance",
    ("write-off", "list"): "stands", ("prescription", "list"): "open",
    ("interest", own_ref("DV-r0"), "--rate", "8"): "interest",
    ("floats", "list"): "held", ("reserve-funds", "list"): "left",
    ("fees", "cost-model", "2026"): "a year", ("fees", "list"): "a year, net", ("refunds", "list"): "credit",
    ("disputes", "list"): "disputed", ("direct-debit", "list"): "amount", ("statements", "show", "--dry-run"): "bills",
    ("account", own_ref("DV-r0"), "--proof"): "amount",
    ("settlement", own_ref("DV-r0"), "--entry", "2026-08-01"): "amount", ("plans", "list"): "total",
    ("notices", "list"): "overdue",
}  # fmt: skip


async def test_every_figure_may_be_had_as_a_spreadsheet(told: Told, tmp_path: Path) -> None:
    for command, money in SHEETS.items():
        shown = await told.office.run(*command)
        for suffix in ("xlsx", "csv"):
            to = tmp_path / f"{command[0]}.{suffix}"
            answer = await told.office.run(*command, "--output", str(to))
            assert (answer.code, answer.out.endswith(" rows.\n")) == (0, True), answer.err
        sheet = load_workbook(tmp_path / f"{command[0]}.xlsx").worksheets[0]
        column = [cell.value for cell in sheet[2]].index(money) + 1
        sums = [cell for (cell,) in sheet.iter_rows(3, None, column, column) if cell.value is not None]
        assert {cell.number_format for cell in sums} <= {"£#,##0.00"}, command
        assert [cell.value for cell in sums if as_pounds(round(cell.value * 100)) not in shown.out] == [], command
        lines = list(csv.reader((tmp_path / f"{command[0]}.csv").read_text("utf-8-sig").splitlines()))
        assert lines[:2] == [[sheet["A1"].value], [cell.value or "" for cell in sheet[2]]]


async def test_a_spreadsheet_of_another_kind_is_refused(told: Told) -> None:
    refused = await told.office.run("aged-debt", "--output", "debt.ods")
    assert (refused.code, "'debt.ods' ends with neither .xlsx nor .csv." in refused.err) == (64, True)


async def test_a_day_that_is_closed_may_be_closed_again(told: Told) -> None:
    before = await told.accounts()
    found = await told.office.close("2026-04-01")
    assert found["ok"]
    assert {(one["unit_id"], one["ownership_id"]): one for one in await told.office.ask("accounts")} == before


async def test_a_book_said_again_changes_nothing(told: Told) -> None:
    before = await told.accounts()
    for service, topic in (("owners", "owners.unit-changed"), ("billing", "billing.charge-raised")):
        answer = await told.office.run("republish", service, "--topic", topic, "--book", "2026-03-30")
        assert answer.code == 0, answer.err
    await told.office.ask("settle")
    assert {(one["unit_id"], one["ownership_id"]): one for one in await told.office.ask("accounts")} == before
    assert (await told.office.ask("verify"))["ok"]
    assert await told.office.ask("dead-letters", "list") == []


MISTAKES = {
    "account": ("account", "F0000000000X"),
    "file": ("publish", "/nowhere/events.jsonl"),
    "day": ("close", "2026-13-01"),
    "too many days": ("close", "2028-01-01"),
    "before the books": ("close", "2020-01-01"),
    "as of": ("accounts", "--as-of", "yesterday"),
    "letter": ("dead-letters", "show", "billing", "999999"),
    "service": ("dead-letters", "show", "plumbing", "1"),
    "no such partition": ("dead-letters", "release", "billing", "--topic", "housing.nonsense", "--reason", "mended"),
    "format": ("export", "ledger", "--format", "xlsx"),
    "topic": ("republish", "billing", "--topic", "billing.nonsense", "--book", "2026-03-30"),
}


@pytest.mark.parametrize("name", MISTAKES)
@pytest.mark.parametrize("as_json", [False, True], ids=["words", "json"])
async def test_a_mistake_is_one_sentence_and_what_to_do_next(told: Told, name: str, *, as_json: bool) -> None:
    answer = await told.office.run(*MISTAKES[name], *(["--json"] if as_json else []))
    assert answer.code not in (0, None)
    assert "Traceback" not in answer.err + answer.out
    assert 0 < len(answer.err.strip().splitlines()) <= 4, answer.err
    assert answer.out.strip() == ""


async def test_bad_lines_are_named_and_the_good_ones_counted(told: Told, tmp_path: Path) -> None:
    good, bad = home("CM-U")[0], charge("CM-C", 0, "CM-U")
    file = tmp_path / "lines.jsonl"
    file.write_text("\n".join([json.dumps(good), json.dumps(bad), "", "{nonsense"]) + "\n")
    answer = await told.office.run("publish", str(file), "--dry-run", "--json")
    assert answer.code == 1
    found = answer.document
    assert [(one["line"], one["reason"]) for one in found["bad"]] == [(2, "bad-amount"), (4, "not-json")]
    assert found["published"] == 0
    words = await told.office.run("publish", str(file), "--dry-run")
    assert (words.code, "Traceback" in words.err) == (1, False)


async def test_a_stack_that_is_not_there_is_one_sentence(told: Told, tmp_path: Path) -> None:
    from shared.cli import main

    assert int(main.run(["accounts", "--data", str(tmp_path / "nowhere")])) != 0
