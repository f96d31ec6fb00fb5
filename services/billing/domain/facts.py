"""The facts billing decides from, as plain values: charges, credits, payments, units, share versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from shared.events.housing import ChargeKind, PaymentMethod

FEES = frozenset({ChargeKind.LATE_FEE, ChargeKind.ADMIN_FEE})
"""Kinds that are shown as fees and paid after charges of the same due date (contract.md 6, allocation)."""


class FactKind(StrEnum):
    """What a part, a posting or a line goes back to."""

    CHARGE = "charge"
    CREDIT = "credit"
    PAYMENT = "payment"
    REVERSAL = "reversal"
    WRITE_OFF = "write-off"
    FUND_SPENDING = "fund-spending"


BILLED = frozenset({FactKind.CHARGE, FactKind.CREDIT})
"""What bills an owner; other facts are about whether and how it was paid."""


class Charge(NamedTuple):
    """A cost, gross = net + tax, owed by the owners of the days ``liable_from`` to ``liable_to`` (both included).

    Exactly one of ``share_set_id`` and ``unit_id`` is set.  Without a period the two days are the same day.
    """

    charge_id: str
    kind: ChargeKind
    share_set_id: str | None
    unit_id: str | None
    net_pence: int
    tax_pence: int
    liable_from: date
    liable_to: date
    raised_on: date
    due_on: date | None = None

    @property
    def gross_pence(self) -> int:
        """Net and tax together."""
        return self.net_pence + self.tax_pence


@dataclass(frozen=True, slots=True)
class Credit:
    """A charge taken back in part or in full; ``amount_pence`` is what it took when it was accepted (``rules.py``)."""

    credit_id: str
    charge_id: str
    amount_pence: int
    credited_on: date


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that reached the bank, and everything it says about whom it is from.

    ``stated_ref`` is the payer's account_ref if its check character is right; ``found_refs`` are the account_refs that
    can be read in the free text.  Whether such accounts exist is decided by ``payments.place``.
    """

    payment_id: str
    amount_pence: int
    received_on: date
    method: PaymentMethod
    stated_ref: str | None = None
    found_refs: tuple[str, ...] = ()
    unit_id: str | None = None
    for_statement: str | None = None


@dataclass(frozen=True, slots=True)
class Reversal:
    """Money of a payment that the bank took back, in part or in full, and the reason it gave."""

    reversal_id: str
    payment_id: str
    amount_pence: int
    reversed_on: date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A person's word on whose money a payment is: pence by account_id, in the order in which they were named.

    What is not named stays in suspense; no accounts: all of it.  The word said last holds, against every reference.
    """

    payment_id: str
    match_no: int
    shares: tuple[tuple[str, int], ...]


class Stay(NamedTuple):
    """The days ``[from_on, to_on)`` of a unit that belong to one account; no ``to_on``: for good.

    A tuple like its unit, because a batch of charges reads hundreds of them.
    """

    account_id: str
    from_on: date
    to_on: date | None = None


class Unit(NamedTuple):
    """A registered unit: the days we manage it (``managed_to`` included) and whose they are, in order of days.

    ``first_account_id`` owns the days from ``managed_from`` to the first stay: the internal account of a unit that the
    association owned when management began, else absent (an owner not yet known).
    """

    unit_id: str
    managed_from: date
    managed_to: date | None = None
    stays: tuple[Stay, ...] = ()
    first_account_id: str | None = None


@dataclass(frozen=True, slots=True)
class ShareVersion:
    """A share set from ``effective_from`` on, as whole-number weights over one denominator ``whole``.

    ``unit_ids`` and ``weights`` go together; ``shares`` says each unit's share as published (``3/27``).  The weights of
    an incomplete version do not make up ``whole`` (``division.gap_of``), and it bills nothing.
    """

    share_set_id: str
    effective_from: date
    is_complete: bool
    unit_ids: tuple[str, ...]
    weights: tuple[int, ...]
    whole: int
    shares: Mapping[str, str]


class Part(NamedTuple):
    """What one fact puts on one holder, signed as owed (credits and payments are negative).

    ``holder`` is an account_id, or what the part waits for: ``unit:U``, ``owner:U``, ``managed:U``, ``share-set:S``, or
    ``SUSPENSE`` for money nobody matches.  ``unit_id`` is absent while the units are not known.
    A tuple, because a charge on 1,000 units makes thousands of them.
    """

    kind: FactKind
    fact_id: str
    unit_id: str | None
    holder: str
    net_pence: int
    tax_pence: int = 0

    @property
    def amount_pence(self) -> int:
        """Net and tax together."""
        return self.net_pence + self.tax_pence


SUSPENSE = "suspense:"
"""The holder of money that nobody matches."""


def is_waiting(holder: str) -> bool:
    """Say whether a holder is no account but a reason to wait (an account_id has no colon)."""
    return ":" in holder


_REFUND = "refund:"


def refund_id(command_uid: UUID) -> str:
    """Return a refund's id among the reversals: it takes money of a payment back as the bank does, by our own word."""
    return f"{_REFUND}{command_uid.hex}"


def is_refund(reversal_id: str) -> bool:
    """Say whether a reversal is a refund."""
    return reversal_id.startswith(_REFUND)
