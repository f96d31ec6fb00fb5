"""The answers about collections by direct debit: the worklist, what each owner was told, and the file itself."""

import hashlib
from typing import Any

import asyncpg

from services.billing.db import direct_debits as stored
from services.billing.domain.direct_debits import file_of
from services.billing.usecases.direct_debits import policy_of
from shared.bus.commands import Json
from shared.bus.refusals import NotKnownError, NotNowError


async def file(connection: asyncpg.Connection, collection_id: str) -> str:
    """Return the file of a released collection, the same bytes every time; raises a ``RefusedError`` otherwise."""
    collection = await stored.find_collection(connection, collection_id)
    if collection is None:
        raise NotKnownError(f"There is no collection {collection_id}.")
    if collection.sha256 is None:
        raise NotNowError(f"{collection_id} is not released: a second person approves its file first.")
    taken = [one for one, why in await stored.load_notices(connection, collection_id) if why is None]
    text = file_of(collection_id, collection.collect_on, taken)
    if hashlib.sha256(text.encode()).digest() != collection.sha256:
        raise NotNowError(f"{collection_id} would not be the file that was released; do not collect by it.")
    return text


async def worklist(connection: asyncpg.Connection) -> list[Json]:
    """Return every collection: announced, released, how much of it was passed over, until when it may go out."""
    rows = await stored.list_collections(connection)
    for row in rows:
        row["release_by"] = policy_of(row["policy_version"]).last_release(row["collect_on"])
    return rows


async def show(connection: asyncpg.Connection, collection_id: str) -> list[dict[str, Any]]:
    """Return what each owner was told of a collection, and who was passed over why."""
    if await stored.find_collection(connection, collection_id) is None:
        raise NotKnownError(f"There is no collection {collection_id}.")
    return [
        {"account_ref": one.account_ref, "mandate_id": one.mandate_id, "amount_pence": one.amount_pence, "skipped": why}
        for one, why in await stored.load_notices(connection, collection_id)
    ]
