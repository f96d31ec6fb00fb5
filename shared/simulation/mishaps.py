"""What goes wrong between systems: money from nobody, events said twice, and records that are no events at all."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from shared.events.housing import PaymentMethod, PaymentReceived
from shared.events.rejection import Reason
from shared.events.topics import PAYMENT_RECEIVED
from shared.simulation.diary import Diary, Remark
from shared.simulation.dice import day_between, dice
from shared.simulation.office import after_working_days, working_day
from shared.simulation.sales import Story

_SAID_TWICE, _SAID_ANEW = 0.012, 0.004
_UNKNOWN_A_MONTH = 1.4

_NOBODY = (
    {"reference": "RENT MRS CAMPBELL"},
    {"reference": "FACTORING"},
    {"payer_name": "J SMITH"},
    {"reference": "F0000000000Q", "account_ref": "F0000000000Q"},
    {"unit_id": "D99-U999", "reference": "FLAT 2/1"},
)


def unknown_money(story: Story, diary: Diary) -> None:
    """Note payments that name nobody we know; they stay in suspense."""
    months = 3 * story.quarters
    for number in range(round(months * _UNKNOWN_A_MONTH)):
        chance = dice(story.seed, "nobody", number)
        day = working_day(day_between(chance, story.first, story.last - timedelta(days=5)))
        payment = PaymentReceived(
            payment_id=f"BANK-UNKNOWN-{number:03d}",
            amount_pence=chance.randint(20_00, 160_00),
            received_on=day,
            method=PaymentMethod.BANK_TRANSFER,
            **_NOBODY[number % len(_NOBODY)],
        )
        diary.note(day, PAYMENT_RECEIVED, payment, f"payment/{payment.payment_id}")


def repeat_some(seed: int, diary: Diary, day: date, said: Sequence[Remark]) -> None:
    """Note that some of what was said on ``day`` is said once more: byte for byte, or anew with the same content."""
    for remark in said:
        chance = dice(seed, "again", remark.event_id)
        fate, later = chance.random(), after_working_days(day, chance.randint(1, 6))
        if remark.reason or remark.event_id.endswith("/again"):
            continue
        if fate < _SAID_TWICE:
            diary.again(later, replace(remark, event_id=f"{remark.event_id}/again"))
        elif fate < _SAID_TWICE + _SAID_ANEW and remark.topic.startswith(("housing.charge", "housing.payment")):
            diary.again(later, _anew(remark))


def _anew(remark: Remark) -> Remark:
    """Return the same fact under an event id of its own: a sender that forgot what it had said."""
    document = json.loads(remark.value)
    document["id"] = f"{remark.event_id}/again"
    return replace(remark, event_id=document["id"], value=json.dumps(document).encode())


def plant(story: Story, diary: Diary) -> list[Remark]:
    """Note records that are no events, each of a kind of its own; returns them with the reason of their refusal."""
    planted = []
    for number, (topic, value, reason) in enumerate(_broken()):
        chance = dice(story.seed, "planted", number)
        remark = Remark(f"planted/{number}", topic, f"planted-{number}", value, reason)
        diary.add(working_day(day_between(chance, story.first, story.last - timedelta(days=5))), remark)
        planted.append(remark)
    return planted


def _broken() -> list[tuple[str, bytes, str]]:
    """Return each broken record with its topic and the reason it will be refused for."""
    payment = {"payment_id": "BAD-1", "amount_pence": 95_50, "received_on": "2025-02-03", "method": "card"}
    charge = {"charge_id": "BAD-2", "kind": "repair", "unit_id": "U1", "amount_pence": 120_00, "description": "Lamp"}
    sale = {"change_id": "BAD-3", "unit_id": "U1", "notified_on": "2025-02-30", "cancels": "BAD-0"}
    address = {"lines": ["1 Nowhere"], "town": "Glasgow", "postcode": "G1 1XX"}
    unit = {"unit_id": "U 1", "development_id": "D01", "kind": "flat", "tenure": "owned", "managed_from": "2025-01-01"}
    return [
        ("housing.payment-received", b'{"specversion": "1.0", "id": "cut-off", "sou', Reason.NOT_JSON),
        _event(1, "housing.charge-raised", charge, Reason.MISSING_FIELD),
        _event(2, "housing.payment-received", payment | {"amount_pence": "95.50"}, Reason.BAD_AMOUNT),
        _event(3, "housing.payment-received", payment | {"method": "barter"}, Reason.UNKNOWN_ENUM),
        _event(4, "housing.ownership-changed", sale, Reason.BAD_DATE),
        _event(5, "housing.unit-registered", unit | {"address": address}, Reason.BAD_ID),
        _event(6, "housing.charge-credited", charge, Reason.UNKNOWN_TYPE, "housing.charge-credited.v7"),
        _event(7, "housing.payment-reversed", payment, Reason.WRONG_TOPIC, "housing.payment-received.v1"),
    ]


def _event(number: int, topic: str, data: dict[str, Any], reason: str, event_type: str = "") -> tuple[str, bytes, str]:
    envelope = {
        "specversion": "1.0",
        "id": f"planted/{number}",
        "source": "housing-system/broken",
        "type": event_type or f"{topic}.v1",
        "time": "2025-02-03T09:00:00Z",
    }
    return topic, json.dumps({**envelope, "data": data}).encode(), reason
