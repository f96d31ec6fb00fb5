"""Why an account owes so many pence of a charge: pool, shares, odd penny, days, credits; derived anew when asked."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import asyncpg

from services.billing.db import charges as stored
from services.billing.db import questions
from services.billing.db.questions import AccountRow
from services.billing.domain import attribution, division, explanation, refs
from services.billing.domain.explanation import Pool
from services.billing.domain.facts import BILLED, Charge, Credit, FactKind, Part, ShareVersion, Unit, is_waiting
from services.billing.domain.liability import owed_as_kept
from services.billing.domain.lines import Line
from services.billing.settings import read_liability_policies
from services.billing.usecases.charges import surroundings_of

Answer = dict[str, Any]

Fact = tuple[FactKind, str]
"""A charge or a credit, by kind and id."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """All that an account's pence of a charge and its credits are worked out from, as known now.

    ``given``: the days the charge came with; ``parts``: what of it and its credits is on the holders of the account's
    unit; ``refs``: the references of the unit's accounts by id.
    """

    row: AccountRow
    charge: Charge
    credited: Sequence[Credit]
    given: Mapping[str, date | None]
    version: ShareVersion | None
    units: Mapping[str, Unit]
    parts: Sequence[Part]
    refs: Mapping[str, str]
    lot: division.Lot

    def held(self, pool: Pool, holder: str) -> tuple[int, int]:
        """Return what of a pool is on a holder of the unit: all of it, and the tax in it."""
        fact = (pool.kind, pool.fact_id)
        own = [one for one in self.parts if one.holder == holder and (one.kind, one.fact_id) == fact]
        return sum(one.amount_pence for one in own), sum(one.tax_pence for one in own)

    def own_pence(self, pool: Pool) -> int:
        """Return what of a pool is on the account."""
        return self.held(pool, self.row.account_id)[0]


async def explain(connection: asyncpg.Connection, reference: str, charge_id: str) -> Answer | None:
    """Return how an account's pence of a charge came about; nothing when there is no such account or charge.

    The figures are worked out anew from the facts, and are those of the account's lines.
    """
    row = await questions.find_account(connection, refs.normalised(reference), None)
    found = [grounds async for grounds in _each(connection, row, [charge_id])] if row is not None else []
    return _explained(found[0]) if found else None


def _explained(grounds: Grounds) -> Answer:
    whole, *credited = explanation.pools_of(grounds.charge, grounds.credited)
    return {
        "account_ref": grounds.row.account_ref,
        "account_id": grounds.row.account_id,
        "unit_id": grounds.row.unit_id,
        "charge_id": grounds.charge.charge_id,
        "charge_kind": grounds.charge.kind,
        **_steps(grounds, whole),
        "charge_pence": grounds.own_pence(whole),
        "credits": [
            {
                "credit_id": credit.credit_id, "credited_on": credit.credited_on, "pool_pence": pool.gross_pence,
                "takes_what_is_left": pool.takes_what_is_left, **_claims(grounds, pool),
                "pence": grounds.own_pence(pool),
            }
            for credit, pool in zip(grounds.credited, credited, strict=True)
        ],
        "total_pence": sum(grounds.own_pence(pool) for pool in (whole, *credited)),
    }  # fmt: skip


async def proofs(connection: asyncpg.Connection, row: AccountRow, lines: Iterable[Line]) -> dict[Fact, Answer]:
    """Return how what stands now of each charge and credit on an account came about, by the steps of ``explain``.

    ``lines`` are all of the account's, netted.  Where a fact has several, each is the difference from what stood
    before it, and they sum to ``stands_pence``.
    """
    billed = [line for line in lines if line.kind in BILLED]
    count = Counter((line.kind, line.fact_id) for line in billed)
    found: dict[Fact, Answer] = {}
    async for grounds in _each(connection, row, {line.charge_id for line in billed if line.charge_id is not None}):
        for pool in explanation.pools_of(grounds.charge, grounds.credited):
            lines_of = count[pool.kind, pool.fact_id]
            if lines_of:
                found[pool.kind, pool.fact_id] = {
                    **_steps(grounds, pool),
                    "takes_what_is_left": pool.takes_what_is_left,
                    "stands_pence": grounds.own_pence(pool),
                    "is_difference": lines_of > 1,
                }
    return found


async def _each(connection: asyncpg.Connection, row: AccountRow, charge_ids: Iterable[str]) -> AsyncIterator[Grounds]:
    """Yield the grounds of each charge that is known, all loaded at once; between two the process does other work."""
    charges = await stored.load_charges(connection, charge_ids)
    credited = await stored.load_credits(connection, charges)
    given = await stored.load_days(connection, charges)
    around = await surroundings_of(connection, charges.values(), only=[row.unit_id])
    refs_ = {one.account_id: one.account_ref for one in await questions.list_accounts_of(connection, row.unit_id)}
    for charge_id, charge in charges.items():
        own = credited.get(charge_id, [])
        parts = [part for part in around.target(charge, own) if part.unit_id == row.unit_id]
        version, lot = around.version_of(charge), division.lot_of(charge_id)
        yield Grounds(row, charge, own, given[charge_id], version, around.units, parts, refs_, lot)
        await asyncio.sleep(0)


def _steps(grounds: Grounds, pool: Pool) -> Answer:
    """Return what a charge and a credit have in common: pool, days owed for, share set, claims, whose the days are."""
    owed = owed_as_kept(grounds.charge, grounds.given, read_liability_policies())
    return {
        "pool": {"net_pence": pool.net_pence, "tax_pence": pool.tax_pence, "gross_pence": pool.gross_pence},
        "liability": {
            "policy": owed.version, "decided_by": owed.decided_by, "from": owed.first_on, "to": owed.last_on,
            "days": (owed.last_on - owed.first_on).days + 1,
        },
        "share_set": _share_set(grounds),
        **_claims(grounds, pool),
        "days": _days(grounds, pool),
    }  # fmt: skip


def _share_set(grounds: Grounds) -> Answer | None:
    """Return the version that divides the charge and the unit's share by it; nothing for a unit's own charge."""
    if grounds.charge.share_set_id is None:
        return None
    version = grounds.version
    return {
        "share_set_id": grounds.charge.share_set_id,
        "effective_from": version.effective_from if version is not None else None,
        "share": version.shares.get(grounds.row.unit_id) if version is not None else None,
        "units": len(version.unit_ids) if version is not None else 0,
        "complete": version is not None and version.is_complete,
    }


def _claims(grounds: Grounds, pool: Pool) -> Answer:
    """Return the unit's claim on net and on tax; neither where nothing is divided between units."""
    version, unit_id = grounds.version, grounds.row.unit_id
    if version is None or not version.is_complete or unit_id not in version.shares or pool.takes_what_is_left:
        return {"net": None, "tax": None}
    net = asdict(explanation.claim_of(pool.net_pence, unit_id, version, grounds.lot))
    tax = asdict(explanation.claim_of(pool.tax_pence, unit_id, version, grounds.lot)) if pool.tax_pence else None
    return {"net": net, "tax": tax}


def _days(grounds: Grounds, pool: Pool) -> list[Answer]:
    """Return whose the days of the charge are, one row a stretch; ``to`` is included, pence are all of the holder's."""
    charge = grounds.charge
    ends, holders = attribution.stretches(grounds.units, grounds.row.unit_id, charge.liable_from, charge.liable_to)
    starts = [0, *ends[:-1]]
    return [
        {
            "from": charge.liable_from + timedelta(days=start),
            "to": charge.liable_from + timedelta(days=end - 1),
            "days": end - start,
            "account_ref": grounds.refs.get(holder),
            "waiting_for": holder if is_waiting(holder) else None,
            "holder_pence": pence,
            "holder_tax_pence": tax_pence,
        }
        for start, end, holder in zip(starts, ends, holders, strict=True)
        for pence, tax_pence in [grounds.held(pool, holder)]
    ]
