"""The answer about money that was taken back: why, in plain words, on whose account it falls, and what comes next."""

from collections.abc import Iterable
from datetime import date

import asyncpg

from services.billing.db import payments as stored
from services.billing.db import registry
from services.billing.domain.facts import FactKind, Part, Reversal, is_waiting
from services.billing.usecases.questions import Answer
from shared.returns import reason_of


async def returns(connection: asyncpg.Connection, first: date, last: date) -> Answer:
    """Return what was taken back from ``first`` to ``last`` by value date, and its sums by reason."""
    found = await stored.list_taken_back(connection, first, last)
    payment_ids = {reversal.payment_id for reversal in found}
    known = await stored.load_payments(connection, payment_ids)
    reversals = await stored.load_reversals(connection, payment_ids)
    stand = {name: known[name].target(own) for name, own in reversals.items()}
    borne = {one.reversal_id: _borne_by(one, stand[one.payment_id]) for one in found}
    refs = await registry.refs_of(connection, {account_id for own in borne.values() for account_id in own})
    rows = []
    for one in found:
        payment, reason = known[one.payment_id].payment, reason_of(one.reason)
        rows.append({
            "reversal_id": one.reversal_id, "payment_id": one.payment_id, "method": payment.method,
            "account_refs": sorted(refs[account_id] for account_id in borne[one.reversal_id]),
            "amount_pence": one.amount_pence, "received_on": payment.received_on, "reversed_on": one.reversed_on,
            "reason": one.reason, "code": reason.code, "meaning": reason.meaning, "next_step": reason.next_step,
        })  # fmt: skip
    return {"from": first, "to": last, "returns": rows, "by_reason": _by_reason(rows)}


def _borne_by(reversal: Reversal, parts: Iterable[Part]) -> list[str]:
    """Return the accounts from which a reversal takes."""
    return [
        part.holder
        for part in parts
        if (part.kind, part.fact_id) == (FactKind.REVERSAL, reversal.reversal_id) and not is_waiting(part.holder)
    ]


def _by_reason(rows: Iterable[Answer]) -> list[Answer]:
    """Return count and pence of each reason, in order of its code; they sum to all that was taken back."""
    sums: dict[str, Answer] = {}
    for row in rows:
        names = {name: row[name] for name in ("code", "meaning", "next_step")}
        one = sums.setdefault(row["code"], {**names, "count": 0, "amount_pence": 0})
        one["count"] += 1
        one["amount_pence"] += row["amount_pence"]
    return [sums[code] for code in sorted(sums)]
