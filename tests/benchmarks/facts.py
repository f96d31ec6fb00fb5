"""The events the benchmarks send: a registry of flats, and money for them, as their senders would write it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from services.billing.domain import refs
from shared.bus.work import OPENING_BOOK
from shared.events.envelope import encode
from shared.events.housing import ChargeRaised, ContactChanged, OwnershipChanged, PaymentReceived, UnitRegistered
from shared.events.owners import OwnershipLineChanged, SharesChanged, UnitChanged
from shared.events.topics import (
    CHARGE_RAISED,
    CONTACT_CHANGED,
    OWNERS_LINE,
    OWNERS_SHARES,
    OWNERS_UNIT,
    OWNERSHIP_CHANGED,
    PAYMENT_RECEIVED,
    UNIT_REGISTERED,
)
from tests.benchmarks.stage import Office, know_sizes, until

UNITS = 1_000
SHARE_SET = "SS1"
_NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

Keyed = tuple[bytes, bytes]
"""A record's key and value."""


def unit_id(number: int) -> str:
    """Return the id of a flat."""
    return f"U{number % UNITS:05d}"


def account_ref(number: int) -> str:
    """Return the reference of a flat's owner."""
    return refs.account_ref(unit_id(number), f"O{number % UNITS:05d}")


def charge_id(number: int) -> str:
    """Return the id of a charge; ids sort as their numbers do."""
    return f"CH-{number:08d}"


async def register(office: Office) -> None:
    """Let billing learn all flats, each with one owner since 2025."""
    await office.kafka.send_many(OWNERS_UNIT.topic, _keyed(_unit(number) for number in range(UNITS)))
    await office.kafka.send_many(OWNERS_LINE.topic, _keyed(_line(number) for number in range(UNITS)))
    await office.start()
    for table in ("units", "accounts"):
        await until(office.sql, f"select count(*) = $1 from billing.{table}", UNITS)
    await until(office.sql, "select not exists (select from msg.outbox_pending)")
    await office.stop()
    await know_sizes(office.sql)


async def share_out(office: Office) -> None:
    """Let a running billing learn a share set of all flats, none with quite the share of its neighbour."""
    await office.kafka.send_many(OWNERS_SHARES.topic, _keyed(iter([_shares()])))
    await until(office.sql, "select exists (select from billing.share_versions)")


def pool_charge(number: int) -> Keyed:
    """Return one charge to all flats by their shares, with tax in it."""
    data = ChargeRaised.model_validate(
        {
            "charge_id": charge_id(number), "kind": "repair", "share_set_id": SHARE_SET, "amount_pence": 1_234_567,
            "tax": {"code": "GB-20", "net_pence": 1_028_806, "tax_pence": 205_761}, "description": "Roof",
            "raised_on": date(2026, 3, 2), "completed_on": date(2026, 2, 20), "invoice_number": f"INV-{number:08d}",
        },
        strict=False,
    )  # fmt: skip
    value = encode(CHARGE_RAISED, data, id=f"pool-{number:08d}", source="housing/bench", time=_NOW)
    return SHARE_SET.encode(), value


def charges(first: int, count: int) -> list[Keyed]:
    """Return charges of single flats, numbered from ``first``; every second one has tax in it."""
    return list(_keyed(_charge(number) for number in range(first, first + count)))


def payments(first: int, count: int) -> list[Keyed]:
    """Return payments that name their account, numbered from ``first``."""
    return list(_keyed(_payment(number) for number in range(first, first + count)))


def registrations() -> list[Keyed]:
    """Return the housing system's registrations of all flats."""
    facts = (UnitRegistered.model_validate(_flat(number), strict=False) for number in range(UNITS))
    return [_housing(UNIT_REGISTERED, data, data.unit_id, f"flat-{data.unit_id}") for data in facts]


def first_owners() -> list[Keyed]:
    """Return the housing system's word on the owners that ``register`` tells billing of."""
    return [_first_owner(number) for number in range(UNITS)]


def contacts(first: int, count: int) -> list[Keyed]:
    """Return new telephone numbers of owners, numbered from ``first``."""
    return [_contact(number) for number in range(first, first + count)]


