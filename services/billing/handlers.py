"""Door 1, Kafka: what billing hears, each batch to one use case."""

from collections.abc import Sequence

from services.billing.usecases import charges, payments, registry
from shared.bus.handlers import Router
from shared.bus.work import Work
from shared.events.base import Event
from shared.events.housing import ChargeCredited, ChargeRaised, PaymentReceived, PaymentReversed
from shared.events.owners import OwnershipLineChanged, SharesChanged, UnitChanged
from shared.events.topics import (
    CHARGE_CREDITED,
    CHARGE_RAISED,
    OWNERS_LINE,
    OWNERS_SHARES,
    OWNERS_UNIT,
    PAYMENT_RECEIVED,
    PAYMENT_REVERSED,
)

router = Router()


@router.hears(CHARGE_RAISED)
async def charges_raised(work: Work, events: Sequence[Event[ChargeRaised]]) -> None:
    """Divide and post new charges."""
    await charges.raise_charges(work, events)


@router.hears(CHARGE_CREDITED)
async def charges_credited(work: Work, events: Sequence[Event[ChargeCredited]]) -> None:
    """Take charges back."""
    await charges.credit_charges(work, events)


@router.hears(PAYMENT_RECEIVED)
async def payments_received(work: Work, events: Sequence[Event[PaymentReceived]]) -> None:
    """Place and post new payments."""
    await payments.receive(work, events)


@router.hears(PAYMENT_REVERSED)
async def payments_reversed(work: Work, events: Sequence[Event[PaymentReversed]]) -> None:
    """Take back what the bank took back."""
    await payments.reverse(work, events)


@router.hears(OWNERS_UNIT)
async def units_changed(work: Work, events: Sequence[Event[UnitChanged]]) -> None:
    """Take in registrations."""
    await registry.register_units(work, events)


@router.hears(OWNERS_SHARES)
async def shares_changed(work: Work, events: Sequence[Event[SharesChanged]]) -> None:
    """Divide charges anew by new share versions."""
    await registry.learn_shares(work, events)


@router.hears(OWNERS_LINE)
async def lines_changed(work: Work, events: Sequence[Event[OwnershipLineChanged]]) -> None:
    """Open accounts and move what was billed to the owners of the days."""
    await registry.learn_lines(work, events)
