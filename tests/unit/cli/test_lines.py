"""What becomes of each line of a published file."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.cli.errors import CliError
from shared.cli.lines import BadLine, Sendable, checked, read_lines, unchecked

PAYMENT = {"payment_id": "P1", "amount_pence": 95_50, "received_on": "2026-04-15", "method": "direct-debit"}


def line(event_type: str = "housing.payment-received.v1", data: dict[str, Any] | None = None) -> bytes:
    envelope = {"specversion": "1.0", "id": "e1", "source": "test", "type": event_type, "time": "2026-04-15T09:00:00Z"}
    return json.dumps(envelope | {"data": PAYMENT if data is None else data}).encode()


def test_a_good_line_keeps_its_bytes_and_gets_topic_and_key() -> None:
    assert checked(7, line()) == Sendable(7, "housing.payment-received", b"P1", line())


def test_a_charge_is_keyed_by_its_share_set_else_its_unit() -> None:
    charge = {"charge_id": "C1", "kind": "repair", "amount_pence": 1, "description": "x", "raised_on": "2026-01-01"}
    shared = checked(1, line("housing.charge-raised.v1", charge | {"share_set_id": "S1"}))
    alone = checked(2, line("housing.charge-raised.v1", charge | {"unit_id": "U1"}))
    assert isinstance(shared, Sendable)
    assert isinstance(alone, Sendable)
    assert (shared.key, alone.key) == (b"S1", b"U1")


@pytest.mark.parametrize(
    ("value", "reason", "field"),
    [
        (b"{not json", "not-json", None),
        (line(data={**PAYMENT, "amount_pence": 95.5}), "bad-amount", "amount_pence"),
        (line(data={**PAYMENT, "method": "barter"}), "unknown-enum", "method"),
        (line("housing.payment-received.v9"), "unknown-type", "type"),
        (line("billing.payment-received.v1"), "wrong-topic", "type"),
    ],
)
def test_a_bad_line_has_a_reason_and_a_field(value: bytes, reason: str, field: str | None) -> None:
    bad = checked(3, value)
    assert isinstance(bad, BadLine)
    assert (bad.number, bad.reason, bad.field) == (3, reason, field)


def test_unchecked_lines_go_where_their_type_says_untouched() -> None:
    broken = line(data={**PAYMENT, "amount_pence": "95.50"})
    assert unchecked(1, broken, None) == Sendable(1, "housing.payment-received", b"P1", broken)


def test_an_unreadable_line_needs_a_topic() -> None:
    assert isinstance(unchecked(1, b"\xff\xfe", None), BadLine)
    assert unchecked(1, b"\xff\xfe", "housing.charge-raised") == Sendable(1, "housing.charge-raised", None, b"\xff\xfe")


def test_lines_are_numbered_as_an_editor_does_and_empty_ones_left_out(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"a\r\n\n  \nb")
    assert list(read_lines(file)) == [(1, b"a"), (4, b"b")]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(CliError, match="cannot be read"):
        list(read_lines(tmp_path))
