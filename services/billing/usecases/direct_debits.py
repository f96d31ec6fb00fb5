"""Collecting by direct debit: owners are told ten working days before, and two people release the file."""

import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date
from types import MappingProxyType

import asyncpg

from services.billing.db import direct_debits as stored
from services.billing.db import ledger
from services.billing.db.direct_debits import Collection as Announcement
from services.billing.domain.direct_debit_policy import DirectDebitPolicy
from services.billing.domain.direct_debits import (
    Announced,
    collection_day,
    file_of,
    free,
    payable,
    why_skipped,
)
from services.billing.domain.position import position
from services.billing.settings import read_direct_debit_policies
from services.billing.usecases.allocation import rules_of
from services.billing.usecases.kinds import as_kind
from services.billing.usecases.mandates import LOCK, mandates_of, say_ended, standing_mandates
from shared.bus.bodies import Body
from shared.bus.commands import Command, Json
from shared.bus.proposals import named_in
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError, understood
from shared.bus.work import OPENING_BOOK, Work
from shared.dated import in_force
from shared.db.engine import driver
from shared.events.billing import CollectionAnnounced, NotTaken
from shared.events.topics import COLLECTION_ANNOUNCED
from shared.events.types import Id

ANNOUNCE, NAME = "collection-announce", "collection-release"
CHUNK = 500
"""Accounts whose positions are worked out at a time."""


class AskedCollection(Body):
    """The day money is to be taken; on a day without Bacs, the next one.

    ``says_end``: arrears is told until when it may be on its way, and of whom nothing is taken.  Commands of before
    that was said lack it, and a rebuild says no more than was said (docs/decisions/0026).
    ``by_days``: others leave it what they do not take by their own days; commands of before that rule lack it, too.
    """

    collect_on: date
    says_end: bool = False
    by_days: bool = False


class AskedRelease(Body):
    """The collection whose file is to go out."""

    collection_id: Id


def to_announce(collect_on: date) -> Json:
    """Return the content of a command that announces a collection now."""
    return {"collect_on": collect_on.isoformat(), "says_end": True, "by_days": True}


async def announce(work: Work, content: Json) -> Json:
    """Tell every owner with a mandate what a day will take: what is open, undisputed and due by then.

    What other collections were told to take is left out.  A rebuild does the same again.
    """
    asked = understood(AskedCollection, content)
    collect_on = collection_day(asked.collect_on)
    if work.book == OPENING_BOOK:
        raise NotNowError("No business day has ended yet: there is no day to announce on.")
    policy = in_force(read_direct_debit_policies(), work.book)
    refusal = policy.refuse_day(collect_on, work.book)
    if refusal is not None:
        raise NotValidError(refusal)
    # Money may not move while the amounts are worked out: they are told to owners, and a rebuild must find them again.
    await work.lock(exclusive=[LOCK, "structure"])
    connection = await driver(work.session)
    notices = await _to_announce(connection, collect_on, work.book, by_days=asked.by_days)
    if not notices:
        raise NotNowError(f"Nothing is due by {collect_on} from an owner with a mandate.")
    number = await stored.count_on(connection, collect_on) + 1
    collection = Announcement(
        f"DD-{collect_on}-{number}", work.book, collect_on, policy.version, asked.says_end, asked.by_days, None, None
    )  # fmt: skip
    await stored.add_collection(connection, Command.of(work).uid, collection, notices)
    for one in notices:
        work.stage(COLLECTION_ANNOUNCED, _said(collection, one), cause=work.cause)
    return _answer(collection, notices) | {"release_by": policy.last_release(collect_on)}


def _said(collection: Announcement, one: Announced) -> CollectionAnnounced:
    settled_by = policy_of(collection.policy_version).settled_by(collection.collect_on)
    return CollectionAnnounced(
        account_id=one.account_id, account_ref=one.account_ref, collection_id=collection.collection_id,
        mandate_id=one.mandate_id, amount_pence=one.amount_pence, announced_on=collection.announced_on,
        collect_on=collection.collect_on,
        settled_by=settled_by if collection.says_end else None,
    )  # fmt: skip


def _answer(collection: Announcement, notices: Collection[Announced]) -> Json:
    return {
        "collection_id": collection.collection_id, "collect_on": collection.collect_on, "accounts": len(notices),
        "amount_pence": sum(one.amount_pence for one in notices),
    }  # fmt: skip


async def _to_announce(
    connection: asyncpg.Connection, collect_on: date, book: date, *, by_days: bool
) -> list[Announced]:
    mandates = await standing_mandates(connection)
    flying = await in_flight(connection, book)
    left = await _left(connection, sorted(mandates), collect_on, book, flying, by_days=by_days)
    names = await stored.refs_of(connection, mandates)
    told = [
        Announced(account_id, names[account_id], mandates[account_id].mandate_id, pence)
        for account_id, pence in left.items()
    ]
    return sorted((one for one in told if one.amount_pence > 0), key=lambda one: one.account_ref)


async def in_flight(connection: asyncpg.Connection, book: date, but: str | None = None) -> list[Announcement]:
    """Return the collections whose money is on its way; beside a collection (``but``) only released ones are."""
    return [
        one
        for one in await stored.load_collections(connection)
        if one.collection_id != but
        and (one.released_on is not None or but is None)
        and policy_of(one.policy_version).is_in_flight(one.collect_on, book, released=one.released_on is not None)
    ]


