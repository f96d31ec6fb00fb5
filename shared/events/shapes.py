"""What a schema cannot say about the data of one event: which fields go together.  Business rules are the services'."""

from collections.abc import Callable
from typing import Any

from shared.events.base import EventData
from shared.events.housing import ChargeKind, ChargeRaised, OwnershipChanged, Scope, SharesPublished, UnitRegistered
from shared.events.rejection import Reason, Refused


def _exactly_one(data: EventData, *names: str, inside: str = "") -> None:
    present = [name for name in names if getattr(data, name) is not None]
    if not present:
        raise Refused(Reason.MISSING_FIELD, f"one of {', '.join(names)} is needed", inside + names[0])
    if len(present) > 1:
        raise Refused(Reason.WRONG_TYPE, f"only one of {', '.join(names)} may be given", inside + present[1])


def _charge_raised(data: ChargeRaised) -> None:
    _exactly_one(data, "share_set_id", "unit_id")
    if data.due_on is not None and data.kind is not ChargeKind.OPENING_BALANCE:
        raise Refused(Reason.BAD_DATE, "due_on belongs to opening-balance only", "due_on")
    if data.period is not None and data.period.to < data.period.from_:
        raise Refused(Reason.BAD_DATE, "the period ends before it begins", "period.to")


def _ownership_changed(data: OwnershipChanged) -> None:
    if data.cancels is not None:
        return
    for name in ("date_of_entry", "parties", "form"):
        if not getattr(data, name):
            raise Refused(Reason.MISSING_FIELD, f"{name} is needed unless the change cancels another", name)


def _unit_registered(data: UnitRegistered) -> None:
    if data.managed_to is not None and data.managed_to < data.managed_from:
        raise Refused(Reason.BAD_DATE, "management ends before it begins", "managed_to")


def _shares_published(data: SharesPublished) -> None:
    scope: Scope = data.scope
    _exactly_one(scope, "development_id", "block_id", inside="scope.")


_RULES: dict[str, Callable[[Any], None]] = {
    "housing.charge-raised": _charge_raised,
    "housing.ownership-changed": _ownership_changed,
    "housing.unit-registered": _unit_registered,
    "housing.shares-published": _shares_published,
}


def check_shape(topic: str, data: EventData) -> None:
    """Raise ``Refused`` when fields of one event contradict each other (contract.md section 2)."""
    rule = _RULES.get(topic)
    if rule is not None:
        rule(data)
