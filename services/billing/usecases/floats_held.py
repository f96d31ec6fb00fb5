"""What is held of each owner as a float, for the documents they get."""

from collections.abc import Mapping, Sequence
from datetime import date

import asyncpg

from services.billing.domain.items import StatementHead
from services.billing.domain.lines import Line
from services.billing.domain.owners_money import kept
from services.billing.domain.position import as_known
from services.billing.usecases.allocation import rules_of
from shared.events.housing import ChargeKind


async def floats_held(
    connection: asyncpg.Connection,
    lines: Mapping[str, Sequence[Line]],
    heads: Mapping[str, Sequence[StatementHead]],
    day: date,
) -> dict[str, int]:
    """Return by account the pence that are held as a float on a day; an account without a float is left out.

    Held is what is paid of what was asked, less what was given back: a liability, in no balance of the account.
    """
    asked = [name for name, own in lines.items() if any(line.charge_kind is ChargeKind.FLOAT for line in own)]
    rules = await rules_of(connection, asked) if asked else {}
    held = {
        name: kept(*as_known(lines[name], heads.get(name, ()), day, None), ChargeKind.FLOAT, day, rules[name])
        for name in asked
    }
    return {name: one.held_pence for name, one in held.items() if one.held_pence}
