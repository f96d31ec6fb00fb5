"""What a service's own proof says after any records: the first things that do not hold, none when all is well."""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from services.billing.db import proof
from services.billing.usecases import verify as billing
from services.owners.usecases import verify as owners
from shared.db.engine import driver

Proof = Callable[[AsyncSession], Awaitable[list[str]]]

_APPLIED = "select coalesce(sum(pence), 0)::bigint from msg.inbox where topic = $1 and disposition = 'D'"
_KEPT = "select coalesce(sum({amount}), 0)::bigint from billing.{table}"
_QUICK = (
    proof.UNBALANCED, proof.TOTAL, proof.NAMELESS, proof.CHARGES_STAND, proof.CHARGES_WHOLE, proof.PAYMENTS_STAND,
)  # fmt: skip


async def _sums_of_billing(session: AsyncSession) -> list[str]:
    """The ledger against itself, and every penny applied against the facts."""
    connection = await driver(session)
    found = [line for statement in _QUICK for line in await proof.differences(connection, statement)]
    for topic, table, amount in (
        ("housing.charge-raised", "charges", "net_pence + tax_pence"),
        ("housing.payment-received", "payments", "amount_pence"),
    ):
        applied = await connection.fetchval(_APPLIED, topic)
        kept = await connection.fetchval(_KEPT.format(amount=amount, table=table))
        if applied != kept:
            found.append(f"{topic}: {applied} pence applied, {kept} in billing.{table}")
    return found


async def _billing(session: AsyncSession) -> list[str]:
    found = await billing.verify(await driver(session))
    return [f"{check['name']}: {check['detail']}" for check in found["checks"] if not check["ok"]]


async def _owners(session: AsyncSession) -> list[str]:
    return [f"{check.name}: {check.detail}" for check in await owners.verify(await driver(session)) if not check.ok]


WHOLE: dict[str, Proof] = {"owners": _owners, "billing": _billing}
"""The proof that ``closebook verify`` asks a service for.

Arrears and notify hear our own services alone: what those would never say makes senseless books, and that each record
is answered is all that must hold.
"""

AFTER_EVERY_BATCH: dict[str, Proof] = {"billing": _sums_of_billing}
"""A quick proof, where there is money to lose."""
