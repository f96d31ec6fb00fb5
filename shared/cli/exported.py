"""Another system's export of charges, credits, payments and reversals: CSV, JSON lines or the events themselves."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from shared.cli.errors import CliError, ExitCode
from shared.cli.lines import BadLine, read_lines, type_in
from shared.cli.reconciliation import Fact
from shared.events.base import Event, EventData
from shared.events.decode import Record, decode
from shared.events.housing import ChargeCredited, ChargeRaised, PaymentReceived, PaymentReversed
from shared.events.topics import CHARGE_CREDITED, CHARGE_RAISED, PAYMENT_RECEIVED, PAYMENT_REVERSED
from shared.money import MAX_PENCE

COLUMNS = ("kind", "id", "amount_pence", "on")
KINDS = ("charge", "credit", "payment", "reversal")
_PENCE = re.compile(r"[0-9]{1,18}")  # no longer than a number that Python reads, and than any sum of ours
_EVENTS = {one.type: one for one in (CHARGE_RAISED, CHARGE_CREDITED, PAYMENT_RECEIVED, PAYMENT_REVERSED)}


def read_export(path: Path) -> Iterator[Fact | BadLine]:
    """Yield the facts of a file, or what is wrong with a line; events about anything else are passed over."""
    yield from _csv(path) if path.suffix.lower() == ".csv" else _json_lines(path)


def _csv(path: Path) -> Iterator[Fact | BadLine]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not set(COLUMNS) <= set(reader.fieldnames or ()):
                raise CliError(
                    f"{path} lacks a column.", f"Its first line names the columns {','.join(COLUMNS)}.", ExitCode.USAGE
                )
            for row in reader:
                yield _fact(reader.line_num, row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CliError(f"{path} cannot be read: {error}.", "Name a CSV file in UTF-8.", ExitCode.USAGE) from error


def _json_lines(path: Path) -> Iterator[Fact | BadLine]:
    for number, value in read_lines(path):
        name = type_in(value)
        if name is None:
            yield _plain(number, value)
        elif name in _EVENTS:
            yield _event(number, name, value)


def _plain(number: int, value: bytes) -> Fact | BadLine:
    try:
        row = json.loads(value)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        return BadLine(number, "not-json", None, "a line is one JSON object")
    return _fact(number, {name: row.get(name) for name in COLUMNS})


def _event(number: int, name: str, value: bytes) -> Fact | BadLine:
    event = decode(Record(_EVENTS[name].topic, 0, 0, None, value))
    if not isinstance(event, Event):
        return BadLine(number, event.reason, event.field, event.detail)
    return _told(event.data)


def _told(data: EventData) -> Fact:
    """Return what an event tells, on the day that counts."""
    if isinstance(data, ChargeRaised):
        return Fact("charge", data.charge_id, data.amount_pence, data.raised_on)
    if isinstance(data, ChargeCredited):
        return Fact("credit", data.credit_id, data.amount_pence, data.credited_on)
    if isinstance(data, PaymentReceived):
        return Fact("payment", data.payment_id, data.amount_pence, data.received_on)
    assert isinstance(data, PaymentReversed)
    return Fact("reversal", data.reversal_id, data.amount_pence, data.reversed_on)


def _fact(number: int, row: Mapping[str, Any]) -> Fact | BadLine:
    """Return the fact of four fields, which may be text; the first that is wrong is told.

    A credit may leave its pence open: it takes what is left of its charge.
    """
    kind, fact_id, pence, on = ("" if row[name] is None else str(row[name]).strip() for name in COLUMNS)
    if kind not in KINDS:
        return BadLine(number, "bad-field", "kind", "is charge, credit, payment or reversal")
    if not fact_id:
        return BadLine(number, "bad-field", "id", "is the charge_id, credit_id, payment_id or reversal_id")
    whole = int(pence) if _PENCE.fullmatch(pence) else None
    if not (whole and whole < MAX_PENCE) and (kind != "credit" or pence):
        return BadLine(number, "bad-field", "amount_pence", "is a whole number of pence above 0")
    try:
        day = date.fromisoformat(on)
    except ValueError:
        return BadLine(number, "bad-field", "on", "is a day written YYYY-MM-DD")
    return Fact(kind, fact_id, whole, day)
