"""`closebook final-accounts`: owners who have left, and how far their closing document is."""

from shared.cli import output
from shared.cli.api import reading
from shared.cli.options import DataDir, JsonFlag, SheetFile

_COLUMNS = ("account", "unit", "exit", "due by", "hard stop", "state", "issued", "float held", "balance", "missing")


def final_accounts(*, as_json: JsonFlag = False, to: SheetFile = None, data: DataDir = None) -> None:
    """List every account whose owner has left: exit, due day, hard stop, state, and what still waits."""
    found = reading(data).get("billing", "/final-accounts")
    rows = [
        (
            row["account_ref"],
            row["unit_id"],
            row["exit_on"],
            row["due_by"],
            row["hard_stop"],
            row["state"],
            row["issued_on"],
            output.pounds(row["float_held_pence"]),
            output.pounds(row["balance_pence"]),
            " ".join(row["missing"]),
        )
        for row in found
    ]
    table = output.table(f"{len(rows)} owners have left", _COLUMNS, rows, right=("float held", "balance"))
    output.report(found, table, as_json=as_json, to=to)
