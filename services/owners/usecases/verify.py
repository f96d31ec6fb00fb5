"""The proof of owners: what it keeps and has said follows from what it was told."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import date
from itertools import islice
from typing import TypeVar

import asyncpg

from services.owners.db import changes, contacts, erasures, lines, shares, units
from services.owners.domain.contacts import details_of
from services.owners.domain.shares import is_complete
from services.owners.usecases.contacts import billing_contacts, empty
from services.owners.usecases.lines import as_line, drawn
from shared.checks import Check
from shared.events.owners import ContactDetailsChanged, ContactKind

_PAGE = 1000

Item = TypeVar("Item")
Key = TypeVar("Key")


async def verify(connection: asyncpg.Connection) -> list[Check]:
    """Recompute everything from the facts as they stand at the moment of a snapshot."""
    return [
        await _check("every ownership line follows from its facts", _wrong_lines(connection)),
        *(Check(name, not detail, detail) for name, detail in (await checks(connection)).items()),
        await _check("every contact follows from what was told", _wrong_contacts(connection)),
        await _check("every share set is complete or not as its members say", _wrong_shares(connection)),
    ]


async def checks(connection: asyncpg.Connection) -> dict[str, str]:
    """Return what differs of all that holds at every commit and is quickly looked at."""
    gap = await lines.find_version_gap(connection)
    unsaid = await lines.count_unsaid(connection)
    return {
        "line versions count 1, 2, 3": f"unit {gap}" if gap else "",
        "every line kept was said": f"{unsaid} versions differ" if unsaid else "",
    }


async def _check(name: str, wrong: AsyncIterator[str]) -> Check:
    exceptions = [one async for one in wrong]
    shown = ", ".join(islice(exceptions, 3))
    return Check(name, not exceptions, f"{shown} ({len(exceptions)} in all)" if exceptions else "")


async def _wrong_lines(connection: asyncpg.Connection) -> AsyncIterator[str]:
    """Yield the units whose line, drawn again, is not the one said last."""
    async for page in _pages(lambda after: units.list_units(connection, after, _PAGE), "", lambda unit_id: unit_id):
        registered = await units.load_units(connection, page)
        history = await changes.load_history(connection, page)
        said = await lines.load_lines(connection, page)
        for unit_id in page:
            if drawn(registered[unit_id].data, history[unit_id]) != as_line(said.get(unit_id)):
                yield f"unit {unit_id}"


async def _wrong_contacts(connection: asyncpg.Connection) -> AsyncIterator[str]:
    """Yield the parties and ownerships whose contact, put together again, is not the one said last."""
    async for page in _pages(lambda after: contacts.list_parties(connection, after, _PAGE), "", lambda party: party):
        statements = await contacts.load_statements(connection, page)
        gone = await erasures.erased_parties(connection, page)
        told = [details_of(party, statements[party], is_erased=party in gone) for party in page]
        async for wrong in _unlike_said(connection, told):
            yield wrong
    async for page in _pages(lambda after: units.list_units(connection, after, _PAGE), "", lambda unit_id: unit_id):
        history = await changes.load_history(connection, page)
        expected = [one for unit_id in page for one in billing_contacts(history[unit_id])]
        async for wrong in _unlike_said(connection, expected):
            yield wrong


async def _unlike_said(connection: asyncpg.Connection, expected: Sequence[ContactDetailsChanged]) -> AsyncIterator[str]:
    said = await contacts.load_contacts(connection, [(one.kind, one.contact_id) for one in expected])
    for one in expected:
        if one != said.get((one.kind, one.contact_id), empty(one)):
            yield f"{'party' if one.kind is ContactKind.PARTY else 'ownership'} {one.contact_id}"


async def _wrong_shares(connection: asyncpg.Connection) -> AsyncIterator[str]:
    """Yield the share set versions that are kept as complete but are not, or the other way round."""
    async for page in _pages(
        lambda after: shares.list_versions(connection, after, _PAGE),
        ("", date.min),
        lambda version: (version[0].share_set_id, version[0].effective_from),
    ):
        for data, kept_as_complete in page:
            if is_complete(data.members) != kept_as_complete:
                yield f"share set {data.share_set_id} from {data.effective_from}"


async def _pages(
    fetch: Callable[[Key], Awaitable[Sequence[Item]]], start: Key, key_of: Callable[[Item], Key]
) -> AsyncIterator[Sequence[Item]]:
    """Yield page after page, so that a large registry is proved in little memory."""
    page = await fetch(start)
    while page:
        yield page
        page = await fetch(key_of(page[-1]))