async def on_its_way(connection: asyncpg.Connection, account_id: str, book: date) -> list[tuple[Announcement, int]]:
    """Return the collections whose money from an account is announced and has not come, with the pence of each."""
    flying = await in_flight(connection, book)
    pence = await stored.on_its_way(connection, [one.collection_id for one in flying], account_id)
    return [(one, pence[one.collection_id]) for one in flying if one.collection_id in pence]


async def _left(
    connection: asyncpg.Connection,
    account_ids: list[str],
    collect_on: date,
    book: date,
    flying: Sequence[Announcement],
    *,
    by_days: bool,
) -> dict[str, int]:
    """Return the pence that collections on their way leave of each account for one on a day."""
    later = {one.collect_on for one in flying if one.collect_on > collect_on}
    days = sorted({collect_on, *later}) if by_days else [collect_on]
    owed = await _payable(connection, account_ids, days, book)
    taken = [
        await stored.in_flight(
            connection, [one.collection_id for one in flying if not by_days or one.collect_on <= day]
        )
        for day in days
    ]
    return {name: free(pence, (gone.get(name, 0) for gone in taken)) for name, pence in owed.items()}


def policy_of(version: str) -> DirectDebitPolicy:
    """Return the policy that a collection was announced under: it holds for that one, whatever was added since."""
    return next(one for one in read_direct_debit_policies() if one.version == version)


async def _payable(
    connection: asyncpg.Connection, account_ids: list[str], days: Sequence[date], book: date
) -> dict[str, list[int]]:
    """Return the pence that may be collected from each account on each of some days, as the books stand."""
    found: dict[str, list[int]] = {}
    for start in range(0, len(account_ids), CHUNK):
        chunk = account_ids[start : start + CHUNK]
        lines = await ledger.load_lines(connection, chunk)
        heads = await ledger.load_heads(connection, chunk)
        rules = await rules_of(connection, chunk)
        for one in chunk:
            opened = position(lines.get(one, ()), heads.get(one, ()), book, rules[one]).items
            found[one] = [payable(opened, day) for day in days]
    return found


async def release(work: Work, content: Json) -> Json:
    """Let the file of a collection go out: what was announced is taken, or nothing."""
    collection, notices, skipped = await _weighed(work, content)
    taken = [one for one in notices if one.account_id not in skipped]
    sha256 = hashlib.sha256(file_of(collection.collection_id, collection.collect_on, taken).encode()).digest()
    connection = await driver(work.session)
    await stored.release(connection, Command.of(work).uid, work.book, collection.collection_id, sha256)
    for one in notices if collection.says_end else ():
        if one.account_id in skipped:
            say_ended(work, collection.collection_id, one.account_id, one.amount_pence, skipped[one.account_id])
    await stored.skip(connection, collection.collection_id, skipped)
    told = len(await stored.load_notices(connection, collection.collection_id))
    return _answer(collection, taken) | {"skipped": told - len(taken), "sha256": sha256.hex()}


async def _weighed(work: Work, content: Json) -> tuple[Announcement, list[Announced], dict[str, NotTaken]]:
    """Return a collection that may go out now, what stands of what was announced, and whom it passes over.

    Whose mandate was cancelled since is passed over already.  Money stands still.
    """
    await work.lock(exclusive=[LOCK, "structure"])
    connection = await driver(work.session)
    collection = await _releasable(connection, understood(AskedRelease, content), work.book)
    notices = [one for one, why in await stored.load_notices(connection, collection.collection_id) if why is None]
    return collection, notices, await _skipped(connection, collection, notices, work.book)


async def _releasable(connection: asyncpg.Connection, asked: AskedRelease, book: date) -> Announcement:
    """Return a collection whose file may go out in a book."""
    collection = await stored.find_collection(connection, asked.collection_id)
    if collection is None:
        raise NotKnownError(f"There is no collection {asked.collection_id}.")
    if collection.released_on is not None:
        raise NotNowError(f"The file of {collection.collection_id} has gone out already.")
    last = policy_of(collection.policy_version).last_release(collection.collect_on)
    if book > last:
        raise NotNowError(f"{last} was the last day for this file; announce another collection.")
    return collection


async def _skipped(
    connection: asyncpg.Connection, collection: Announcement, notices: list[Announced], book: date
) -> dict[str, NotTaken]:
    account_ids = [one.account_id for one in notices]
    mandates = await mandates_of(connection, account_ids)
    flying = await in_flight(connection, book, but=collection.collection_id)
    left = await _left(connection, account_ids, collection.collect_on, book, flying, by_days=collection.by_days)
    found: dict[str, NotTaken] = {}
    for one in notices:
        why = why_skipped(one, mandates.get(one.account_id), left[one.account_id])
        if why is not None:
            found[one.account_id] = why
    return found


async def _check(work: Work, content: Json) -> None:
    """Refuse a proposal that could not take effect now.

    Who is passed over is weighed when it takes effect: until then money may move, and nothing is held still for it.
    """
    await _releasable(await driver(work.session), understood(AskedRelease, content), work.book)


RELEASE = as_kind(
    NAME, named_in(AskedRelease, "collection_id"), release, _check, frozenset({"lead-officer", "finance"})
)
"""Declared to the bus: routes and the list of proposals come with it."""

DEEDS: Mapping[str, Callable[[Work, Json], Awaitable[Json]]] = MappingProxyType({ANNOUNCE: announce, NAME: release})
"""How a rebuild repeats them."""
