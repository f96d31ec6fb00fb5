"""`closebook account`: one account whole: lines, balance, ageing, documents."""

import re
from typing import Annotated, Any

import typer
from stdnum.iso7064 import mod_37_36

from shared.cli import environment, line_proofs, output
from shared.cli.api import Api
from shared.cli.errors import CliError, ExitCode
from shared.cli.options import AsOf, DataDir, JsonFlag, KnownAt, Reference, SheetFile, as_params

_REF = re.compile(r"F[0-9A-Z]{11}")
_FINDER = "`closebook accounts` lists every account with its reference."
_BUCKETS = ("current", "d1_30", "d31_60", "d61_90", "d91_120", "over_120", "credit", "not_yet_billed")
_LINE = ("date", "kind", "what", "share", "statement", "due", "amount")
_STATEMENT = ("number", "issued", "due", "total", "balance")


def account(
    reference: Reference,
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    proof: Annotated[bool, typer.Option("--proof", help="How the pence of each charge and credit came about.")] = False,
    as_json: JsonFlag = False,
    to: SheetFile = None,
    data: DataDir = None,
) -> None:
    """Show one account: every line with its cause, the balance and its ageing, and the statements."""
    wanted = as_reference(reference)
    params = as_params(as_of=as_of, known_at=known_at) | ({"proof": "true"} if proof else {})
    found = Api(environment.resolve(data)).get("billing", f"/accounts/{wanted}", params)
    ageing = [tuple(output.pounds(found["ageing"].get(name, 0)) for name in _BUCKETS)]
    output.report(
        found,
        output.table("Lines", _LINE, map(_line, found["lines"]), right=("amount",)),
        output.table("Ageing", _BUCKETS, ageing, right=_BUCKETS),
        output.table("Statements", _STATEMENT, map(_statement, found["statements"]), right=("total", "balance")),
        *([line_proofs.table(found)] if proof else ()),
        head=(_head(found),),
        lines=line_proofs.reading(found) if proof else (),
        as_json=as_json,
        to=to,
    )


def as_reference(text: str) -> str:
    """Return a reference as it is stored; case, spaces and hyphens do not matter, a mistyped one is told."""
    reference = re.sub(r"[\s-]", "", text).upper()
    if not _REF.fullmatch(reference):
        raise CliError(
            f"{text!r} is not an account reference: those are F and 11 letters or digits.", _FINDER, ExitCode.USAGE
        )
    if not mod_37_36.is_valid(reference):
        raise CliError(f"{text!r} is mistyped: its last character does not fit the rest.", _FINDER, ExitCode.USAGE)
    return reference


def _disputed(found: dict[str, Any]) -> str:
    disputed = found.get("disputed_pence")
    return f", disputed {output.pounds(disputed)}" if disputed else ""


def _head(found: dict[str, Any]) -> str:
    return (
        f"Account {found['account_ref']}, unit {found['unit_id']}, "
        f"{found.get('from') or '…'} to {found.get('to') or '…'}, balance {output.pounds(found['balance_pence'])}, "
        f"overdue {output.pounds(found['overdue_pence'])}{_disputed(found)}"
    )


def _line(line: dict[str, Any]) -> tuple[object, ...]:
    what = line.get("charge_id") or line.get("payment_id")
    amount = output.pounds(line["amount_pence"])
    return (
        line["value_on"], line["kind"], what, line.get("share"), line.get("statement_no"), line.get("due_on"), amount,
    )  # fmt: skip


def _statement(item: dict[str, Any]) -> tuple[object, ...]:
    pence = (output.pounds(item[name]) for name in ("total_pence", "balance_pence"))
    return (item["statement_no"], item["issued_on"], item["due_on"], *pence)
