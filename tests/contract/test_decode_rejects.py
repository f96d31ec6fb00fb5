"""Every row of contract.md 4 and reliability.md d1-d4 that the decoder answers for: the reason and the field."""

import gzip
import json
from typing import Any

import pytest

from shared.events.decode import Record, Rejection, decode
from tests.contract.samples import ABSENT, golden, record, spoilt

CHARGE = "housing.charge-raised"
PAYMENT = "housing.payment-received"
SALE = "housing.ownership-changed"
SHARES = "housing.shares-published"
UNIT = "housing.unit-registered"
GOOD = json.dumps(golden(CHARGE, "max")).encode()


def refused(topic: str, value: bytes | None, *headers: tuple[str, bytes | None]) -> tuple[str, str | None]:
    found = decode(record(topic, value, *headers))
    assert isinstance(found, Rejection), found
    return found.reason, found.field


def inside(more: str) -> bytes:
    """The good charge with a further raw JSON field in its data."""
    return GOOD[:-2] + b", " + more.encode() + b"}}"


BYTES = {
    "a tombstone (B1)": None,
    "no bytes (B2)": b"",
    "white space only (B3)": b" \n\t ",
    "random bytes (B4)": bytes(range(256)),
    "gzip of good JSON (B4)": gzip.compress(GOOD),
    "a byte order mark (B5)": b"\xef\xbb\xbf" + GOOD,
    "UTF-16 (B6)": GOOD.decode().encode("utf-16"),
    "Latin-1 (B6)": GOOD.replace(b"Roof", b"R\xf6of"),
    "broken UTF-8 inside a text (B7)": GOOD.replace(b"Roof", b"\xc3("),
    "a surrogate encoded in UTF-8": GOOD.replace(b"Roof", b"\xed\xa0\x80"),
    "cut off (B18)": GOOD[:-1],
    "something after the object (B19)": GOOD + b"{}",
    "a list (B20)": b"[1]",
    "a text (B20)": b'"x"',
    "a number (B20)": b"1",
    "null (B20)": b"null",
    "a field twice in the data (B21)": inside('"amount_pence": 5'),
    "a field twice in the envelope (B21)": GOOD[:-1] + b', "id": "golden-max"}',
    "a field twice, once as null (B21)": inside('"amount_pence": null'),
    "a field twice in an unknown field (B21)": inside('"x": {"a": 1, "a": 1}'),
    "33 levels (B22)": inside('"x": ' + "[" * 31 + "]" * 31),
    "100 levels of objects (B22)": inside('"x": ' + '{"a":' * 100 + "1" + "}" * 100),
    "100,000 levels (B22)": b"[" * 100_000 + b"]" * 100_000,
    "100,000 open objects (B22)": b'{"a":' * 40_000,
    "NaN (B23)": inside('"x": NaN'),
    "Infinity (B23)": inside('"x": Infinity'),
    "-Infinity as money (B23)": GOOD.replace(b"123456,", b"-Infinity,"),
    "a raw NUL (B26)": GOOD.replace(b"Roof", b"R\x00oof"),
    "a raw line break in a text": GOOD.replace(b"Roof", b"R\noof"),
    "a lone surrogate (B27)": GOOD.replace(b"Roof", b"\\ud800oof"),
    "a lone surrogate in an unknown field (B27)": inside('"x": "\\uDC00"'),
    "a lone surrogate in a name (B27)": inside('"\\ud83d": 1'),
    "a comment (B28)": GOOD[:-1] + b"/* c */}",
    "single quotes (B28)": GOOD.replace(b'"', b"'"),
    "a comma too many (B28)": GOOD[:-1] + b",}",
    "endless digits, then rubbish": b'{"a": ' + b"9" * 5000 + b", !}",
}


@pytest.mark.parametrize("value", BYTES.values(), ids=BYTES.keys())
def test_not_json(value: bytes | None) -> None:
    assert refused(CHARGE, value) == ("not-json", None)


