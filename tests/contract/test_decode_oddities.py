"""What looks like an attack on the decoder and is answered like anything else, quickly and without a trace."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from shared.events.base import Event
from shared.events.decode import Rejection, decode
from shared.events.strict_json import MAX_BYTES
from tests.contract.samples import golden, record, spoilt

CHARGE = "housing.charge-raised"
CONTACT = "housing.contact-changed"
NINES = "9" * 5_000


def least_seconds(work: Callable[[], Any]) -> float:
    """The processor time that a work needs: the least of three."""
    took = []
    for _ in range(3):
        started = time.process_time()
        work()
        took.append(time.process_time() - started)
    return min(took)


def full_record() -> bytes:
    """A charge with as many fields as a record can hold."""
    document = golden(CHARGE, "max")
    document["data"] |= {f"f{number}": 1 for number in range(24_000)}
    value = json.dumps(document, separators=(",", ":")).encode()
    assert MAX_BYTES * 0.9 < len(value) <= MAX_BYTES
    return value


def test_as_many_fields_as_a_record_can_hold_are_counted_in_no_time() -> None:
    """Measured: three times what the standard library needs to read the same bytes."""
    value = full_record()
    found = decode(record(CHARGE, value))
    assert isinstance(found, Event)
    assert found.unknown_fields == 24_000
    assert least_seconds(lambda: decode(record(CHARGE, value))) < 15 * least_seconds(lambda: json.loads(value))


def test_a_record_of_spaces_or_of_a_hundred_thousand_fields_is_too_large_to_be_looked_at() -> None:
    """Measured: a thousandth of what the largest record that is read needs."""
    full = record(CHARGE, full_record())
    largest = least_seconds(lambda: decode(full))
    fields = b"{" + b",".join(b'"f%d":1' % number for number in range(100_000)) + b"}"
    for value in (b" " * 1_000_000, fields, spoilt(CHARGE, "max", "data.description", "x" * 1_000_000)):
        too_large = record(CHARGE, value)
        assert least_seconds(lambda: decode(too_large)) < largest / 20  # noqa: B023 - called at once
        found = decode(too_large)
        assert isinstance(found, Rejection)
        assert (found.reason, found.field) == ("too-large", None)


@pytest.mark.parametrize("trace", ["x" * 10_000, "00-\n", "a\x00", 7, {"a": 1}, None, "two words"])
def test_a_trace_that_could_forge_a_log_line_is_left_out_and_the_event_stands(trace: Any) -> None:
    found = decode(record(CHARGE, spoilt(CHARGE, "max", "traceparent", trace)))
    assert isinstance(found, Event)
    assert found.traceparent == ""
    assert found.sha == decode(record(CHARGE, json.dumps(golden(CHARGE, "max")).encode())).sha


@pytest.mark.parametrize(("path", "named"), [("id", False), ("data.charge_id", True)])
def test_a_line_break_at_the_end_of_an_id_is_no_part_of_a_name(path: str, named: bool) -> None:
    found = decode(record(CHARGE, spoilt(CHARGE, "max", path, "golden-max\n")))
    assert isinstance(found, Rejection)
    assert (found.reason, found.uid is not None) == ("bad-id", named)


def with_number(topic: str, digits: str, inside: str = "%s", field: str = "later") -> bytes:
    """A valid event that has a number, written so, in a field that nobody knows."""
    value = spoilt(topic, "max", f"data.{field}", "here")
    return value.replace(b'"here"', (inside % digits).encode())


@pytest.mark.parametrize("topic", [CHARGE, CONTACT])
@pytest.mark.parametrize("inside", ["%s", "[null, %s]", '{"a": [%s], "b": "\\u00e9"}'])
def test_numbers_that_nothing_here_can_hold_are_told_apart(topic: str, inside: str) -> None:
    """They are ignored where nobody knows the field, but two events that differ in them are not the same event."""
    numbers = [
        "null",
        "1e400",
        "2e400",
        "-1e400",
        "1e400000",
        NINES,
        f"{NINES}8",
        f"-{NINES}",
        f"{NINES}.5",
        "0",
        '"1e400"',
    ]
    found = [decode(record(topic, with_number(topic, digits, inside))) for digits in numbers]
    assert {type(one) for one in found} == {Event}
    assert len({one.sha for one in found}) == len(numbers)
    again = decode(record(topic, with_number(topic, "1e400", inside).replace(b", ", b" ,\n")))
    assert again.sha == found[1].sha, "the same event in other words"


@pytest.mark.parametrize("digits", ["1e400", "-1e400", NINES, f"{NINES}e9"])
@pytest.mark.parametrize(
    ("field", "reason"), [("amount_pence", "bad-amount"), ("charge_id", "wrong-type"), ("raised_on", "wrong-type")]
)
def test_a_number_that_nothing_here_can_hold_is_refused_where_the_field_is_known(
    digits: str, field: str, reason: str
) -> None:
    found = decode(record(CHARGE, with_number(CHARGE, digits, field=field)))
    assert isinstance(found, Rejection)
    assert (found.reason, found.field, found.pence > 0) == (reason, field, field != "amount_pence")
    other = decode(record(CHARGE, with_number(CHARGE, f"{digits}1", field=field)))
    assert (found.uid, found.sha != other.sha) == (other.uid, True)


def test_the_identity_of_a_content_is_what_it_was_when_it_was_stored() -> None:
    """It stands in inboxes and control totals: it never changes for what could be told apart all along."""
    document = golden(CHARGE, "max")
    stored = "f6209e5cbea7899e8eaa65cca7c8fe0c432eebcad5ef5e29350f273f48502736"
    assert decode(record(CHARGE, json.dumps(document).encode())).sha == bytes.fromhex(stored)
    document["data"]["x"] = {"b": 1.5, "a": [2**70, "é"]}
    stored = "ffd9990aa956658a7acf74d07599be40371d4df9785ba82dc472e67d15b9019b"
    assert decode(record(CHARGE, json.dumps(document).encode())).sha == bytes.fromhex(stored)


def test_a_subject_and_a_key_of_somebody_else_change_nothing() -> None:
    found = decode(record(CHARGE, spoilt(CHARGE, "max", "subject", "another charge"), key=b"another unit"))
    assert isinstance(found, Event)
    assert found.key == "SS-CLOSE-17"
