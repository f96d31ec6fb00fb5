"""The answers about what is in suspense: money nobody matches, and charges, credits and reversals that wait."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import asyncpg

from services.billing.db import matches, registry
from services.billing.db import suspense as stored
from services.billing.db.suspense import SuspendedRow, WaitingPart
from services.billing.domain import division, refs
from services.billing.domain import suspense as rules
from services.billing.usecases.questions import Answer, overdue_day, present

_SET = "share-set:"


async def suspense(connection: asyncpg.Connection, since: bool = False) -> Answer:
    """Return money nobody matches, and charges, credits and reversals that wait, each with what it waits for.

    ``since``: of each charge also the book since which it waits.
    """
    rows = await stored.list_suspended(connection)
    waiting = await _waiting(connection, since)
    return {
        "payments": [
            {"payment_id": row.payment_id, "amount_pence": row.pence, "received_on": row.received_on} for row in rows
        ],
        **waiting,
        "payments_pence": sum(row.pence for row in rows),
        "charges_pence": sum(charge["amount_pence"] for charge in waiting["charges"]),
    }


async def unmatched(connection: asyncpg.Connection) -> Answer:
    """Return money nobody matches, with what may help to say whose it is, by days waited on the last closed day."""
    day = await overdue_day(connection, None, None)
    rows = await stored.list_suspended(connection)
    learnt = await matches.load_learnt(connection, {text for row in rows if (text := _text(row))})
    return {
        "day": day,
        "payments": [_payment(row, day, rules.proposed(_text(row), learnt)) for row in rows],
        "payments_pence": sum(row.pence for row in rows),
        "ageing": asdict(rules.waited(((row.received_on, row.pence) for row in rows), day)),
    }


def _text(row: SuspendedRow) -> str | None:
    """Return the payer's words as they are compared."""
    return refs.normalised(row.reference) if row.reference else None


def _payment(row: SuspendedRow, day: date, proposed: tuple[str, int] | None) -> Answer:
    """Return what of a payment is in suspense, and whose it may be.

    ``by_person``: somebody left it or took it back there.  Proposed is whose such words were before, and how often.
    """
    return present({
        "payment_id": row.payment_id, "amount_pence": row.pence, "received_on": row.received_on,
        "days": rules.days_waited(row.received_on, day), "method": row.method, "reference": row.reference,
        "by_person": row.by_person,
        "proposed": {"account_ref": proposed[0], "matched_before": proposed[1]} if proposed is not None else None,
    })  # fmt: skip


async def _waiting(connection: asyncpg.Connection, since: bool) -> dict[str, list[Answer]]:
    """Return the charges, credits and reversals that wait, each with what it waits for."""
    charges: list[Answer] = []
    credits_: list[Answer] = []
    parts = await stored.list_waiting_parts(connection)
    gaps = await _gaps(connection, parts)
    for part in parts:
        head = {"charge_id": part.charge_id, "unit_id": part.unit_id}
        tail = {"amount_pence": abs(part.pence), "waiting_for": part.waiting_for, "gap": gaps.get(part)}
        if part.credit_id is None:
            charges.append(present({**head, **tail, "since_book": part.book if since else None}))
        else:
            credits_.append(present({"credit_id": part.credit_id, **head, **tail}))
    held = await _held(connection)
    return {"charges": charges, "credits": credits_ + held["credits"], "reversals": held["reversals"]}


async def _gaps(connection: asyncpg.Connection, parts: Sequence[WaitingPart]) -> dict[WaitingPart, str]:
    """Return by how much the shares miss the whole (``1/2500``), for what waits for a set that is INCOMPLETE."""
    sets = {part: part.waiting_for.removeprefix(_SET) for part in parts if part.waiting_for.startswith(_SET)}
    versions = await registry.load_versions(connection, set(sets.values()))
    found = {part: division.version_on(versions.get(name, {}), part.liable_from) for part, name in sets.items()}
    return {part: str(division.gap_of(version)) for part, version in found.items() if version is not None}


async def _held(connection: asyncpg.Connection) -> dict[str, list[Answer]]:
    """Return the credits and reversals of charges and payments not known yet."""
    found: dict[str, list[Answer]] = {"credits": [], "reversals": []}
    for event, needs in await stored.list_held(connection):
        data: Mapping[str, Any] = event.data.model_dump()
        kind, names = ("credits", ("credit_id", "charge_id")) if "credit_id" in data else (
            "reversals", ("reversal_id", "payment_id"))  # fmt: skip
        amount = {"amount_pence": data["amount_pence"], "waiting_for": needs}
        found[kind].append({**{name: data[name] for name in names}, **amount})
    return found
