"""`closebook trial-balance`: every ledger account's debit and credit; the two columns are equal."""

from shared.cli import output
from shared.cli.api import reading
from shared.cli.options import AsOf, DataDir, JsonFlag, KnownAt, SheetFile, as_params


def trial_balance(
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    as_json: JsonFlag = False,
    to: SheetFile = None,
    data: DataDir = None,
) -> None:
    """Show the books: what stands on each ledger account, and both totals."""
    params = as_params(as_of=as_of, known_at=known_at)
    found = reading(data).get("billing", "/trial-balance", params)
    rows = [
        (row["account"], output.pounds(row["debit_pence"] or None), output.pounds(row["credit_pence"] or None))
        for row in found["rows"]
    ]
    rows.append(("total", output.pounds(found["debit_pence"]), output.pounds(found["credit_pence"])))
    known = f", known on {found['known_at']}" if found.get("known_at") else ""
    title = f"Trial balance as of {found.get('as_of') or 'everything known'}{known}"
    table = output.table(title, ("account", "debit", "credit"), rows, right=("debit", "credit"))
    whose = found["receivable"]
    owners, association = (output.pounds(whose[name]) for name in ("owners_pence", "association_pence"))
    line = f"Of receivable: owners {owners}, the association's own units {association}."
    output.report(found, table, lines=(line,), as_json=as_json, to=to)
