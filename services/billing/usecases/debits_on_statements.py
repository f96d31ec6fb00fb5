"""What a quarter's statement says of direct debits: whether its account pays so, and what is announced of it."""

from collections.abc import Collection
from datetime import date, timedelta

import asyncpg

from services.billing.db import direct_debits as stored
from services.billing.domain.direct_debits import Coming, Mandate, coming_under
from services.billing.usecases.direct_debits import in_flight
from services.billing.usecases.mandates import mandates_of
from shared.events.mandates import AnnouncedDebit, PaidByDirectDebit


async def debits_of(
    connection: asyncpg.Connection, account_ids: Collection[str], day: date
) -> dict[str, PaidByDirectDebit]:
    """Return by account what stands in the work of ``day``; an account without a mandate is left out.

    That work comes behind all commands of its book, so what may still be taken is what may be from the next book on.
    """
    mandates = await mandates_of(connection, account_ids)
    if not mandates:
        return {}
    flying = [one.collection_id for one in await in_flight(connection, day + timedelta(days=1))]
    coming = await stored.load_coming(connection, flying, mandates) if flying else []
    return {name: _said(mandate, coming) for name, mandate in mandates.items()}


def _said(mandate: Mandate, coming: Collection[Coming]) -> PaidByDirectDebit:
    announced = (
        AnnouncedDebit(amount_pence=one.amount_pence, collect_on=one.collect_on)
        for one in coming_under(mandate, coming)
    )
    return PaidByDirectDebit(mandate_id=mandate.mandate_id, announced=tuple(announced))
