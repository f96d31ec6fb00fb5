"""Units, ownership lines and share sets as the owners service says them: accounts open, and money follows."""

from collections.abc import Mapping, Sequence
from datetime import date

import asyncpg

from services.billing.db import charges as stored_charges
from services.billing.db import payments as stored_payments
from services.billing.db import registry as stored
from services.billing.db.registry import Registered
from services.billing.domain import payments
from services.billing.domain.attribution import Account
from services.billing.domain.facts import Charge, Part, Payment, Stay, Unit
from services.billing.usecases.claims import newest
from services.billing.usecases.moves import Moves
from shared.bus.work import Cause, Work
from shared.db.engine import driver
from shared.events.base import Event, EventData
from shared.events.billing import AccountClosed, AccountOpened
from shared.events.owners import OwnershipLineChanged, SharesChanged, UnitChanged
from shared.events.topics import ACCOUNT_CLOSED, ACCOUNT_OPENED

_EVER = date.min
# Whoever changes the structure holds it alone, and whoever touches an account shares it: no account needs a lock here.
_STRUCTURE = ("structure",)


async def register_units(work: Work, events: Sequence[Event[UnitChanged]]) -> None:
    """Take in registrations; what waited for the unit, or for its days in management, moves to its owners."""
    await work.lock(exclusive=_STRUCTURE)
    connection = await driver(work.session)
    last = {event.data.unit_id: event for event in newest(events, lambda data: data.unit_id)}
    before = await stored.load_registered(connection, last)
    await stored.store_units(connection, work.book, [event.data for event in last.values()])
    await _follow(work, connection, last, before)


async def learn_lines(work: Work, events: Sequence[Event[OwnershipLineChanged]]) -> None:
    """Take in ownership lines; each account implied is opened, and what was billed moves to the owners of the days."""
    await work.lock(exclusive=_STRUCTURE)
    connection = await driver(work.session)
    last = {event.data.unit_id: event for event in newest(events, lambda data: data.unit_id)}
    before = await stored.load_registered(connection, last)
    await stored.add_lines(connection, work.book, [event.data for event in events])
    await _follow(work, connection, last, before)


async def learn_shares(work: Work, events: Sequence[Event[SharesChanged]]) -> None:
    """Take in versions of share sets; the charges they divide are divided anew."""
    await work.lock(exclusive=_STRUCTURE)
    connection = await driver(work.session)
    named = newest(events, lambda data: (data.share_set_id, data.effective_from))
    await stored.store_versions(connection, [event.data for event in named])
    last = {event.data.share_set_id: event for event in events}
    since: dict[str, date] = {}
    for event in named:
        day = event.data.effective_from
        since[event.data.share_set_id] = min(day, since.get(event.data.share_set_id, day))

    def cause_of(charge: Charge, _part: Part) -> Event[SharesChanged]:
        return last[charge.share_set_id or ""]

    moves = Moves(work, connection)
    await moves.charges(await stored_charges.charges_of_sets(connection, since), cause_of)
    await moves.settle()


async def _follow(
    work: Work,
    connection: asyncpg.Connection,
    last: Mapping[str, Event[EventData]],
    before: Mapping[str, Registered],
) -> None:
    """Open and close accounts, and move the money that the change of units concerns."""
    after = await stored.load_registered(connection, last)
    opened = await _open_accounts(work, connection, last, after)
    since: dict[str, date] = {}
    for unit_id in last:
        day = first_change(before[unit_id].unit(), after[unit_id].unit())
        if day is not None:
            since[unit_id] = day

    def cause_of_part(_charge: Charge, part: Part) -> Event[EventData]:
        return last[part.unit_id or ""]

    def cause_of_payment(payment: Payment) -> Event[EventData]:
        found = [opened[ref] for ref in payments.candidate_refs(payment) if ref in opened]
        return found[0] if found else last[payment.unit_id or ""]

    moves = Moves(work, connection)
    await moves.charges(await stored_charges.charges_of_units(connection, since), cause_of_part, last.keys())
    await moves.payments(await stored_payments.payments_touched(connection, opened, since), cause_of_payment)
    await moves.settle()


async def _open_accounts(
    work: Work,
    connection: asyncpg.Connection,
    last: Mapping[str, Event[EventData]],
    after: Mapping[str, Registered],
) -> dict[str, Event[EventData]]:
    """Open the accounts that are new and say when accounts close; return the new ones' references with their cause."""
    implied = [(account, last[unit_id]) for unit_id in sorted(last) for account in after[unit_id].accounts()]
    added = await stored.add_accounts(connection, work.book, (account for account, _ in implied))
    opened: dict[str, Event[EventData]] = {}
    for account, event in implied:
        if account.account_id in added:
            opened[account.account_ref] = event
            work.stage(ACCOUNT_OPENED, _opened(account), cause=event)
    said = await stored.load_closed(connection, (account.account_id for account, _ in implied))
    closed = [(account, event) for account, event in implied if said[account.account_id] != account.to_on]
    for account, event in closed:
        data = AccountClosed(account_id=account.account_id, account_ref=account.account_ref, closed_on=account.to_on)
        work.stage(ACCOUNT_CLOSED, data, cause=Cause.of(event))
    await stored.store_closed(connection, ((account.account_id, account.to_on) for account, _ in closed))
    return opened


def _opened(account: Account) -> AccountOpened:
    return AccountOpened(
        account_id=account.account_id, account_ref=account.account_ref, unit_id=account.unit_id,
        ownership_id=account.ownership_id, internal=account.internal,
    )  # fmt: skip


def first_change(before: Unit | None, after: Unit | None) -> date | None:
    """Return the first day that another holder may have from now on; None: no day."""
    if before == after:
        return None
    if before is None or after is None or _management(before) != _management(after):
        return _EVER
    for old, new in zip(before.stays, after.stays, strict=False):
        if old != new:
            return _first_of(old, new)
    longer = max(before.stays, after.stays, key=len)
    shorter = min(before.stays, after.stays, key=len)
    # The days before the first stay depend on there being one.
    return longer[len(shorter)].from_on if shorter else _EVER


def _management(unit: Unit) -> tuple[object, ...]:
    return (unit.managed_from, unit.managed_to, unit.first_account_id)


def _first_of(old: Stay, new: Stay) -> date:
    if (old.account_id, old.from_on) != (new.account_id, new.from_on):
        return min(old.from_on, new.from_on)
    return min(day for day in (old.to_on, new.to_on) if day is not None)
