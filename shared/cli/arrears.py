"""`closebook arrears`: where each overdue account stands on the ladder, and why."""

from shared.cli import output
from shared.cli.api import reading
from shared.cli.options import DataDir, JsonFlag

_COLUMNS = ("account", "overdue", "oldest due", "stage", "since", "holds", "why")


def arrears(*, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """List overdue accounts with their stage, holds and reasons."""
    found = reading(data).get("arrears", "/arrears")
    if as_json:
        output.write_json(found)
        return
    rows = [
        (
            account["account_ref"],
            output.pounds(account["overdue_pence"]),
            account["oldest_due_on"],
            account["stage"],
            account["stage_on"],
            ", ".join(_hold(hold) for hold in account["holds"]),
            account["reason"],
        )
        for account in found
    ]
    output.show(output.table(f"{len(rows)} accounts in arrears", _COLUMNS, rows, right=("overdue",)))


def _hold(hold: object) -> str:
    return str(hold.get("kind", hold)) if isinstance(hold, dict) else str(hold)
