"""`closebook accounts`: every account with its owner, unit, days, balance and what is overdue."""

from shared.cli import output
from shared.cli.api import reading
from shared.cli.options import AsOf, DataDir, JsonFlag, KnownAt, SheetFile, as_params

_COLUMNS = ("account", "unit", "from", "to", "parties", "balance", "due", "overdue", "")
_MONEY = ("balance", "due", "overdue")


def accounts(
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    as_json: JsonFlag = False,
    to: SheetFile = None,
    data: DataDir = None,
) -> None:
    """List every account, one for each ownership of a unit and one for each unit's internal side."""
    params = as_params(as_of=as_of, known_at=known_at)
    found = reading(data).get("billing", "/accounts", params)
    rows = [
        (
            account["account_ref"],
            account["unit_id"],
            account.get("from"),
            account.get("to"),
            " ".join(account.get("party_ids", ())),
            *(output.pounds(account.get(f"{name}_pence")) for name in _MONEY),
            _marks(account),
        )
        for account in found
    ]
    table = output.table(output.counted(len(rows), "account"), _COLUMNS, rows, right=_MONEY)
    output.report(found, table, as_json=as_json, to=to)


def _marks(account: dict[str, object]) -> str:
    return " ".join(name for name in ("internal", "void") if account.get(name))
