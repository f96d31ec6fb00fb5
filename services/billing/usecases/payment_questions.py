"""The answer about one payment: what was told of it, where it stands, and what people said about it."""

import json
from typing import Any

import asyncpg

from services.billing.db import matches, registry
from services.billing.db import payments as stored
from services.billing.domain.facts import SUSPENSE, Reversal
from services.billing.domain.payments import NOTHING, by_holder
from services.billing.usecases.questions import Answer, present


async def payment(connection: asyncpg.Connection, payment_id: str) -> Answer | None:
    """Return one payment whole; nothing when there is none."""
    placed = (await stored.load_payments(connection, [payment_id])).get(payment_id)
    if placed is None:
        return None
    reversals = (await stored.load_reversals(connection, [payment_id])).get(payment_id, [])
    said = await matches.load_words(connection, payment_id)
    held = by_holder(placed.target(reversals))
    rest = held.pop(SUSPENSE, NOTHING)
    named = {*held, *(account_id for row in said for account_id in row["account_ids"])}
    refs = await registry.refs_of(connection, named)
    facts = placed.payment
    return {
        "payment_id": payment_id, "amount_pence": facts.amount_pence, "received_on": facts.received_on,
        "method": facts.method, "reversals": [_reversal(reversal) for reversal in reversals],
        "shares": [{"account_ref": refs[holder], "amount_pence": one.left_pence} for holder, one in held.items()],
        "suspense_pence": rest.left_pence, "matches": [_word(row, refs) for row in said],
    }  # fmt: skip


def _reversal(reversal: Reversal) -> Answer:
    return {
        "reversal_id": reversal.reversal_id, "amount_pence": reversal.amount_pence,
        "reversed_on": reversal.reversed_on, "reason": reversal.reason,
    }  # fmt: skip


def _word(row: asyncpg.Record, refs: dict[str, str]) -> Answer:
    """Return what a person said, with who and why from the record of the command."""
    command: dict[str, Any] = json.loads(row["body"]) if row["body"] is not None else {}
    shares = [
        {"account_ref": refs[account_id], "amount_pence": pence}
        for account_id, pence in zip(row["account_ids"], row["pence"], strict=True)
    ]
    told = present({name: command.get(name) for name in ("kind", "who", "why")})
    return {"match_no": row["match_no"], "book": row["book"], "shares": shares, **told}
