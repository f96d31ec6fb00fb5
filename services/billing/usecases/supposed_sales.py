"""A sale that nobody has registered: what it would move off an account, and what is to come on it until then.

Everything is loaded and derived as ``moves.Moves`` and ``instalments.raise_slice`` do; nothing is written.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import asyncpg

from services.billing.db import charges as stored_charges
from services.billing.db import payments as stored_payments
from services.billing.db import registry
from services.billing.db import schedules as stored_schedules
from services.billing.db.registry import Registered
from services.billing.db.schedules import Schedules, UnitRow
from services.billing.domain import charges, postings, schedules, settlements
from services.billing.domain.attribution import Account
from services.billing.domain.facts import Unit
from services.billing.domain.instalments import Days
from services.billing.domain.lines import Line
from services.billing.domain.schedules import DAY
from services.billing.domain.scopes import Place, Scope
from services.billing.settings import read_liability_policies
from services.billing.usecases.charges import surroundings_of
from services.billing.usecases.instalments import coming
from services.billing.usecases.own_events import free_names
from services.billing.usecases.payments import finder
from services.billing.usecases.registry import first_change
from services.billing.usecases.schedules import load_known
from shared.events.housing import ChargeRaised


@dataclass(frozen=True, slots=True)
class Sale:
    """A unit as it is known, and as it would be if the owner of an account sold with entry on a day."""

    account: Account
    entry_on: date
    before: Registered
    after: Registered
    book: date

    @property
    def units(self) -> Mapping[str, Unit]:
        """The unit as the rules would see it; none while it is not registered."""
        unit = self.after.unit()
        return {} if unit is None else {unit.unit_id: unit}


@dataclass(frozen=True, slots=True)
class ToCome:
    """An instalment that is not raised yet: its schedule and charge, the unit's share of a pool, the seller's lines."""

    schedule_id: str
    data: ChargeRaised
    share: str | None
    lines: Sequence[Line]


def suppose(account: Account, known: Registered, entry_on: date, book: date) -> Sale:
    """Return the sale of an account's unit with entry on a day; the account is an owner's who has days."""
    assert known.line is not None
    assert account.ownership_id is not None
    line = settlements.sold(known.line, account.ownership_id, entry_on)
    return Sale(account, entry_on, known, replace(known, line=line), book)


async def moved_lines(connection: asyncpg.Connection, sale: Sale) -> list[Line]:
    """Return what the sale would put on its account, or take off it, of charges, credits and payments known."""
    since = first_change(sale.before.unit(), sale.after.unit())
    if since is None:
        return []
    changed = {sale.account.unit_id: since}
    moved = await _moved_charges(connection, sale, await stored_charges.charges_of_units(connection, changed))
    touched = await stored_payments.payments_touched(connection, (), changed)
    return moved + await _moved_payments(connection, sale, touched)


async def _moved_charges(connection: asyncpg.Connection, sale: Sale, charge_ids: Collection[str]) -> list[Line]:
    wanted, only = sorted(charge_ids), [sale.account.unit_id]
    known = await stored_charges.load_charges(connection, wanted)
    credited = await stored_charges.load_credits(connection, wanted)
    standing = await stored_charges.load_parts(connection, wanted, only)
    around = (await surroundings_of(connection, known.values(), only)).supposing(sale.units)
    lines: list[Line] = []
    for charge_id in wanted:
        charge, own = known[charge_id], credited.get(charge_id, [])
        target = (part for part in around.target(charge, own) if part.unit_id == sale.account.unit_id)
        posted = postings.charge_postings(charge, own, charges.difference(standing.get(charge_id, ()), target))
        lines += settlements.lines_of(posted, sale.account.account_id, sale.book, charge)
    return lines


async def _moved_payments(connection: asyncpg.Connection, sale: Sale, payment_ids: Collection[str]) -> list[Line]:
    known = await stored_payments.load_payments(connection, payment_ids)
    reversals = await stored_payments.load_reversals(connection, known)
    find = await finder(connection, (placed.payment for placed in known.values()), sale.units)
    lines: list[Line] = []
    for payment_id in sorted(known):
        was, own = known[payment_id], reversals.get(payment_id, [])
        now = replace(was, account_id=find(was.payment))
        changes = charges.difference(was.target(own), now.target(own))
        posted = postings.payment_postings(was.payment, own, changes)
        lines += settlements.lines_of(posted, sale.account.account_id, sale.book)
    return lines


async def to_come(connection: asyncpg.Connection, sale: Sale, closed_on: date) -> list[ToCome]:
    """Return what schedules will raise before the entry, with what of it would be the seller's (all or a part)."""
    unit = await stored_schedules.load_unit(connection, sale.account.unit_id)
    named = await _named(connection, sale, unit, closed_on) if unit is not None else []
    raised = [charges.charge_of(data, read_liability_policies()) for _, data in named]
    around = (await surroundings_of(connection, raised, [sale.account.unit_id])).supposing(sale.units)
    found = []
    for (schedule_id, data), charge in zip(named, raised, strict=True):
        posted = postings.charge_postings(charge, (), around.target(charge, ()))
        lines = settlements.lines_of(posted, sale.account.account_id, charge.raised_on, charge)
        version = around.version_of(charge)
        share = version.shares.get(sale.account.unit_id) if version is not None else None
        found.append(ToCome(schedule_id, data, share, lines))
    return found


async def _named(
    connection: asyncpg.Connection, sale: Sale, unit: UnitRow, closed_on: date
) -> list[tuple[str, ChargeRaised]]:
    """Return the charges that the days to come will raise, each with its schedule."""
    charged = (await stored_schedules.list_charged(connection, [unit.unit_id])).get(unit.unit_id, [])
    sets = await registry.sets_naming(connection, unit.unit_id)
    known = _narrowed(await load_known(connection, unit.unit_id), unit.place, charged, sets)
    wanted = list(coming(known, unit, sale.before.registered_in, charged, closed_on, _days(sale)))
    names = await free_names(connection, wanted)
    return [
        (_schedule_of(one.charge_id), one.model_copy(update={"charge_id": names[one.charge_id]}))
        for one in wanted
        if one.charge_id in names
    ]


def _schedule_of(name: str) -> str:
    """Return the schedule of a charge of ours: its name begins with it (``instalments.charge_id``)."""
    return name.partition(":")[0]


def _narrowed(known: Schedules, place: Place, charged: Sequence[tuple[str, Days]], sets: Collection[str]) -> Schedules:
    """Return the schedules that concern a unit: those that charge it, a set it is in, or charged it elsewhere."""
    before = {_schedule_of(name) for name, _ in charged}
    terms = {
        schedule_id: versions
        for schedule_id, versions in known.terms.items()
        if schedule_id in before
        or schedules.is_within(versions[0], place)
        or (versions[0].scope is Scope.SHARE_SET and versions[0].scope_id in sets)
    }
    reliefs = {key: own for key, own in known.reliefs.items() if key[0] in terms}
    return replace(known, terms=terms, reliefs=reliefs)


def _days(sale: Sale) -> Iterator[date]:
    """Yield the days whose work may charge the seller: today's, whatever was learnt today, and all until the entry."""
    last = max(sale.book, sale.entry_on - DAY)
    return map(date.fromordinal, range(sale.book.toordinal(), last.toordinal() + 1))
