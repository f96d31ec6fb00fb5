"""What the rows of a settlement figure are for, and what stands beside it: money on its way, the fund, what waits."""

from collections.abc import Mapping
from datetime import date

import asyncpg

from services.billing.db import registry
from services.billing.db import schedules as stored_schedules
from services.billing.db import suspense as stored_suspense
from services.billing.db.registry import Versions
from services.billing.db.statements import Notes
from services.billing.db.suspense import WaitingCharge
from services.billing.domain import attribution, division
from services.billing.domain.owners_money import fund_of, kept
from services.billing.domain.settlements import Group, Row, Standing
from services.billing.usecases.direct_debits import on_its_way
from services.billing.usecases.questions import Answer, present
from services.billing.usecases.supposed_sales import Sale, ToCome
from shared.events.housing import ChargeKind

_SET = "share-set:"


def row_answer(row: Row, sale: Sale, notes: Notes, schedules: Mapping[str, ToCome]) -> Answer:
    """Return a row with what its charge is for; one of a schedule is an estimate, and names it."""
    coming = schedules.get(row.charge_id or "") if row.group is Group.TO_COME else None
    note = notes.charges.get(row.charge_id or "")
    about: Answer = {}
    if coming is not None:
        period = coming.data.period
        assert period is not None
        about = {"schedule_id": coming.schedule_id, "estimate": True, "raised_on": coming.data.raised_on}
        about |= {"charge_kind": coming.data.kind, "description": coming.data.description, "share": coming.share}
        about |= _days(sale, period.from_, period.to)
    elif note is not None:
        about = {"charge_kind": note.kind, "description": note.description}
        about |= {"share": notes.shares.get((sale.account.account_id, row.charge_id or ""))}
        about |= _days(sale, note.liable_from, note.liable_to)
    return present({**row._asdict(), **about})


def _days(sale: Sale, first: date, last: date) -> Answer:
    """Return the days a charge is owed for, and how many of them would be the seller's."""
    own = attribution.days_held(sale.units, sale.account.unit_id, sale.account.account_id, first, last)
    return {"period_from": first, "period_to": last, "days": own, "of_days": (last - first).days + 1}


async def collections(connection: asyncpg.Connection, account_id: str, book: date) -> list[Answer]:
    """Return the direct debits that were announced and may still come: the figure falls by what does."""
    return [
        {"collection_id": one.collection_id, "collect_on": one.collect_on, "amount_pence": pence}
        for one, pence in await on_its_way(connection, account_id, book)
    ]


async def reserve_fund(connection: asyncpg.Connection, sale: Sale, standing: Standing, day: date) -> Answer | None:
    """Return what the owner paid into the reserve fund of the building; it stays there (domain.md 1)."""
    unit = await stored_schedules.load_unit(connection, sale.account.unit_id)
    paid = kept(standing.lines, standing.issued, ChargeKind.RESERVE_FUND, day, standing.rules).held_pence
    if unit is None or not paid:
        return None
    return {"fund_id": fund_of(unit.development_id, unit.block_id), "paid_in_pence": paid}


async def waiting(connection: asyncpg.Connection, sale: Sale) -> list[Answer]:
    """Return the costs of the owner's days that are on no account yet, with the owner's part where it is known."""
    unit_id, from_on = sale.account.unit_id, sale.account.from_on
    assert from_on is not None
    sets = await registry.sets_naming(connection, unit_id)
    found = await stored_suspense.list_waiting_charges(connection, unit_id, sets, from_on, sale.entry_on)
    versions = await registry.load_versions(connection, {one.share_set_id or "" for one in found})
    rows = (_waits(one, unit_id, versions.get(one.share_set_id or "", {})) for one in found)
    return [row for row in rows if row is not None]


def _waits(one: WaitingCharge, unit_id: str, versions: Versions) -> Answer | None:
    """Return a charge that waits: pence of the unit's own, or of the pool, with the share as it is published.

    None: the shares in force do not name the unit.
    """
    about = {
        "charge_id": one.charge_id, "charge_kind": one.kind, "description": one.description,
        "instructed_on": one.instructed_on, "waiting_for": one.waiting_for,
    }  # fmt: skip
    if not one.waiting_for.startswith(_SET):
        return present({**about, "amount_pence": one.pence})
    version = division.version_on(versions, one.liable_from)
    if version is not None and unit_id not in version.shares:
        return None
    share = version.shares[unit_id] if version is not None else None
    return present({**about, "pool_pence": one.pence, "share": share})
