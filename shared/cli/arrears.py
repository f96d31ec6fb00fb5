"""`closebook arrears`: where each overdue account stands on the ladder, and why."""

from shared.cli import output
from shared.cli.api import reading
from shared.cli.options import DataDir, JsonFlag, SheetFile

_COLUMNS = ("account", "overdue", "oldest due", "stage", "since", "holds", "why")


def arrears(*, as_json: JsonFlag = False, to: SheetFile = None, data: DataDir = None) -> None:
    """List overdue accounts with their stage, holds and reasons."""
    found = reading(data).get("arrears", "/arrears")
    rows = [
        (
            account["account_ref"],
            output.pounds(account["overdue_pence"]),
            account["oldest_due_on"],
            account["stage"],
            account["stage_on"],
            ", ".join(dict.fromkeys(_hold(hold) for hold in account["holds"])),
            account["reason"],
        )
        for account in found
    ]
    table = output.table(output.counted(len(rows), "account") + " in arrears", _COLUMNS, rows, right=("overdue",))
    output.report(found, table, as_json=as_json, to=to)


def _hold(hold: object) -> str:
    return str(hold.get("kind", hold)) if isinstance(hold, dict) else str(hold)
