"""Follow each account as billing tells it: who it is, what is charged, paid and open."""

from collections import Counter
from collections.abc import Sequence

from services.arrears.db import facts, notices
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.billing import AccountCharged, AccountClosed, AccountOpened, ItemsChanged, StatementIssued
from shared.events.owners import OwnershipLineChanged


async def open_accounts(work: Work, events: Sequence[Event[AccountOpened]]) -> None:
    """Take accounts in; letters quote their ``account_ref``."""
    await facts.store_opened(await driver(work.session), [event.data for event in events], work.book)


async def close_accounts(work: Work, events: Sequence[Event[AccountClosed]]) -> None:
    """Note that an ownership ended; its debt is chased on."""
    await facts.store_closed(await driver(work.session), [event.data for event in events])


async def add_charges(work: Work, events: Sequence[Event[AccountCharged]]) -> None:
    """Add to the sums that ``verify`` compares with billing's, and keep what each charge is for."""
    pence: Counter[str] = Counter()
    for event in events:
        pence[event.data.account_id] += event.data.amount_pence
    connection = await driver(work.session)
    await facts.add_charges(connection, pence)
    await notices.add_kinds(
        connection, {(event.data.account_id, event.data.charge_id): event.data.kind for event in events}
    )


async def replace_items(work: Work, events: Sequence[Event[ItemsChanged]]) -> None:
    """Take over the open items; the day's work decides what follows."""
    await facts.store_items(await driver(work.session), [event.data for event in events], work.book)


async def note_statements(work: Work, events: Sequence[Event[StatementIssued]]) -> None:
    """Note the newest document of each account."""
    await facts.store_statements(await driver(work.session), [event.data for event in events])


async def note_lines(work: Work, events: Sequence[Event[OwnershipLineChanged]]) -> None:
    """Note who owned each unit when; whether a notice binds a buyer is worked out anew."""
    connection = await driver(work.session)
    await facts.store_lines(connection, events)
    await notices.look_at_units(connection, [event.data.unit_id for event in events], work.book)
