"""Mandates of direct debit: set and cancelled by an officer; the bank's own returns end them as well."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated, Any

import asyncpg
from pydantic import Field

from services.billing.db import direct_debits as stored
from services.billing.domain.direct_debits import Mandate, standing
from services.billing.domain.ended_by_bank import refuse_code
from services.billing.usecases.accounts import account_named
from shared.bus.bodies import Body
from shared.bus.commands import Command, Json
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError, understood
from shared.bus.work import OPENING_BOOK, Work
from shared.db.engine import driver
from shared.events.billing import CollectionEnded, NotTaken
from shared.events.mandates import MandateWithdrawn
from shared.events.topics import COLLECTION_ENDED, MANDATE_WITHDRAWN
from shared.events.types import Id, Text
from shared.returns import NextStep, Reason, reason_of

SET, CANCEL = "mandate-set", "mandate-cancel"
LOCK = "direct-debits"
MandateId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]


class AskedMandate(Body):
    """An owner's instruction by the bureau's name for it; bank details stay with the bureau."""

    account_ref: Id
    mandate_id: MandateId


class AskedCancel(Body):
    """A mandate that is no more; with the bank's code where the bank told so, outside a return."""

    mandate_id: MandateId
    bank_code: Text | None = None


async def set_mandate(work: Work, content: Json) -> Json:
    """Let an account be collected from; one mandate at a time, and each name once for ever."""
    asked = understood(AskedMandate, content)
    connection = await driver(work.session)
    row = await account_named(connection, asked.account_ref)
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
    """Cancel a mandate: what was announced and is not released yet will not be taken, and arrears hears so.

    When the bank tells that the payer has died, that is said at once; whom else its code leaves without a direct debit
    is asked in the day's work for another way to pay (``ended_by_bank``).
    """
    asked = understood(AskedCancel, content)
    told = _told_by_bank(asked.bank_code)
    connection = await driver(work.session)
    known = await stored.find_mandate(connection, asked.mandate_id)
    if known is None:
        raise NotKnownError(f"There is no mandate {asked.mandate_id}.")
    await work.lock(exclusive=[_name(asked.mandate_id), f"account:{known.account_id}"], shared=(LOCK, "structure"))
    found = await stored.find_mandate(connection, asked.mandate_id)
    if found is None or found.ended_on is not None:
        raise NotNowError(f"Mandate {asked.mandate_id} is cancelled already{_by_hand(told)}.")
    ended = replace(found, ended_on=work.book, bank_code=told.code if told else None)
    await stored.end_mandate(connection, Command.of(work).uid, ended.mandate_id, work.book, ended.bank_code)
    await _call_off(work, connection, ended)
    answer = {"mandate_id": asked.mandate_id, "ended_on": work.book}
    if told is None:
        return answer
    if told.next_step is NextStep.CONDOLE:
        await say_withdrawn(work, connection, [ended])
    return answer | {"bank_code": told.code, "meaning": told.meaning, "next_step": told.next_step}


def _told_by_bank(words: str | None) -> Reason | None:
    """Return what the bank told, if it did; refuses a code that ends no mandate."""
    if words is None:
        return None
    refusal = refuse_code(words)
    if refusal is not None:
        raise NotValidError(refusal)
    return reason_of(words)


def _by_hand(told: Reason | None) -> str:
    """Return what is left to do when the bank's word comes for a mandate that is cancelled already."""
    is_death = told is not None and told.next_step is NextStep.CONDOLE
    return "; set the hold `deceased` by hand with `closebook holds set`" if is_death else ""


async def _call_off(work: Work, connection: asyncpg.Connection, ended: Mandate) -> None:
    """Let collections that are not released pass over the account of a mandate that is no more."""
    why = NotTaken.MANDATE_ENDED
    announced = await stored.load_announced(connection, ended.account_id, ended.mandate_id, work.book)
    for collection_id, pence in announced.items():
        await stored.skip(connection, collection_id, {ended.account_id: why})
        say_ended(work, collection_id, ended.account_id, pence, why)


async def say_withdrawn(work: Work, connection: asyncpg.Connection, ended: Collection[Mandate]) -> None:
    """Say of mandates that they are no more because the bank told so outside a return."""
    names = await stored.refs_of(connection, {one.account_id for one in ended})
    for one in ended:
        assert one.bank_code is not None
        assert one.ended_on is not None
        said = MandateWithdrawn(
            account_id=one.account_id, account_ref=names[one.account_id], mandate_id=one.mandate_id,
            code=one.bank_code, ended_on=one.ended_on,
        )  # fmt: skip
        work.stage(MANDATE_WITHDRAWN, said)


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
    """Return every mandate: whose, since when, whether it stands, was cancelled or ended by the bank, by what code."""
    known = await stored.load_mandates(connection)
    now = {one.mandate_id for one in (await _standing(connection, known)).values()}
    names = await stored.refs_of(connection, {one.account_id for one in known})
    return [
        {
            "mandate_id": one.mandate_id, "account_ref": names[one.account_id], "set_on": one.set_on,
            "ended_on": one.ended_on, "state": _state(one, now), "bank_code": one.bank_code,
        }
        for one in known
    ]  # fmt: skip


def _state(mandate: Mandate, now: set[str]) -> str:
    if mandate.mandate_id in now:
        return "stands"
    by_officer = mandate.ended_on is not None and mandate.bank_code is None
    return "cancelled" if by_officer else "ended-by-the-bank"
