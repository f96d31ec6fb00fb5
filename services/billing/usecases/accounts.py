"""The account that people name: found by the reference they quote, and locked where something is decided about it."""

import asyncpg

from services.billing.db import questions
from services.billing.db.questions import AccountRow
from services.billing.domain import refs
from shared.bus.refusals import NotKnownError
from shared.bus.work import Work
from shared.db.engine import driver


async def account_named(connection: asyncpg.Connection, reference: str) -> AccountRow:
    """Return the account of a reference, however it is written; raises ``NotKnownError``."""
    row = await questions.find_account(connection, refs.normalised(reference), None)
    if row is None:
        raise NotKnownError(f"No account has the reference {reference}.")
    return row


async def lock_account(work: Work, reference: str) -> AccountRow:
    """Return the account of a reference, which nobody else changes until the transaction ends."""
    row = await account_named(await driver(work.session), reference)
    await work.lock(exclusive=[f"account:{row.account_id}"], shared=("structure",))
    return row
