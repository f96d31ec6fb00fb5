"""A bank's statement as CSV, read through a mapping: a row that brings money is one payment, under one id for ever."""

import csv
import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from shared.cli.errors import CliError, ExitCode
from shared.cli.lines import BadLine, Sendable
from shared.events.envelope import encode
from shared.events.housing import PaymentMethod, PaymentReceived
from shared.events.rejection import Reason
from shared.events.topics import PAYMENT_RECEIVED
from shared.events.types import ID_PATTERN, Id
from shared.money import MAX_PENCE, pence_of

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")
_LONGEST_TEXT = 500
_NOON = time(12, tzinfo=UTC)
_SOME_DAY = date(2031, 11, 29)
Column = Annotated[str, Field(min_length=1)]


class BankMapping(BaseModel):
    """Which columns of a bank's CSV mean what; ``account`` names the bank account.

    Either ``amount`` (money out is negative) or ``paid_in``.  ``id`` is the bank's own name of an entry; without one
    ``balance``, the balance after it, tells equal rows apart.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: Id
    date: Column
    date_format: str = "%d/%m/%Y"
    amount: Column | None = None
    paid_in: Column | None = None
    reference: tuple[Column, ...] = ()
    payer: Column | None = None
    id: Column | None = None
    balance: Column | None = None
    type: Column | None = None
    methods: dict[str, PaymentMethod] = {}
    method: PaymentMethod = PaymentMethod.BANK_TRANSFER
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8-sig"

    @model_validator(mode="after")
    def _one_amount(self) -> "BankMapping":
        if (self.amount is None) == (self.paid_in is None):
            raise ValueError("name either amount or paid_in")
        return self

    @field_validator("date_format")
    @classmethod
    def _whole_day(cls, written: str) -> str:
        try:
            read = datetime.strptime(_SOME_DAY.strftime(written), written).date()  # noqa: DTZ007 - a day
        except ValueError:
            read = None
        if read != _SOME_DAY:
            raise ValueError(f"{written} does not name a day with its month and year, as %d/%m/%Y does")
        return written

    @property
    def columns(self) -> set[str]:
        """The columns that a file must have."""
        named = (self.date, self.amount, self.paid_in, self.payer, self.id, self.balance, self.type, *self.reference)
        return {name for name in named if name is not None}


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that brings money, as a payment; ``same_as`` is the earlier line that it repeats, if any."""

    number: int
    payment: PaymentReceived
    same_as: int | None = None


@dataclass(frozen=True, slots=True)
class MoneyOut:
    """A row that brings nothing."""

    number: int


Row = Entry | MoneyOut | BadLine


def read_mapping(path: Path) -> BankMapping:
    """Return a mapping written in TOML; raises ``CliError`` with what is wrong."""
    try:
        return BankMapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CliError(f"{path} cannot be read: {error}.", "Name a mapping in TOML.", ExitCode.USAGE) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise CliError(
            f"{path}: {where}: {first['msg']}.", "docs/receipts.md shows a mapping.", ExitCode.USAGE
        ) from error


def read_statement(path: Path, mapping: BankMapping, *, keep_equal: bool = False) -> Iterator[Row]:
    """Yield every row of a statement; lines above the one that names the columns are passed over.

    A row that repeats an earlier one of the file says so; ``keep_equal``: where the bank gives neither id nor balance,
    equal rows are payments of their own.
    """
    try:
        with path.open(encoding=mapping.encoding, newline="") as file:
            reader = csv.reader(file, delimiter=mapping.delimiter)
            heads = next((found for row in reader if mapping.columns <= set(found := _cells(row))), None)
            if heads is None:
                raise CliError(
                    f"{path} has no line with the columns {', '.join(sorted(mapping.columns))}.",
                    "Let the mapping name the columns as the file does.",
                    ExitCode.USAGE,
                )
            rows = ((reader.line_num, _named(heads, _cells(row))) for row in reader if any(row))
            yield from _told_apart(rows, mapping, keep_equal)
    except (OSError, UnicodeError, LookupError, csv.Error) as error:
        raise CliError(f"{path} cannot be read: {error}.", "Name the bank's CSV file.", ExitCode.USAGE) from error


def _cells(row: Iterable[str]) -> list[str]:
    return [_CONTROL.sub(" ", cell).strip() for cell in row]