def test_too_large_is_not_even_parsed() -> None:
    assert refused(CHARGE, b"x" * (256 * 1024 + 1)) == ("too-large", None)
    assert refused(CHARGE, GOOD + b" " * (256 * 1024 + 1 - len(GOOD))) == ("too-large", None)


def test_the_largest_record_and_the_deepest_nesting_pass() -> None:
    assert not isinstance(decode(record(CHARGE, GOOD + b" " * (256 * 1024 - len(GOOD)))), Rejection)
    assert not isinstance(decode(record(CHARGE, inside('"x": ' + "[" * 30 + "]" * 30))), Rejection)


AMOUNTS: list[Any] = [
    0, -1, -123456, 10**13, 2**63, 10**400, 12.0, 12.5, 1e400, "1200", "1_000", "\u0661\u0662", " 12 ", "", True, False,
    [], {}, [12], {"pence": 12},
]  # fmt: skip
MONEY = [
    (CHARGE, "max", "data.amount_pence"),
    ("housing.charge-credited", "max", "data.amount_pence"),
    (PAYMENT, "max", "data.amount_pence"),
    ("housing.payment-reversed", "max", "data.amount_pence"),
]


@pytest.mark.parametrize(("topic", "name", "path"), MONEY)
@pytest.mark.parametrize("amount", AMOUNTS, ids=lambda amount: repr(amount)[:20])
def test_an_amount_that_is_no_positive_whole_number_of_pence(topic: str, name: str, path: str, amount: Any) -> None:
    value = spoilt(topic, name, path, amount).replace(b"Infinity", b"1e400")
    assert refused(topic, value) == ("bad-amount", "amount_pence")


def test_an_amount_of_five_thousand_digits() -> None:
    assert refused(CHARGE, GOOD.replace(b"123456,", b"9" * 5000 + b",")) == ("bad-amount", "amount_pence")
    assert refused(CHARGE, GOOD.replace(b"123456,", b"-" + b"9" * 5000 + b",")) == ("bad-amount", "amount_pence")


def test_minus_zero_is_nothing() -> None:
    assert refused(CHARGE, GOOD.replace(b"123456,", b"-0,")) == ("bad-amount", "amount_pence")


