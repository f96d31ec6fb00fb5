"""Records that are no event: each with the reason that contract.md 4 gives it, and the field where one can be named."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.system.examiner import (
    Said,
    charge,
    contact,
    credit,
    dumped,
    entry,
    party,
    payment,
    reversal,
    shares,
    tax,
    topic_of,
    unit,
)

LARGEST = 256 * 1024


@dataclass(frozen=True)
class Malformed:
    """One row of the table; ``service`` is the one that keeps the dead letter."""

    name: str
    reason: str
    topic: str
    value: bytes | None
    field: str | None = None

    @property
    def service(self) -> str:
        return "billing" if ".charge-" in self.topic or ".payment-" in self.topic else "owners"


def _data(said: Said, **changes: Any) -> Said:
    data = {name: value for name, value in (said["data"] | changes).items() if value is not ...}
    return said | {"data": data}


def _row(name: str, reason: str, said: Said, field: str | None = None) -> Malformed:
    return Malformed(name, reason, topic_of(said), dumped(said), field)


def _charged(name: str, reason: str, field: str | None, **changes: Any) -> Malformed:
    """A charge whose data is wrong in one place."""
    return _row(name, reason, _data(charge(f"X-{name}", 100, "X-U"), **changes), field)


def _enveloped(name: str, reason: str, field: str | None, **changes: Any) -> Malformed:
    """A charge whose envelope is wrong in one place."""
    said = {k: v for k, v in (charge(f"X-{name}", 100, "X-U") | changes).items() if v is not ...}
    return Malformed(name, reason, "housing.charge-raised", dumped(said), field)


def _bytes(name: str, reason: str, change: Callable[[bytes], bytes | None], field: str | None = None) -> Malformed:
    """A charge whose bytes were tampered with."""
    return Malformed(name, reason, "housing.charge-raised", change(dumped(charge(f"X-{name}", 100, "X-U"))), field)


def _deep(levels: int) -> bytes:
    """A charge with an unknown field that makes the whole record ``levels`` deep."""
    inner: Any = 1
    for _ in range(levels - 2):
        inner = [inner]
    return dumped(_data(charge("X-deep", 100, "X-U"), extra=inner))


def padded(said: Said, size: int) -> bytes:
    """An event of exactly so many bytes, by a field nobody knows."""
    short = len(dumped(_data(said, padding="")))
    return dumped(_data(said, padding="x" * (size - short)))


MALFORMED = (
    # Not JSON, or JSON that two readers could read differently.
    _bytes("words", "not-json", lambda _: b"charge everybody ten pounds"),
    _bytes("cut-off", "not-json", lambda value: value[:-1]),
    _bytes("latin-1", "not-json", lambda value: value.replace(b'"repair"', b'"r\xe9pair"')),
    _bytes("utf-16", "not-json", lambda value: value.decode().encode("utf-16")),
    _bytes("empty", "not-json", lambda _: b""),
    _bytes("tombstone", "not-json", lambda _: None),
    _bytes("list", "not-json", lambda value: b"[" + value + b"]"),
    _bytes("text", "not-json", lambda _: b'"charge"'),
    _bytes("null", "not-json", lambda _: b"null"),
    _bytes("field-twice", "not-json", lambda value: value.replace(b'"kind"', b'"kind": "lift", "kind"')),
    _bytes("byte-order-mark", "not-json", lambda value: b"\xef\xbb\xbf" + value),
    _bytes("lone-surrogate", "not-json", lambda value: value.replace(b'"repair"', b'"\\ud800"')),
    _bytes("not-a-number", "not-json", lambda value: value.replace(b"100", b"NaN")),
    _bytes("too-deep", "not-json", lambda _: _deep(33)),
    Malformed("too-large", "too-large", "housing.charge-raised", padded(charge("X-large", 100, "X-U"), LARGEST + 1)),
    # The envelope.
    _enveloped("no-id", "missing-field", "id", id=...),
    _enveloped("no-source", "missing-field", "source", source=...),
    _enveloped("no-time", "missing-field", "time", time=...),
    _enveloped("no-type", "missing-field", "type", type=...),
    _enveloped("no-data", "missing-field", "data", data=...),
    _enveloped("no-envelope", "missing-field", "specversion", specversion=...),
    _enveloped("null-id", "missing-field", "id", id=None),
    _enveloped("id-is-number", "wrong-type", "id", id=7),
    _enveloped("id-too-long", "bad-id", "id", id="i" * 65),
    _enveloped("id-with-space", "bad-id", "id", id="an id"),
    _enveloped("time-is-words", "bad-date", "time", time="yesterday"),
    _enveloped("time-without-offset", "bad-date", "time", time="2026-01-01T09:00:00"),
    _enveloped("data-is-list", "wrong-type", "data", data=[]),
    _enveloped("unknown-type", "unknown-type", "type", type="housing.boiler-burst.v1"),
    _enveloped("unknown-version", "unknown-type", "type", type="housing.charge-raised.v2"),
    Malformed("other-topic", "wrong-topic", "housing.charge-credited", dumped(charge("X-topic", 100, "X-U")), "type"),
    Malformed("owners-topic", "wrong-topic", "housing.charge-raised", dumped(unit("X-topic")), "type"),
    # Money.
    _charged("no-amount", "missing-field", "amount_pence", amount_pence=...),
    _charged("null-amount", "missing-field", "amount_pence", amount_pence=None),
    _charged("amount-is-text", "bad-amount", "amount_pence", amount_pence="100"),
    _charged("amount-is-float", "bad-amount", "amount_pence", amount_pence=100.0),
    _charged("amount-with-exponent", "bad-amount", "amount_pence", amount_pence=1e22),
    _charged("amount-zero", "bad-amount", "amount_pence", amount_pence=0),
    _charged("amount-negative", "bad-amount", "amount_pence", amount_pence=-100),
    _charged("amount-too-big", "bad-amount", "amount_pence", amount_pence=10**13),
    _charged("tax-is-text", "bad-amount", "tax.tax_pence", tax={"code": "S20", "net_pence": 80, "tax_pence": "20"}),
    _row("credit-zero", "bad-amount", credit("X-cz", "X-C", 0), "amount_pence"),
    _row("reversal-zero", "bad-amount", reversal("X-rz", "X-P", 0), "amount_pence"),
    _row("payment-as-float", "bad-amount", _data(payment("X-pf", 1), amount_pence=0.5), "amount_pence"),
    # Days.
    _charged("impossible-day", "bad-date", "raised_on", raised_on="2026-02-30"),
    _charged("day-in-words", "bad-date", "raised_on", raised_on="2 January 2026"),
    _charged("day-with-time", "bad-date", "raised_on", raised_on="2026-01-02T10:00:00Z"),
    _charged("day-is-number", "wrong-type", "raised_on", raised_on=20260102),
    _charged("due-on-repair", "bad-date", "due_on", due_on="2026-01-02"),
    _charged("period-backwards", "bad-date", None, period={"from": "2026-03-31", "to": "2026-01-01"}),
    # Names and words.
    _charged("no-place", "missing-field", None, unit_id=...),
    _charged("unit-is-number", "wrong-type", "unit_id", unit_id=12),
    _charged("unit-too-long", "bad-id", "unit_id", unit_id="u" * 65),
    _charged("unit-with-umlaut", "bad-id", "unit_id", unit_id="Größe"),
    _charged("unit-empty", "bad-id", "unit_id", unit_id=""),
    _charged("words-empty", "bad-text", "description", description=""),
    _charged("words-too-long", "bad-text", "description", description="w" * 501),
    _charged("words-with-bell", "bad-text", "description", description="ding\u0007"),
    _charged("words-are-number", "wrong-type", "description", description=5),
    _charged("unknown-kind", "unknown-enum", "kind", kind="roof"),
    _row("unknown-method", "unknown-enum", _data(payment("X-um", 100), method="seashells"), "method"),
    _row("unknown-tenure", "unknown-enum", unit("X-tenure", tenure="rented"), "tenure"),
    # The registry.
    _row("no-address", "missing-field", _data(unit("X-address"), address=...), "address"),
    _row("no-members", "missing-field", _data(shares("X-empty", {}), members=...), "members"),
    _row("numerator-zero", "bad-share", shares("X-zero", {"A": (0, 1), "B": (1, 1)}), None),
    _row("denominator-zero", "bad-share", shares("X-den", {"A": (1, 0)}), None),
    _row("no-parties", "missing-field", _data(entry("X-np", "X-U"), parties=[]), "parties"),
    _row("no-entry-day", "missing-field", _data(entry("X-ne", "X-U"), date_of_entry=...), "date_of_entry"),
    _row("unknown-form", "unknown-enum", _data(entry("X-uf", "X-U"), form="commune"), "form"),
    _row("party-kind", "unknown-enum", entry("X-pk", "X-U", parties=[party("X-p", "robot")]), None),
    _row("unknown-channel", "unknown-enum", contact("X-p", channel="pigeon"), "channel"),
    _row("two-places", "wrong-type", _data(charge("X-two", 100, "X-U"), share_set_id="S-X"), None),
)  # fmt: skip

HALF = {"unit_id": "A", "numerator": 1, "denominator": 2}

REFUSED = (
    _row("unit-twice", "", _data(shares("X-twice", {}), members=[HALF, HALF])),
    _row("tax-not-gross", "", charge("X-tax", 100, "IN-ok", tax=tax(80, 19))),
    _row("credit-above", "", credit("X-above", "IN-ok-C", 501)),
    _row("credit-of-nothing-left", "", credit("X-nothing", "IN-spent-C")),
    _row("reversal-above", "", reversal("X-back", "IN-ok-P", 201)),
    _row("corrects-itself", "", entry("X-self", "IN-ok", corrects="X-self")),
    _row("corrects-other-unit", "", entry("X-other", "IN-ok", corrects="IN-spent.o")),
    _row("corrects-and-cancels", "", entry("X-both", "IN-ok", corrects="IN-ok.o", cancels="IN-ok.o")),
)  # fmt: skip
"""Refused by a rule, once what they are about is known; the reason is the rule's own name."""

REASONS = frozenset(row.reason for row in MALFORMED)


def readable(value: bytes | None) -> Any:
    return None if value is None else json.loads(value)
