"""Say in the day's work whom the bank's word left without a direct debit; notify asks them for another way to pay."""

from collections.abc import Collection

import asyncpg

from services.billing.db import direct_debits, payments
from services.billing.db import ended_by_bank as stored
from services.billing.domain.direct_debits import Mandate, asks_for_method
from services.billing.domain.ended_by_bank import Before, Returned, to_ask, to_tell
from services.billing.domain.payments import candidate_refs
from services.billing.usecases.mandates import say_withdrawn
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.mandates import MandateEnded
from shared.events.topics import MANDATE_ENDED
from shared.returns import reason_of


async def tell(work: Work) -> None:
    """Say what the day's book brought of this; a day without such words of banks costs two questions to indexes.

    In the day's work, not when the bank tells: a mandate that is set later in the same book makes asking pointless.
    """
    connection = await driver(work.session)
    returned = [one for one in await stored.load_returned(connection, work.book) if asks_for_method(one.reason)]
    account_ids = {one.account_id for one in returned} | await stored.load_withdrawn(connection, work.book)
    if not account_ids:
        return
    mandates = await direct_debits.load_mandates_of(connection, account_ids)
    returns = await direct_debits.load_returns(connection, account_ids)
    before = Before(await stored.load_bearers(connection, returned, work.book), await _by_unit(connection, returned))
    for one, under in to_tell(returned, mandates, returns, before):
        work.stage(MANDATE_ENDED, _said(work, one, under))
    await say_withdrawn(work, connection, to_ask(work.book, mandates, returns))


async def _by_unit(connection: asyncpg.Connection, returned: Collection[Returned]) -> set[str]:
    """Return the payments that name a unit alone, and of which nobody said whose they are."""
    known = await payments.load_payments(connection, {one.payment_id for one in returned})
    return {name for name, placed in known.items() if placed.match is None and not candidate_refs(placed.payment)}


def _said(work: Work, one: Returned, under: Mandate | None) -> MandateEnded:
    return MandateEnded(
        account_id=one.account_id, account_ref=one.account_ref, mandate_id=under.mandate_id if under else None,
        payment_id=one.payment_id, reversal_id=one.reversal_id, amount_pence=one.amount_pence,
        collected_on=one.collected_on, returned_on=one.returned_on, code=reason_of(one.reason).code,
        noted_on=work.book,
    )  # fmt: skip
