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


def test_a_subject_and_a_key_of_somebody_else_change_nothing() -> None:
    found = decode(record(CHARGE, spoilt(CHARGE, "max", "subject", "another charge"), key=b"another unit"))
    assert isinstance(found, Event)
    assert found.key == "SS-CLOSE-17"
