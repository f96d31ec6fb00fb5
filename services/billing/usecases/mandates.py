"""Mandates of direct debit: set and cancelled by an officer; the bank's own returns end them as well."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from types import MappingProxyType
from typing import Annotated, Any

import asyncpg
from pydantic import Field

from services.billing.db import direct_debits as stored
from services.billing.db import questions
from services.billing.domain import refs
from services.billing.domain.direct_debits import Mandate, standing
from shared.bus.bodies import Body
from shared.bus.commands import Command, Json
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError, understood
from shared.bus.work import OPENING_BOOK, Work
from shared.db.engine import driver
from shared.events.billing import CollectionEnded, NotTaken
from shared.events.topics import COLLECTION_ENDED
from shared.events.types import Id

SET, CANCEL = "mandate-set", "mandate-cancel"
LOCK = "direct-debits"
MandateId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]


class AskedMandate(Body):
    """An owner's instruction by the bureau's name for it; bank details stay with the bureau."""

    account_ref: Id
    mandate_id: MandateId


class AskedCancel(Body):
    """A mandate that is no more."""

    mandate_id: MandateId


async def set_mandate(work: Work, content: Json) -> Json:
    """Let an account be collected from; one mandate at a time, and each name once for ever."""
    asked = understood(AskedMandate, content)
    connection = await driver(work.session)
    row = await questions.find_account(connection, refs.normalised(asked.account_ref), None)
    if row is None:
        raise NotKnownError(f"No account has the reference {asked.account_ref}.")
    if not row.ownership_id:
        raise NotValidError(f"{row.account_ref} is the association's own account: nobody pays it by direct debit.")
    if work.book == OPENING_BOOK:
        raise NotNowError("No business day has ended yet: there is no day to set the mandate on.")
    # Others may be set meanwhile, and money move elsewhere; who works a whole collection out holds both alone.
    await work.lock(exclusive=[_name(asked.mandate_id), f"account:{row.account_id}"], shared=(LOCK, "structure"))
    if await stored.find_mandate(connection, asked.mandate_id) is not None:
        raise NotNowError(f"Mandate {asked.mandate_id} is known already; a mandate is set once.")
    now = (await mandates_of(connection, [row.account_id])).get(row.account_id)
    if now is not None:
        raise NotNowError(f"{row.account_ref} has mandate {now.mandate_id}; cancel that first.")
    await stored.add_mandate(
        connection, Command.of(work).uid, Mandate(asked.mandate_id, row.account_id, work.book)
    )  # fmt: skip
    return {"mandate_id": asked.mandate_id, "account_ref": row.account_ref, "set_on": work.book}


async def cancel_mandate(work: Work, content: Json) -> Json:
    """Cancel a mandate: what was announced and is not released yet will not be taken, and arrears hears so."""
    asked = understood(AskedCancel, content)
    connection = await driver(work.session)
    known = await stored.find_mandate(connection, asked.mandate_id)
    if known is None:
        raise NotKnownError(f"There is no mandate {asked.mandate_id}.")
    await work.lock(exclusive=[_name(asked.mandate_id), f"account:{known.account_id}"], shared=(LOCK, "structure"))
    found = await stored.find_mandate(connection, asked.mandate_id)
    if found is None or found.ended_on is not None:
        raise NotNowError(f"Mandate {asked.mandate_id} is cancelled already.")
    await stored.end_mandate(connection, Command.of(work).uid, asked.mandate_id, work.book)
    why = NotTaken.MANDATE_ENDED
    told = await stored.load_announced(connection, known.account_id, asked.mandate_id, work.book)
    for collection_id, pence in told.items():
        await stored.skip(connection, collection_id, {known.account_id: why})
        say_ended(work, collection_id, known.account_id, pence, why)
    return {"mandate_id": asked.mandate_id, "ended_on": work.book}


def say_ended(work: Work, collection_id: str, account_id: str, pence: int, why: NotTaken) -> None:
    """Say that a collection takes nothing of what an owner was told."""
    said = CollectionEnded(account_id=account_id, collection_id=collection_id, amount_pence=pence, why=why)
    work.stage(COLLECTION_ENDED, said)


DEEDS: Mapping[str, Callable[[Work, Json], Awaitable[Json]]] = MappingProxyType(
    {SET: set_mandate, CANCEL: cancel_mandate}
)
"""How a rebuild repeats them."""


def _name(mandate_id: str) -> str:
    return f"mandate:{mandate_id}"


async def mandates_of(connection: asyncpg.Connection, account_ids: Collection[str]) -> dict[str, Mandate]:
    """Return the mandate of each of the accounts that has one."""
    return await _standing(connection, await stored.load_mandates_of(connection, account_ids))


async def standing_mandates(connection: asyncpg.Connection) -> dict[str, Mandate]:
    """Return the mandate of each account that has one."""
    return await _standing(connection, await stored.load_mandates(connection))


async def _standing(connection: asyncpg.Connection, known: list[Mandate]) -> dict[str, Mandate]:
    returns = await stored.load_returns(connection, {one.account_id for one in known})
    return standing(known, returns)


async def worklist(connection: asyncpg.Connection) -> list[dict[str, Any]]:
    """Return every mandate: whose, since when, and whether it stands, was cancelled or was ended by the bank."""
    known = await stored.load_mandates(connection)
    now = {one.mandate_id for one in (await _standing(connection, known)).values()}
    names = await stored.refs_of(connection, {one.account_id for one in known})
    return [
        {
            "mandate_id": one.mandate_id, "account_ref": names[one.account_id], "set_on": one.set_on,
            "ended_on": one.ended_on, "state": _state(one, now),
        }
        for one in known
    ]  # fmt: skip


def _state(mandate: Mandate, now: set[str]) -> str:
    if mandate.mandate_id in now:
        return "stands"
    return "cancelled" if mandate.ended_on is not None else "ended-by-the-bank"
