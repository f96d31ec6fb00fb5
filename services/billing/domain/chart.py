"""The chart of accounts: every account of the ledger, what type it is, and what a posting there means."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from shared.events.housing import ChargeKind

RECEIVABLE = "receivable"
TAX = "tax"
BANK = "bank"
BAD_DEBT = "bad-debt"
OPENING = "opening"
FLOATS = "floats"
RESERVE_FUNDS = "reserve-funds"
SUSPENSE_CHARGES = "suspense-charges"
SUSPENSE_RECEIPTS = "suspense-receipts"


class AccountType(StrEnum):
    """The side of the books an account is on: assets grow by debits, the others by credits."""

    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    RECOVERY = "recovery"
    """Costs of the owners' own building that are passed on: the factor earns nothing by them."""
    EXPENSE = "expense"


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """An account of the ledger as accountants know it."""

    code: str
    name: str
    type: AccountType
    meaning: str


_NOBODYS_INCOME: Mapping[str, str] = MappingProxyType(
    {
        ChargeKind.OPENING_BALANCE: OPENING,
        ChargeKind.FLOAT: FLOATS,
        ChargeKind.RESERVE_FUND: RESERVE_FUNDS,
    }
)


@cache
def income_ledger(kind: ChargeKind | str) -> str:
    """Return the account that a charge of a kind is posted against: owners' own money is nobody's income."""
    return _NOBODYS_INCOME.get(kind, f"income:{kind}")


OWNERS_MONEY = frozenset({ChargeKind.FLOAT, ChargeKind.RESERVE_FUND})
"""Kinds that are asked of owners for themselves or their building."""


def loss_ledger(kind: ChargeKind | str | None) -> str:
    """Return the account that bears it when a charge of a kind is given up.

    Of owners' own money that never came nobody lost anything: less of it is owed to them.  The rest is the factor's.
    """
    return income_ledger(kind) if kind in OWNERS_MONEY else BAD_DEBT


def _income(kind: ChargeKind, name: str) -> LedgerAccount:
    return LedgerAccount(income_ledger(kind), name, AccountType.INCOME, "Earned by the factor, net of tax.")


def _recovery(kind: ChargeKind, name: str) -> LedgerAccount:
    return LedgerAccount(income_ledger(kind), name, AccountType.RECOVERY, "Passed on to the owners, net of tax.")


CHART = (
    LedgerAccount(BANK, "Bank", AccountType.ASSET, "Money that reached the bank and was not taken back."),
    LedgerAccount(
        RECEIVABLE, "Receivables", AccountType.ASSET,
        "What accounts owe, each posting with its account: owners', and the internal ones of the association's units.",
    ),
    LedgerAccount(
        SUSPENSE_CHARGES, "Charges that wait", AccountType.ASSET,
        "Charges and credits whose unit, owner or shares are not known yet.",
    ),
    LedgerAccount(SUSPENSE_RECEIPTS, "Unmatched money", AccountType.LIABILITY, "Receipts that nobody matches yet."),
    LedgerAccount(
        FLOATS, "Floats", AccountType.LIABILITY,
        "Deposits asked of owners, less what was given back or given up; what is paid of them follows from accounts.",
    ),
    LedgerAccount(
        RESERVE_FUNDS, "Reserve funds", AccountType.LIABILITY,
        "Contributions asked of owners for future works of their block, less what was given up and what was spent.",
    ),
    LedgerAccount(TAX, "Tax", AccountType.LIABILITY, "Tax inside charges, less that inside credits."),
    LedgerAccount(
        OPENING, "Opening balances", AccountType.EQUITY, "The other side of debts and credits that were taken over."
    ),
    _income(ChargeKind.MANAGEMENT_FEE, "Management fees"),
    _income(ChargeKind.ADMIN_FEE, "Administration fees"),
    _income(ChargeKind.LATE_FEE, "Late fees"),
    _recovery(ChargeKind.REPAIR, "Repairs"),
    _recovery(ChargeKind.CYCLICAL, "Cyclical maintenance"),
    _recovery(ChargeKind.MAJOR_WORKS, "Major works"),
    _recovery(ChargeKind.CLEANING, "Cleaning"),
    _recovery(ChargeKind.LANDSCAPING, "Landscaping"),
    _recovery(ChargeKind.ELECTRICITY, "Electricity"),
    _recovery(ChargeKind.LIFT, "Lift"),
    _recovery(ChargeKind.INSURANCE, "Buildings insurance"),
    _recovery(ChargeKind.OTHER, "Other costs"),
    LedgerAccount(
        BAD_DEBT, "Bad debts", AccountType.EXPENSE,
        "Debts given up, less what was written back because it was paid after all.",
    ),
)  # fmt: skip
BY_CODE = {account.code: account for account in CHART}