def _first_owner(number: int) -> Keyed:
    data = OwnershipChanged.model_validate(
        {
            "change_id": f"O{number:05d}", "unit_id": unit_id(number), "notified_on": date(2025, 1, 1),
            "date_of_entry": date(2025, 1, 1), "form": "sole",
            "parties": ({"party_id": f"P{number:05d}", "kind": "person", "name": f"Owner {number}"},),
        },
        strict=False,
    )  # fmt: skip
    return _housing(OWNERSHIP_CHANGED, data, data.unit_id, f"owner-{number}")


def _contact(number: int) -> Keyed:
    data = ContactChanged(party_id=f"P{number % UNITS:05d}", phone=f"0141 {number % 10**7:07d}")
    return _housing(CONTACT_CHANGED, data, data.party_id, f"contact-{number}")


def _housing(channel: Any, data: Any, key: str, event_id: str) -> Keyed:
    return key.encode(), encode(channel, data, id=event_id, source="housing/bench", time=_NOW)


def _charge(number: int) -> tuple[str, bytes]:
    pence = 4_000 + number % 9_000
    tax = {"code": "GB-20", "net_pence": pence - pence // 6, "tax_pence": pence // 6} if number % 2 else None
    data = ChargeRaised.model_validate(
        {
            "charge_id": charge_id(number), "kind": "management-fee", "unit_id": unit_id(number), "tax": tax,
            "amount_pence": pence, "description": "Management fee, first quarter", "raised_on": date(2026, 3, 2),
            "invoice_number": f"INV-{number:08d}",
        },
        strict=False,
    )  # fmt: skip
    return unit_id(number), encode(CHARGE_RAISED, data, id=f"charge-{number:08d}", source="housing/bench", time=_NOW)


def _payment(number: int) -> tuple[str, bytes]:
    data = PaymentReceived.model_validate(
        {
            "payment_id": f"PAY-{number:08d}", "amount_pence": 4_000 + number % 9_000, "received_on": date(2026, 3, 2),
            "method": "bank-transfer", "account_ref": account_ref(number), "reference": "thank you",
        },
        strict=False,
    )  # fmt: skip
    event_id = f"payment-{number:08d}"
    return data.payment_id, encode(PAYMENT_RECEIVED, data, id=event_id, source="housing/bench", time=_NOW)


def _unit(number: int) -> tuple[str, bytes]:
    data = UnitChanged.model_validate(_flat(number), strict=False)
    return data.unit_id, _ours(OWNERS_UNIT, data, f"unit-{number}")


def _flat(number: int) -> dict[str, Any]:
    address = {"lines": (f"{number} High Street",), "town": "Glasgow", "postcode": "G1 1AA"}
    return {
        "unit_id": unit_id(number), "development_id": "D1", "block_id": "B1", "kind": "flat", "tenure": "owned",
        "managed_from": date(2025, 1, 1), "address": address,
    }  # fmt: skip


def _line(number: int) -> tuple[str, bytes]:
    period = {"ownership_id": f"O{number:05d}", "from": date(2025, 1, 1), "party_ids": (f"P{number:05d}",)}
    data = OwnershipLineChanged.model_validate({"unit_id": unit_id(number), "version": 1, "line": (period,)})
    return data.unit_id, _ours(OWNERS_LINE, data, f"line-{number}")


def _shares() -> tuple[str, bytes]:
    weights = [100 + number % 7 for number in range(UNITS)]
    members = ({"unit_id": unit_id(n), "numerator": w, "denominator": sum(weights)} for n, w in enumerate(weights))
    data = SharesChanged.model_validate(
        {
            "share_set_id": SHARE_SET, "name": "The whole development", "scope": {"development_id": "D1"},
            "basis": "title", "effective_from": date(2025, 1, 1), "complete": True, "members": tuple(members),
        },
        strict=False,
    )  # fmt: skip
    return data.share_set_id, _ours(OWNERS_SHARES, data, "shares")


def _ours(channel: Any, data: Any, event_id: str) -> bytes:
    return encode(
        channel, data, id=event_id, source="closebook/owners", time=_NOW, book=OPENING_BOOK, aggver=1,
        correlation_id=event_id,
    )  # fmt: skip


def _keyed(events: Iterator[tuple[str, bytes]]) -> Iterator[Keyed]:
    return ((key.encode(), value) for key, value in events)
