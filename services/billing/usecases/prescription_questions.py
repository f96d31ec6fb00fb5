"""Old debt as people ask for it: which debts of owners prescribe soon, tied to the ledger, and what set them back."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

import asyncpg

from services.billing.db import prescription as stored
from services.billing.domain import prescription
from services.billing.domain.chart import RECEIVABLE
from services.billing.domain.position import Position
from services.billing.domain.prescription import Band, Debt
from services.billing.usecases.questions import Answer, Folder, each_account, overdue_day, present
from services.billing.usecases.reports import source, sum_owed
from shared.calendar import months_later


async def old_debt(connection: asyncpg.Connection, months: int, as_of: date | None) -> Answer:
    """Return the open debts of owners that have prescribed or do within so many months, the soonest first.

    The sums by band are of all open debts; with credit, what no statement carries yet and the association's own
    accounts they are what the ledger says accounts owe.  All interruptions are listed, withdrawn ones too.
    """
    day = await overdue_day(connection, as_of, None)
    known = await stored.load_of_accounts(connection)
    until, rows, sums = months_later(day, months), list[Answer](), _Sums()
    async for folder in each_account(connection, as_of, None):
        standing = folder.position(day)
        counted = prescription.counted(known.get(folder.row.account_id, ()), as_of, None)
        debts = [prescription.debt_of(one, counted) for one in standing.items]
        sums.add(folder, standing, debts, day)
        rows += (_row(folder, debt, day) for debt in debts if folder.row.ownership_id and debt.prescribes_on <= until)
    rows.sort(key=lambda row: (row["prescribes_on"], row["account_ref"], row["charge_id"], row["due_on"]))
    return {
        "source": source(as_of, None, RECEIVABLE) | {"day": day, "within_months": months},
        "debts": rows,
        **sums.told(await sum_owed(connection, as_of, None)),
        "interruptions": await stored.list_interruptions(connection),
    }


class _Sums:
    """What accounts owe: owners' open debts by band, and all else that makes up the ledger's receivables."""

    def __init__(self) -> None:
        self._debts: Counter[Band] = Counter()
        self._pence: Counter[Band] = Counter()
        self._credit = self._pending = self._association = 0

    def add(self, folder: Folder, standing: Position, debts: Iterable[Debt], day: date) -> None:
        """Add an account."""
        if not folder.row.ownership_id:
            self._association += standing.balance_pence
            return
        self._credit -= standing.credit_pence
        self._pending += standing.not_yet_billed_pence
        for debt in debts:
            band = prescription.band_of(debt.prescribes_on, day)
            self._debts[band] += 1
            self._pence[band] += debt.open.open_pence

    def told(self, ledger_pence: int) -> Answer:
        """Return the sums, and whether they are what the ledger says."""
        opened = self._pence.total()
        return {
            "bands": [{"band": band, "debts": self._debts[band], "open_pence": self._pence[band]} for band in Band],
            "open_pence": opened,
            "credit_pence": self._credit,
            "not_yet_billed_pence": self._pending,
            "association_pence": self._association,
            "ledger_pence": ledger_pence,
            "ties": opened + self._credit + self._pending + self._association == ledger_pence,
        }


def _row(folder: Folder, debt: Debt, day: date) -> Answer:
    item, by = debt.open.item, debt.interruption
    return present({
        "account_ref": folder.row.account_ref, "unit_id": folder.row.unit_id, "charge_id": item.charge_id,
        "statement_no": item.statement_no, "due_on": item.due_on, "open_pence": debt.open.open_pence,
        "disputed_pence": debt.open.disputed_pence or None, "prescribes_on": debt.prescribes_on,
        "band": prescription.band_of(debt.prescribes_on, day), "counts_from": debt.counts_from,
        "interruption_id": by.interruption_id if by is not None else None,
        "ground": by.ground if by is not None else None,
    })  # fmt: skip