ROWS: list[tuple[str, str, str, Any, str, str]] = [
    # the envelope
    (CHARGE, "max", "id", ABSENT, "missing-field", "id"),
    (CHARGE, "max", "id", None, "missing-field", "id"),
    (CHARGE, "max", "id", "", "bad-id", "id"),
    (CHARGE, "max", "id", "x" * 65, "bad-id", "id"),
    (CHARGE, "max", "id", "a b", "bad-id", "id"),
    (CHARGE, "max", "id", "a\n", "bad-id", "id"),
    (CHARGE, "max", "id", "\u00e9", "bad-id", "id"),
    (CHARGE, "max", "id", 17, "wrong-type", "id"),
    (CHARGE, "max", "source", ABSENT, "missing-field", "source"),
    (CHARGE, "max", "source", "", "bad-text", "source"),
    (CHARGE, "max", "source", "a\x00b", "bad-text", "source"),
    (CHARGE, "max", "source", "x" * 501, "bad-text", "source"),
    (CHARGE, "max", "source", 1, "wrong-type", "source"),
    (CHARGE, "max", "type", ABSENT, "missing-field", "type"),
    (CHARGE, "max", "type", None, "missing-field", "type"),
    (CHARGE, "max", "type", 1, "wrong-type", "type"),
    (CHARGE, "max", "type", "", "unknown-type", "type"),
    (CHARGE, "max", "type", CHARGE, "unknown-type", "type"),
    (CHARGE, "max", "type", CHARGE + ".v2", "unknown-type", "type"),
    (CHARGE, "max", "type", CHARGE + ".v9", "unknown-type", "type"),
    (CHARGE, "max", "type", "housing.charge-erased.v1", "unknown-type", "type"),
    (CHARGE, "max", "type", PAYMENT + ".v1", "wrong-topic", "type"),
    (CHARGE, "max", "type", "billing.charge-raised.v1", "wrong-topic", "type"),
    (CHARGE, "max", "specversion", ABSENT, "missing-field", "specversion"),
    (CHARGE, "max", "specversion", None, "missing-field", "specversion"),
    (CHARGE, "max", "specversion", "2.0", "unknown-type", "specversion"),
    (CHARGE, "max", "specversion", 1.0, "wrong-type", "specversion"),
    (CHARGE, "max", "time", ABSENT, "missing-field", "time"),
    (CHARGE, "max", "time", None, "missing-field", "time"),
    (CHARGE, "max", "time", 1767603600, "wrong-type", "time"),
    (CHARGE, "max", "time", "1767603600", "bad-date", "time"),
    (CHARGE, "max", "time", "", "bad-date", "time"),
    (CHARGE, "max", "time", "yesterday", "bad-date", "time"),
    (CHARGE, "max", "time", "2026-01-05", "bad-date", "time"),
    (CHARGE, "max", "time", "2026-01-05T09:30:00", "bad-date", "time"),
    (CHARGE, "max", "time", "2026-01-05 09:30:00Z", "bad-date", "time"),
    (CHARGE, "max", "time", "2026-01-05T09:30Z", "bad-date", "time"),
    (CHARGE, "max", "time", "2026-02-31T09:30:00Z", "bad-date", "time"),
    (CHARGE, "max", "time", "2026-01-05T24:30:00Z", "bad-date", "time"),
    (CHARGE, "max", "time", "2026-01-05T09:30:00+25:00", "bad-date", "time"),
    (CHARGE, "max", "time", "0001-01-01T00:00:00+12:00", "bad-date", "time"),
    (CHARGE, "max", "time", "9999-12-31T23:59:59-12:00", "bad-date", "time"),
    (CHARGE, "max", "data", ABSENT, "missing-field", "data"),
    (CHARGE, "max", "data", None, "missing-field", "data"),
    (CHARGE, "max", "data", [], "wrong-type", "data"),
    (CHARGE, "max", "data", "{}", "wrong-type", "data"),
    (CHARGE, "max", "data", {}, "missing-field", "charge_id"),
    # ids, texts, days, enums
    (CHARGE, "max", "data.charge_id", ABSENT, "missing-field", "charge_id"),
    (CHARGE, "max", "data.charge_id", None, "missing-field", "charge_id"),
    (CHARGE, "max", "data.charge_id", "x" * 65, "bad-id", "charge_id"),
    (CHARGE, "max", "data.charge_id", "", "bad-id", "charge_id"),
    (CHARGE, "max", "data.charge_id", "C 1", "bad-id", "charge_id"),
    (CHARGE, "max", "data.charge_id", "C\x00", "bad-id", "charge_id"),
    (CHARGE, "max", "data.charge_id", 4711, "wrong-type", "charge_id"),
    (CHARGE, "max", "data.charge_id", True, "wrong-type", "charge_id"),
    (CHARGE, "max", "data.share_set_id", 4711, "wrong-type", "share_set_id"),
    (CHARGE, "max", "data.share_set_id", "a|b", "bad-id", "share_set_id"),
    (CHARGE, "max", "data.kind", ABSENT, "missing-field", "kind"),
    (CHARGE, "max", "data.kind", "roof", "unknown-enum", "kind"),
    (CHARGE, "max", "data.kind", "Repair", "unknown-enum", "kind"),
    (CHARGE, "max", "data.kind", "", "unknown-enum", "kind"),
    (CHARGE, "max", "data.kind", 1, "wrong-type", "kind"),
    (CHARGE, "max", "data.amount_pence", ABSENT, "missing-field", "amount_pence"),
    (CHARGE, "max", "data.amount_pence", None, "missing-field", "amount_pence"),
    (CHARGE, "max", "data.description", "", "bad-text", "description"),
    (CHARGE, "max", "data.description", "x" * 501, "bad-text", "description"),
    (CHARGE, "max", "data.description", "a\nb", "bad-text", "description"),
    (CHARGE, "max", "data.description", "a\n", "bad-text", "description"),
    (CHARGE, "max", "data.description", "a\x00b", "bad-text", "description"),
    (CHARGE, "max", "data.description", "a\x7fb", "bad-text", "description"),
    (CHARGE, "max", "data.description", "a\x85b", "bad-text", "description"),
    (CHARGE, "max", "data.description", 5, "wrong-type", "description"),
    (CHARGE, "max", "data.supplier", "", "bad-text", "supplier"),
    (CHARGE, "max", "data.supplier", ["x"], "wrong-type", "supplier"),
    (CHARGE, "max", "data.raised_on", ABSENT, "missing-field", "raised_on"),
    (CHARGE, "max", "data.raised_on", 20260105, "wrong-type", "raised_on"),
    (CHARGE, "max", "data.raised_on", 1.5, "wrong-type", "raised_on"),
    (CHARGE, "max", "data.raised_on", "", "bad-date", "raised_on"),
    (CHARGE, "max", "data.raised_on", "2026-02-30", "bad-date", "raised_on"),
    (CHARGE, "max", "data.raised_on", "2027-02-29", "bad-date", "raised_on"),
    (CHARGE, "max", "data.raised_on", "2026-13-01", "bad-date", "raised_on"),
    (CHARGE, "max", "data.raised_on", "05/01/2026", "bad-date", "raised_on"),
    (CHARGE, "max", "data.raised_on", "2026-1-5", "bad-date", "raised_on"),
    (CHARGE, "max", "data.raised_on", "20260105", "bad-date", "raised_on"),
    (CHARGE, "max", "data.raised_on", "1767571200", "bad-date", "raised_on"),
    (CHARGE, "max", "data.raised_on", "1767571200000", "bad-date", "raised_on"),
    (CHARGE, "max", "data.raised_on", "-86400", "bad-date", "raised_on"),
    (CHARGE, "max", "data.raised_on", "0", "bad-date", "raised_on"),
    (CHARGE, "max", "data.raised_on", "2026-01-05T00:00:00Z", "bad-date", "raised_on"),
    (CHARGE, "max", "data.raised_on", " 2026-01-05", "bad-date", "raised_on"),
    (CHARGE, "max", "data.raised_on", "2026-01-05\n", "bad-date", "raised_on"),
    (CHARGE, "max", "data.raised_on", "2026-01-05T00:00:00Z", "bad-date", "raised_on"),
    (CHARGE, "max", "data.raised_on", "0000-01-05", "bad-date", "raised_on"),
    (CHARGE, "max", "data.raised_on", "1767603600", "bad-date", "raised_on"),
    (CHARGE, "max", "data.instructed_on", "2026-02-30", "bad-date", "instructed_on"),
    (CHARGE, "decided", "data.decided_on", "2026-02-30", "bad-date", "decided_on"),
    # what goes together
    (CHARGE, "max", "data.share_set_id", ABSENT, "missing-field", "share_set_id"),
    (CHARGE, "max", "data.unit_id", "U-1", "wrong-type", "unit_id"),
    (CHARGE, "max", "data.due_on", "2026-01-05", "bad-date", "due_on"),
    (CHARGE, "max", "data.period", {"from": "2026-03-31", "to": "2026-03-30"}, "bad-date", "period.to"),
    (CHARGE, "max", "data.period", {"from_": "2026-03-30", "to": "2026-03-31"}, "missing-field", "period.from"),
    (CHARGE, "max", "data.period", {"from": "2026-03-30"}, "missing-field", "period.to"),
    (CHARGE, "max", "data.period", "2026", "wrong-type", "period"),
    (CHARGE, "max", "data.tax.net_pence", -1, "bad-amount", "tax.net_pence"),
    (CHARGE, "max", "data.tax.tax_pence", 1.0, "bad-amount", "tax.tax_pence"),
    (CHARGE, "max", "data.tax.code", ABSENT, "missing-field", "tax.code"),
    (CHARGE, "max", "data.tax", 20, "wrong-type", "tax"),
    ("housing.payment-reversed", "max", "data.reason", ABSENT, "missing-field", "reason"),
    ("housing.payment-reversed", "max", "data.reason", "", "bad-text", "reason"),
    (PAYMENT, "max", "data.method", "bitcoin", "unknown-enum", "method"),
    (PAYMENT, "max", "data.received_on", "2026-02-30", "bad-date", "received_on"),
    (PAYMENT, "max", "data.payer_name", "x\r\nBcc: y", "bad-text", "payer_name"),
    # ownership
    (SALE, "sale", "data.parties", [], "missing-field", "parties"),
    (SALE, "sale", "data.parties", ABSENT, "missing-field", "parties"),
    (SALE, "sale", "data.parties", None, "missing-field", "parties"),
    (SALE, "sale", "data.parties", {}, "wrong-type", "parties"),
    (SALE, "sale", "data.parties", [None], "missing-field", "parties.0"),
    (SALE, "sale", "data.parties", ["P-1"], "wrong-type", "parties.0"),
    (SALE, "sale", "data.date_of_entry", ABSENT, "missing-field", "date_of_entry"),
    (SALE, "sale", "data.form", ABSENT, "missing-field", "form"),
    (SALE, "sale", "data.form", "several", "unknown-enum", "form"),
    (SALE, "sale", "data.notified_on", ABSENT, "missing-field", "notified_on"),
    (SALE, "min", "data.notified_on", ABSENT, "missing-field", "notified_on"),
    (SALE, "sale", "data.parties.0.kind", "ghost", "unknown-enum", "parties.0.kind"),
    (SALE, "sale", "data.parties.1.party_id", 3, "wrong-type", "parties.1.party_id"),
    (SALE, "sale", "data.parties.1.party_id", "x y", "bad-id", "parties.1.party_id"),
    (SALE, "sale", "data.parties.1.name", "", "bad-text", "parties.1.name"),
    (SALE, "sale", "data.corrects", "x y", "bad-id", "corrects"),
    # shares and units
    (SHARES, "max", "data.members.0.numerator", 0, "bad-share", "members.0.numerator"),
    (SHARES, "max", "data.members.0.denominator", -3, "bad-share", "members.0.denominator"),
    (SHARES, "max", "data.members.0.denominator", 10**15, "bad-share", "members.0.denominator"),
    (SHARES, "max", "data.members.0.numerator", "1", "wrong-type", "members.0.numerator"),
    (SHARES, "max", "data.members.0.numerator", 1.0, "wrong-type", "members.0.numerator"),
    (SHARES, "max", "data.members.0.numerator", True, "wrong-type", "members.0.numerator"),
    (SHARES, "max", "data.members.0.numerator", ABSENT, "missing-field", "members.0.numerator"),
    (SHARES, "max", "data.members", [], "missing-field", "members"),
    (SHARES, "max", "data.members", ABSENT, "missing-field", "members"),
    (SHARES, "max", "data.scope", {}, "missing-field", "scope.development_id"),
    (SHARES, "max", "data.scope", {"development_id": "D", "block_id": "B"}, "wrong-type", "scope.block_id"),
    (SHARES, "max", "data.basis", "guess", "unknown-enum", "basis"),
    (UNIT, "max", "data.floor_area_m2", 72.5, "wrong-type", "floor_area_m2"),
    (UNIT, "max", "data.floor_area_m2", "about 70", "wrong-type", "floor_area_m2"),
    (UNIT, "max", "data.address.lines", [], "missing-field", "address.lines"),
    (UNIT, "max", "data.address.lines", ["a", "b", "c", "d", "e"], "wrong-type", "address.lines"),
    (UNIT, "max", "data.address.lines", ["a", ""], "bad-text", "address.lines.1"),
    (UNIT, "max", "data.address.postcode", ABSENT, "missing-field", "address.postcode"),
    (UNIT, "max", "data.kind", "castle", "unknown-enum", "kind"),
    (UNIT, "max", "data.tenure", "rented", "unknown-enum", "tenure"),
    (UNIT, "max", "data.managed_to", "2019-03-31", "bad-date", "managed_to"),
    ("housing.contact-changed", "max", "data.party_id", None, "missing-field", "party_id"),
    ("housing.contact-changed", "max", "data.channel", "fax", "unknown-enum", "channel"),
    ("housing.contact-changed", "max", "data.email", "", "bad-text", "email"),
    # the calendar
    ("calendar.day-ended", "max", "data.day", "2026-02-30", "bad-date", "day"),
    ("calendar.day-ended", "max", "data.day", ABSENT, "missing-field", "day"),
    ("calendar.day-ended", "max", "data.after", {"t": [1.5]}, "wrong-type", "after.t.0"),
    ("calendar.day-ended", "max", "data.after", {"t": [-1]}, "wrong-type", "after.t.0"),
    ("calendar.day-ended", "max", "data.after", [], "wrong-type", "after"),
    # our own topics: book and version (B42)
    ("billing.charge-raised", "max", "aggver", ABSENT, "missing-field", "aggver"),
    ("billing.charge-raised", "max", "aggver", 0, "wrong-type", "aggver"),
    ("billing.charge-raised", "max", "aggver", -1, "wrong-type", "aggver"),
    ("billing.charge-raised", "max", "aggver", 2**63, "wrong-type", "aggver"),
    ("billing.charge-raised", "max", "aggver", "1", "wrong-type", "aggver"),
    ("billing.charge-raised", "max", "book", ABSENT, "missing-field", "book"),
    ("billing.charge-raised", "max", "book", "2026-02-30", "bad-date", "book"),
]


