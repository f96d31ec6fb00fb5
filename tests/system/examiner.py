"""Events and raw records as a strict outsider writes them from contract.md alone; none of the product's models."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from tests.support.kafka_tools import KafkaTools
from tests.system.office import Office

Said = dict[str, Any]
Account = dict[str, Any]

BUSINESS_IDS = ("credit_id", "charge_id", "reversal_id", "payment_id", "change_id", "share_set_id", "unit_id")
KEYS = {
    "unit-registered": ("unit_id",),
    "shares-published": ("share_set_id",),
    "ownership-changed": ("unit_id",),
    "contact-changed": ("party_id",),
    "charge-raised": ("share_set_id", "unit_id"),
    "charge-credited": ("charge_id",),
    "payment-received": ("payment_id",),
    "payment-reversed": ("payment_id",),
}


def event(name: str, data: dict[str, Any], event_id: str | None = None, time: str = "2026-01-01T09:00:00Z") -> Said:
    """A structured CloudEvent of the housing system."""
    return {
        "specversion": "1.0",
        "id": event_id or f"{name}/{next(data[field] for field in (*BUSINESS_IDS, 'party_id') if field in data)}",
        "source": "examiner",
        "type": f"housing.{name}.v1",
        "time": time,
        "data": data,
    }


def unit(unit_id: str, *, tenure: str = "owned", since: str = "2025-12-01", time: str = "", **more: Any) -> Said:
    data = {
        "unit_id": unit_id,
        "development_id": "D",
        "kind": "flat",
        "address": {"lines": [f"{unit_id} Test Street"], "town": "Glasgow", "postcode": "G42 1AB"},
        "tenure": tenure,
        "managed_from": since,
        **more,
    }
    return event("unit-registered", data, f"unit/{unit_id}/{time}", time or "2026-01-01T09:00:00Z")


def shares(
    share_set_id: str, members: dict[str, tuple[int, int]], *, since: str = "2025-12-01", time: str = ""
) -> Said:
    data = {
        "share_set_id": share_set_id,
        "name": share_set_id,
        "scope": {"development_id": "D"},
        "basis": "title",
        "effective_from": since,
        "members": [{"unit_id": u, "numerator": n, "denominator": d} for u, (n, d) in members.items()],
    }
    return event("shares-published", data, f"shares/{share_set_id}/{since}/{time}", time or "2026-01-01T09:00:00Z")


def party(party_id: str, kind: str = "person", **more: Any) -> dict[str, Any]:
    return {"party_id": party_id, "kind": kind, "name": f"Owner {party_id}", "email": f"{party_id}@example.org"} | more


def entry(
    change_id: str,
    unit_id: str,
    day: str = "2020-01-01",
    *,
    notified: str = "2025-12-31",
    parties: Sequence[dict[str, Any]] = (),
    **more: Any,
) -> Said:
    """An owner takes entry; ``corrects`` in ``more`` makes it a correction."""
    data = {
        "change_id": change_id,
        "unit_id": unit_id,
        "date_of_entry": day,
        "notified_on": notified,
        "parties": list(parties) or [party(f"p.{change_id}")],
        "form": "sole",
        **more,
    }
    return event("ownership-changed", data)


def cancellation(change_id: str, unit_id: str, cancels: str, notified: str = "2026-01-02") -> Said:
    data = {"change_id": change_id, "unit_id": unit_id, "notified_on": notified, "cancels": cancels}
    return event("ownership-changed", data)


def home(unit_id: str, **more: Any) -> list[Said]:
    """A unit of ours with one owner, whose ownership is called <unit>.o."""
    return [unit(unit_id), entry(f"{unit_id}.o", unit_id, **more)]


def charge(charge_id: str, pence: int, where: str, *, raised: str = "2026-01-10", **more: Any) -> Said:
    """A cost; ``where`` is a unit, or a share set when it begins with S-."""
    data = {
        "charge_id": charge_id,
        "kind": "repair",
        "share_set_id" if where.startswith("S-") else "unit_id": where,
        "amount_pence": pence,
        "description": charge_id,
        "raised_on": raised,
        **more,
    }
    return event("charge-raised", data)


def tax(net: int, tax_pence: int) -> dict[str, Any]:
    return {"code": "S20", "net_pence": net, "tax_pence": tax_pence}


def credit(credit_id: str, charge_id: str, pence: int | None = None, *, day: str = "2026-01-20") -> Said:
    data = {"credit_id": credit_id, "charge_id": charge_id, "reason": "Refund", "credited_on": day}
    return event("charge-credited", data | ({} if pence is None else {"amount_pence": pence}))


def payment(payment_id: str, pence: int, *, day: str = "2026-01-15", **more: Any) -> Said:
    data = {"payment_id": payment_id, "amount_pence": pence, "received_on": day, "method": "bank-transfer", **more}
    return event("payment-received", data)


def reversal(reversal_id: str, payment_id: str, pence: int, *, day: str = "2026-01-18") -> Said:
    data = {
        "reversal_id": reversal_id,
        "payment_id": payment_id,
        "amount_pence": pence,
        "reversed_on": day,
        "reason": "arudd-0",
    }
    return event("payment-reversed", data)


def contact(party_id: str, *, time: str = "2026-01-03T09:00:00Z", **fields: Any) -> Said:
    return event("contact-changed", {"party_id": party_id, **fields}, f"contact/{party_id}/{time}", time)


def again(said: Said, event_id: str, **changes: Any) -> Said:
    """The same fact under another event id, with fields changed (an Ellipsis removes one)."""
    data = {name: value for name, value in (said["data"] | changes).items() if value is not ...}
    return said | {"id": event_id, "data": data}


def turned(said: Said) -> Said:
    """The same event with its fields in another order."""
    return {name: dict(reversed(part.items())) if name == "data" else part for name, part in reversed(said.items())}


def dumped(said: Said) -> bytes:
    return json.dumps(said).encode()


def topic_of(said: Said) -> str:
    return str(said["type"]).removesuffix(".v1")


def key_of(said: Said) -> bytes | None:
    names = KEYS.get(topic_of(said).removeprefix("housing."), ())
    return next((str(said["data"][name]).encode() for name in names if name in said["data"]), None)


async def say(kafka: KafkaTools, said: Iterable[Said], *, mixed: bool = False) -> None:
    """A plain producer: the bytes and the key, no header; topics one after the other, or (``mixed``) as they come."""
    if mixed:
        for one in said:
            await kafka.send_many(topic_of(one), [(key_of(one), dumped(one))])
        return
    by_topic: dict[str, list[tuple[bytes | None, bytes | None]]] = {}
    for one in said:
        by_topic.setdefault(topic_of(one), []).append((key_of(one), dumped(one)))
    for topic, records in by_topic.items():
        await kafka.send_many(topic, records)


async def balances(office: Office, *arguments: str) -> dict[tuple[str, str | None], Account]:
    """Every account by (unit, ownership)."""
    return {(one["unit_id"], one["ownership_id"]): one for one in await office.ask("accounts", *arguments)}
