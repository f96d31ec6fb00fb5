"""Whose days of a charge a document's lines are for: the daily calculation when a home changes hands."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import asyncpg

from services.billing.db import registry
from services.billing.db.statements import ChargeNote, Payer
from services.billing.domain import attribution
from services.billing.domain.attribution import OwnedDays
from services.billing.domain.lines import Line
from services.billing.domain.statements import Draft


async def load_owned_days(
    connection: asyncpg.Connection,
    drafts: Sequence[tuple[Payer, Draft]],
    notes: Mapping[str, ChargeNote],
    known_at: date | None,
) -> dict[tuple[str, str], OwnedDays]:
    """Return by account and charge which days of a cost over days are the account's, where not all are.

    Owners as known at a book (``known_at``), as the lines are.  One question for all accounts, about those alone that
    bear less than a whole charge: where nobody moved, most quarters' fees ask nothing.
    """
    wanted = [(payer, charge_id) for payer, draft in drafts for charge_id in _in_part(draft.lines, notes)]
    if not wanted:
        return {}
    units = await registry.load_units(connection, {payer.unit_id for payer, _ in wanted}, known_at)
    found: dict[tuple[str, str], OwnedDays] = {}
    for payer, charge_id in wanted:
        note = notes[charge_id]
        days = attribution.owned_days(units, payer.unit_id, payer.account_id, note.liable_from, note.liable_to)
        if days is not None:
            found[payer.account_id, charge_id] = days
    return found


def _in_part(lines: Iterable[Line], notes: Mapping[str, ChargeNote]) -> set[str]:
    """Return the charges over days that lines bear less of than the whole."""
    return {
        line.charge_id
        for line in lines
        if line.charge_id is not None
        and (note := notes.get(line.charge_id)) is not None
        and note.liable_from < note.liable_to
        and line.amount_pence != note.gross_pence
    }
