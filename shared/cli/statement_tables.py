"""What `closebook statements` answers with: a run with its totals and sample, and an account's year."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.cli import output
from shared.cli.tables import Table

_TOTALS = ("brought_forward_pence", "billed_pence", "total_pence", "balance_pence")
_ROW = ("account", "bills", "last time", "change", "balance", "flags")
_MONEY = ("bills", "last time", "change", "balance")
_SAMPLE = ("account", "why", "verdict", "by", "said")
_HEAD = ("head", "charged", "credited", "tax in it")
_BESIDE = (
    ("lacks_notice", "Increases without notice"),
    ("lapsed", "Units whose proof has lapsed"),
    ("outlived", "Units let off for an owner who sold"),
    ("moved", "Units charged elsewhere before, now registered in another block or development"),
    ("late_fees", "Accounts with more late fees than the cap"),
)
_WORK = ("date", "what", "done on", "whole cost", "share", "amount", "statement")


def show_run(found: dict[str, Any], *, as_json: bool, to: Path | None) -> None:
    """Answer with a run: totals, what is out of the ordinary, what is beside it, the largest changes, the sample."""
    output.report(found, *_run_tables(found), head=list(_run_lines(found)), as_json=as_json, to=to)


def _run_lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield what is said of a run above its tables."""
    brought, billed, total, balance = (output.pounds(found[name]) for name in _TOTALS)
    yield (
        f"{found['run_id'] or 'Dry run'} of {found['quarter']}, known on {found['known_at']}: {found['state']}. "
        f"{found['statements']} statements, brought forward {brought}, billed {billed}, in all {total}, "
        f"balance {balance}."
    )
    counted = ", ".join(f"{one['flag']} {one['statements']}" for one in found["exceptions"])
    yield f"Out of the ordinary: {counted}."
    for one in found["invoices"]:
        charges = ", ".join(
            f"{charge['charge_id']} {output.pounds(charge['amount_pence'])}" for charge in one["charges"]
        )
        yield f"Invoice {one['invoice_number']} of {one['supplier']}, {one['why']}: {charges}."
    beside = found["beside"]
    waiting = "".join(f"; {output.pounds(one['pence'])} waits for {one['waiting_for']}" for one in beside["waiting"])
    yield f"On no statement today: {output.pounds(beside['suspense_pence'])} that nobody matches{waiting}."
    for name, words in _BESIDE:
        if beside[name]:
            yield f"{words}: {', '.join(beside[name])}."


def _run_tables(found: dict[str, Any]) -> list[Table]:
    """Return the largest changes of a run, and its sample where it has one."""
    rows = [_row(one) for one in found["changes"]]
    sample = [
        (one["account_ref"], ", ".join(one["reasons"]), one["verdict"], one["who"], one["why"])
        for one in found["sample"]
    ]
    return [
        output.table("Largest changes against the last statement", _ROW, rows, right=_MONEY),
        *([output.table(f"Sample of {len(sample)}", _SAMPLE, sample)] if sample else []),
    ]


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    before = output.pounds(one["before_pence"]) if one["before_pence"] is not None else None
    money = (output.pounds(one["billed_pence"]), before, output.pounds(one["change_pence"]))
    return (one["account_ref"], *money, output.pounds(one["balance_pence"]), ", ".join(one["flags"]))


def _basis_of(found: dict[str, Any]) -> str:
    """Say what a year is made from, and whether its statements agree."""
    if found["basis"] == "ledger":
        return "No statement of the year was issued: this is what the ledger has of it, by date."
    verdict = "the same" if found["ties"] else "NOT THE SAME; `closebook verify` finds where"
    return f"The year's {len(found['statements'])} statements say: {verdict}."


def show_year(found: dict[str, Any], *, as_json: bool, to: Path | None) -> None:
    """Answer with an account's year: what it comes to by head, and every line with its work."""
    brought, total, balance = (
        output.pounds(found[name]) for name in ("brought_forward_pence", "total_pence", "balance_pence")
    )
    told = (
        f"Account {found['account_ref']}, unit {found['unit_id']}, {found['year']}: brought forward {brought}, "
        f"in all {total}, balance {balance}."
    )
    heads = [
        (head["kind"], *(output.pounds(head[name]) for name in ("charged_pence", "credited_pence", "tax_pence")))
        for head in found["heads"]
    ]
    heads += [(one["kind"], output.pounds(one["amount_pence"]), None, None) for one in found["others"]]
    tables = (
        output.table("By head", _HEAD, heads, right=_HEAD[1:]),
        output.table("Lines", _WORK, map(_work, found["lines"]), right=("whole cost", "share", "amount")),
    )
    output.report(found, *tables, head=(told, _basis_of(found)), as_json=as_json, to=to)


def _work(line: dict[str, Any]) -> tuple[object, ...]:
    whole = output.pounds(line["pool_pence"]) if "pool_pence" in line else None
    what, amount = line.get("description") or line["kind"], output.pounds(line["amount_pence"])
    return (
        line["value_on"], what, line.get("completed_on"), whole, line.get("share"), amount, line["statement_no"],
    )  # fmt: skip
