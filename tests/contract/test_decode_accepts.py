"""What looks odd and is right: unknown fields, nulls, binary mode, forged headers, old times."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.events.base import Event, content_sha
from shared.events.decode import Rejection, decode
from shared.events.uid import event_uid
from tests.contract.samples import golden, record, spoilt

CHARGE = "housing.charge-raised"


def accepted(topic: str, value: bytes, *headers: tuple[str, bytes | None]) -> Event[Any]:
    found = decode(record(topic, value, *headers))
    assert not isinstance(found, Rejection), found
    return found


def body(topic: str, name: str, **more: Any) -> bytes:
    document = golden(topic, name)
    document["data"] |= more
    return json.dumps(document).encode()


def test_identity_is_source_and_id_and_content_is_type_and_data() -> None:
    event = accepted(CHARGE, body(CHARGE, "max"))
    assert event.uid == event_uid("housing/prod", "golden-max")
    assert event.sha == content_sha("housing.charge-raised.v1", golden(CHARGE, "max")["data"])
    assert (event.key, event.pence) == ("SS-CLOSE-17", 123456)


def test_order_of_fields_and_spaces_and_nulls_do_not_change_the_content() -> None:
    document = golden(CHARGE, "max")
    document["data"] = {**dict(reversed(document["data"].items())), "unit_id": None}
    turned = accepted(CHARGE, json.dumps(document, indent=3).encode())
    assert turned == accepted(CHARGE, body(CHARGE, "max"))


def test_unknown_fields_are_counted_at_every_depth_and_belong_to_the_content() -> None:
    document = golden(CHARGE, "max")
    document["data"] |= {"colour": "red", "__proto__": {"constructor": 1}}
    document["data"]["tax"]["rate"] = 0.2
    event = accepted(CHARGE, json.dumps(document).encode())
    assert event.unknown_fields == 3
    assert event.sha != accepted(CHARGE, body(CHARGE, "max")).sha


def test_unknown_fields_in_lists_are_counted() -> None:
    document = golden("housing.shares-published", "max")
    document["data"]["members"] = [{**member, "note": "x"} for member in document["data"]["members"] * 1]
    assert accepted("housing.shares-published", json.dumps(document).encode()).unknown_fields == 1


def test_null_is_absent_also_where_the_model_has_a_default() -> None:
    assert accepted("calendar.day-ended", body("calendar.day-ended", "max", after=None)).data.after == {}
    assert accepted("housing.ownership-changed", body("housing.ownership-changed", "min", parties=None)).data.cancels


def test_null_in_a_contact_change_is_kept_because_it_removes() -> None:
    removes = accepted("housing.contact-changed", body("housing.contact-changed", "min", email=None))
    silent = accepted("housing.contact-changed", body("housing.contact-changed", "min"))
    assert removes.data.model_fields_set - silent.data.model_fields_set == {"email"}
    assert removes.sha != silent.sha


def binary(topic: str, name: str, **changed: bytes | None) -> tuple[bytes, list[tuple[str, bytes | None]]]:
    document = golden(topic, name)
    data = document.pop("data")
    headers: dict[str, bytes | None] = {f"ce_{key}": str(value).encode() for key, value in document.items()}
    return json.dumps(data).encode(), list((headers | {f"ce_{key}": value for key, value in changed.items()}).items())


@pytest.mark.parametrize("topic", [CHARGE, "billing.statement-issued", "housing.contact-changed"])
def test_binary_mode_says_the_same_as_structured_mode(topic: str) -> None:
    value, headers = binary(topic, "max")
    assert accepted(topic, value, *headers) == accepted(topic, body(topic, "max"))


@pytest.mark.parametrize(
    ("changed", "reason", "field"),
    [
        ({"id": None}, "missing-field", "id"),
        ({"id": b"\xff\xfe"}, "bad-id", "id"),
        ({"type": b"\xff"}, "unknown-type", "type"),
        ({"type": None}, "missing-field", "type"),
        ({"time": b"now"}, "bad-date", "time"),
        ({"specversion": b"0.3"}, "unknown-type", "specversion"),
        ({"specversion": None}, "missing-field", "specversion"),
    ],
)
def test_binary_mode_is_as_strict(changed: dict[str, bytes | None], reason: str, field: str) -> None:
    value, headers = binary(CHARGE, "max", **changed)
    found = decode(record(CHARGE, value, *headers))
    assert isinstance(found, Rejection)
    assert (found.reason, found.field) == (reason, field)


def test_a_tombstone_in_binary_mode_is_no_event() -> None:
    found = decode(record(CHARGE, None, *binary(CHARGE, "max")[1]))
    assert isinstance(found, Rejection)
    assert found.reason == "not-json"


@pytest.mark.parametrize(
    "headers",
    [
        [("x", b"\xff\xfe")],
        [("x", None), ("", b""), ("x", b"1"), ("x", b"2")],
        [(f"h{number}", None) for number in range(200)],
        [("reply_to", b"other"), ("correlation_id", b"forged")],
        [("content-type", b"application/avro")],
        [("ce_id", b"other"), ("ce_specversion", b"9"), ("ce_type", None)],
    ],
)
def test_headers_never_decide_in_structured_mode(headers: list[tuple[str, bytes | None]]) -> None:
    assert accepted(CHARGE, body(CHARGE, "max"), *headers) == accepted(CHARGE, body(CHARGE, "max"))


@pytest.mark.parametrize("time", ["1994-01-01T00:00:00Z", "2199-01-01T00:00:00.123456+05:30", "2026-01-05t09:30:00z"])
def test_time_is_never_compared_with_a_clock(time: str) -> None:
    assert accepted(CHARGE, spoilt(CHARGE, "max", "time", time)).time.tzinfo is not None


def test_instants_are_compared_with_their_offset() -> None:
    event = accepted(CHARGE, spoilt(CHARGE, "max", "time", "2026-07-01T00:30:00+01:00"))
    assert event.time == datetime(2026, 6, 30, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize("story", ["x" * 10_000, "a\nb", "a\x00", 7, {"a": 1}])
def test_a_story_id_that_could_forge_a_log_line_is_left_out(story: Any) -> None:
    assert accepted(CHARGE, spoilt(CHARGE, "max", "correlationid", story)).correlation_id == ""


@pytest.mark.parametrize(
    "text", ["Ó Dòmhnaill-O'Neil", "😀 x", "李", "<script>alert(1)</script>", "=1+1", "x" * 500, "\u202eabc"]
)
def test_people_may_be_called_anything(text: str) -> None:
    assert accepted(CHARGE, spoilt(CHARGE, "max", "data.description", text)).data.description == text


def test_escaped_surrogate_pairs_are_ordinary_text() -> None:
    value = body(CHARGE, "max").replace(b"Roof", b"\\ud83d\\ude00")
    assert accepted(CHARGE, value).data.description.startswith("😀")


def test_numbers_nobody_reads_may_be_endless() -> None:
    value = body(CHARGE, "max", unknown=1).replace(b'"unknown": 1', b'"unknown": ' + b"9" * 5000)
    assert accepted(CHARGE, value).unknown_fields == 1


def test_the_largest_amount_passes() -> None:
    assert accepted(CHARGE, spoilt(CHARGE, "max", "data.amount_pence", 10**13 - 1)).pence == 10**13 - 1


def test_a_credit_without_an_amount_takes_what_is_left() -> None:
    assert accepted("housing.charge-credited", body("housing.charge-credited", "min")).pence == 0


def test_what_housing_says_about_books_and_versions_is_ignored() -> None:
    document = golden(CHARGE, "max") | {"book": 17, "aggver": "x"}
    event = accepted(CHARGE, json.dumps(document).encode())
    assert (event.book, event.aggver) == (None, None)