def _named(heads: Sequence[str], cells: Sequence[str]) -> dict[str, str] | None:
    """Return a row's cells by column; nothing when there are more than columns: a comma too many shifts them all."""
    return None if any(cells[len(heads) :]) else dict(zip(heads, cells, strict=False))


def _told_apart(
    rows: Iterable[tuple[int, dict[str, str] | None]], mapping: BankMapping, keep_equal: bool
) -> Iterator[Row]:
    """Yield rows as payments, those that repeat an earlier id marked or refused."""
    seen: dict[str, list[Entry]] = {}
    nameless = mapping.id is None and mapping.balance is None
    for number, cells in rows:
        row = _row(number, cells, mapping)
        if isinstance(row, Entry):
            earlier = seen.setdefault(row.payment.payment_id, [])
            earlier.append(row)
            if len(earlier) > 1:
                row = _repeated(row, earlier[0], len(earlier) if keep_equal and nameless else 0)
        yield row


def _repeated(row: Entry, first: Entry, nth: int) -> Row:
    """Return a row whose id an earlier row has: the ``nth`` of equal payments, else a repeat or a contradiction."""
    if nth:
        return Entry(row.number, row.payment.model_copy(update={"payment_id": f"{row.payment.payment_id}-{nth}"}))
    if row.payment == first.payment:
        return Entry(row.number, row.payment, first.number)
    return BadLine(row.number, "conflicting-id", "id", f"line {first.number} has this id with other content")


def _row(number: int, cells: Mapping[str, str] | None, mapping: BankMapping) -> Row:
    """Return what a row says, or the first thing that is wrong with it."""
    if cells is None:
        return BadLine(number, Reason.WRONG_TYPE, None, "has more cells than there are columns")
    money = cells.get(mapping.amount or mapping.paid_in or "", "")
    try:
        pence = pence_of(money) if money or mapping.amount else 0
    except ValueError:
        return BadLine(number, Reason.BAD_AMOUNT, "amount", "is no sum of money")
    if pence <= 0:
        return MoneyOut(number)
    if pence >= MAX_PENCE:
        return BadLine(number, Reason.BAD_AMOUNT, "amount", "is too much")
    try:
        on = datetime.strptime(cells.get(mapping.date, ""), mapping.date_format).date()  # noqa: DTZ007 - a day
    except ValueError:
        return BadLine(number, Reason.BAD_DATE, "date", f"is no day written {mapping.date_format}")
    return _entry(number, cells, mapping, pence, on)


def _entry(number: int, cells: Mapping[str, str], mapping: BankMapping, pence: int, on: date) -> Row:
    """Return a row that brings money as a payment."""
    if mapping.id is not None and not cells.get(mapping.id):
        return BadLine(number, Reason.MISSING_FIELD, "id", "the bank gives this entry no id")
    words = " ".join(filter(None, (cells.get(name) for name in mapping.reference)))[:_LONGEST_TEXT]
    payment = PaymentReceived(
        payment_id=_payment_id(cells, mapping, pence, on), amount_pence=pence, received_on=on,
        method=mapping.methods.get(cells.get(mapping.type or "", ""), mapping.method), reference=words or None,
        payer_name=cells.get(mapping.payer or "", "")[:_LONGEST_TEXT] or None,
    )  # fmt: skip
    return Entry(number, payment)


def _payment_id(cells: Mapping[str, str], mapping: BankMapping, pence: int, on: date) -> str:
    """Return the bank's own id of an entry, else one made of all that the bank says about it."""
    own = cells.get(mapping.id or "", "")
    if re.fullmatch(ID_PATTERN, own):
        return own
    told = [cells.get(name or "", "") for name in (mapping.balance, mapping.payer, *mapping.reference)]
    content = "|".join([mapping.account, own, on.isoformat(), str(pence), *told])
    return f"bank-{on:%Y%m%d}-{hashlib.sha256(content.encode()).hexdigest()[:24]}"


def sendable(entry: Entry, mapping: BankMapping) -> Sendable:
    """Return a payment as the event that tells it; the same row gives the same bytes."""
    payment = entry.payment
    value = encode(
        PAYMENT_RECEIVED, payment, id=payment.payment_id, source=f"bank/{mapping.account}",
        time=datetime.combine(payment.received_on, _NOON),
    )  # fmt: skip
    return Sendable(entry.number, PAYMENT_RECEIVED.topic, payment.payment_id.encode(), value)
