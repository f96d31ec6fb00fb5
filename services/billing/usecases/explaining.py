"""Why an account owes so many pence of a charge: pool, shares, odd penny, days, credits; derived anew when asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import asyncpg

from services.billing.db import charges as stored
from services.billing.db import questions
from services.billing.domain import attribution, charges, division, explanation, refs
from services.billing.domain.facts import Charge, Credit, FactKind, Part, ShareVersion, Unit, is_waiting
from services.billing.domain.liability import PERIOD
from services.billing.settings import read_liability
from services.billing.usecases.charges import surroundings_of
from shared.dated import in_force

Answer = dict[str, Any]


async def explain(connection: asyncpg.Connection, reference: str, charge_id: str) -> Answer | None:
    """Return how an account's pence of a charge came about; nothing when there is no such account or charge.

    The figures are worked out anew from the facts, and are those of the account's lines.
    """
    row = await questions.find_account(connection, refs.normalised(reference), None)
    charge = (await stored.load_charges(connection, [charge_id])).get(charge_id)
    if row is None or charge is None:
        return None
    around = await surroundings_of(connection, [charge], only=[row.unit_id])
    credited = (await stored.load_credits(connection, [charge_id])).get(charge_id, [])
    of_unit = [part for part in around.target(charge, credited) if part.unit_id == row.unit_id]
    own = [part for part in of_unit if part.holder == row.account_id]
    names = {one.account_id: one.account_ref for one in await questions.list_accounts_of(connection, row.unit_id)}
    return {
        "account_ref": row.account_ref,
        "account_id": row.account_id,
        "unit_id": row.unit_id,
        "charge_id": charge_id,
        "charge_kind": charge.kind,
        "pool": {"net_pence": charge.net_pence, "tax_pence": charge.tax_pence, "gross_pence": charge.gross_pence},
        "liability": await _liability(connection, charge),
        **_division(charge, row.unit_id, around.version_of(charge)),
        "days": _days(charge, of_unit, around.units, row.unit_id, names),
        "charge_pence": _sum(own, FactKind.CHARGE),
        "credits": _credits(charge, credited, own),
        "total_pence": sum(part.amount_pence for part in own),
    }


async def _liability(connection: asyncpg.Connection, charge: Charge) -> Answer:
    """Return the days the charge is owed for, what decided them, and the version of the policy that did."""
    policy = in_force(read_liability(), charge.raised_on)
    given = await stored.load_days(connection, charge.charge_id)
    one_day = charge.liable_from == charge.liable_to
    order = policy.kinds[charge.kind].owed_on if one_day else ()
    decided = next((str(name) for name in order if given.get(name) == charge.liable_from), PERIOD)
    days = (charge.liable_to - charge.liable_from).days + 1
    return {
        "policy": policy.version, "decided_by": decided, "from": charge.liable_from, "to": charge.liable_to,
        "days": days,
    }  # fmt: skip


def _division(charge: Charge, unit_id: str, version: ShareVersion | None) -> Answer:
    """Return the share set's version and the unit's claim on net and on tax; both absent for a unit's own charge."""
    if version is None or unit_id not in version.shares or not version.is_complete:
        return {"share_set": None, "net": None, "tax": None}
    lot = division.lot_of(charge.charge_id)
    set_ = {
        "share_set_id": version.share_set_id, "effective_from": version.effective_from,
        "share": version.shares[unit_id], "units": len(version.unit_ids),
    }  # fmt: skip
    net = asdict(explanation.claim_of(charge.net_pence, unit_id, version, lot))
    tax = asdict(explanation.claim_of(charge.tax_pence, unit_id, version, lot)) if charge.tax_pence else None
    return {"share_set": set_, "net": net, "tax": tax}


def _days(
    charge: Charge, of_unit: Iterable[Part], units: Mapping[str, Unit], unit_id: str, names: Mapping[str, str]
) -> list[Answer]:
    """Return whose the days of the charge are, one row a stretch; ``to`` is included."""
    ends, holders = attribution.stretches(units, unit_id, charge.liable_from, charge.liable_to)
    starts = [0, *ends[:-1]]
    return [
        {
            "from": charge.liable_from + timedelta(days=start),
            "to": charge.liable_from + timedelta(days=end - 1),
            "days": end - start,
            "account_ref": names.get(holder),
            "waiting_for": holder if is_waiting(holder) else None,
            "holder_pence": _sum((part for part in of_unit if part.holder == holder), FactKind.CHARGE),
        }
        for start, end, holder in zip(starts, ends, holders, strict=True)
    ]


def _credits(charge: Charge, credited: Sequence[Credit], own: Iterable[Part]) -> list[Answer]:
    """Return what each credit took off; the one that completes the charge takes what is left of each part."""
    pence = {part.fact_id: part.amount_pence for part in own if part.kind is FactKind.CREDIT}
    left = [charges.left_of(charge, credited[:count]) for count in range(1, len(credited) + 1)]
    return [
        {
            "credit_id": credit.credit_id, "credited_on": credit.credited_on, "pool_pence": -credit.amount_pence,
            "takes_what_is_left": not rest, "pence": pence.get(credit.credit_id, 0),
        }
        for credit, rest in zip(credited, left, strict=True)
    ]  # fmt: skip


def _sum(parts: Iterable[Part], kind: FactKind) -> int:
    return sum(part.amount_pence for part in parts if part.kind is kind)