@pytest.mark.parametrize(("topic", "name", "path", "value", "reason", "field"), ROWS, ids=lambda part: repr(part)[:40])
def test_one_thing_wrong(topic: str, name: str, path: str, value: Any, reason: str, field: str) -> None:
    assert refused(topic, spoilt(topic, name, path, value)) == (reason, field)


def test_the_topic_decides_not_the_key_or_a_header() -> None:
    headers = (("ce_type", b"housing.payment-received.v1"), ("ce_specversion", b"1.0"))
    assert not isinstance(decode(record(CHARGE, GOOD, *headers, key=b"\xff")), Rejection)
    assert refused(PAYMENT, GOOD, *headers) == ("wrong-topic", "type")


def test_a_refused_event_can_still_be_counted() -> None:
    found = decode(record(CHARGE, spoilt(CHARGE, "max", "data.raised_on", "2026-02-30")))
    good = decode(record(CHARGE, GOOD))
    assert isinstance(found, Rejection)
    assert not isinstance(good, Rejection)
    assert (found.uid, found.event_id, found.source) == (good.uid, good.id, good.source)
    assert (found.type, found.pence) == (good.type, 123456)
    assert found.sha != good.sha


def test_a_refused_event_of_ours_keeps_its_book_and_version() -> None:
    found = decode(record("billing.charge-raised", spoilt("billing.charge-raised", "max", "data.kind", "x")))
    assert isinstance(found, Rejection)
    assert (str(found.book), found.aggver, found.pence) == ("2026-01-05", 1, 123456)


def test_a_rejection_never_quotes_the_content() -> None:
    for topic, name, path in ((CHARGE, "max", "data.charge_id"), (SALE, "sale", "data.parties.0.name")):
        found = decode(record(topic, spoilt(topic, name, path, "secret words\n")))
        assert isinstance(found, Rejection)
        assert "secret" not in found.detail


def test_an_unreadable_envelope_names_nobody() -> None:
    found = decode(Record(CHARGE, 3, 7, b"k", b"{}"))
    assert isinstance(found, Rejection)
    assert (found.reason, found.uid, found.sha, found.pence) == ("missing-field", None, None, 0)
