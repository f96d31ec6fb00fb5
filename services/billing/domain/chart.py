"""The chart of accounts: every account of the ledger, what type it is, and what a posting there means."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from shared.events.housing import ChargeKind

RECEIVABLE = "receivable"
TAX = "tax"
BANK = "bank"
BAD_DEBT = "bad-debt"
OPENING = "opening"
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


@cache
def income_ledger(kind: ChargeKind | str) -> str:
    """Return the account that a charge of a kind is posted against; an opening balance is nobody's income."""
    return OPENING if kind == ChargeKind.OPENING_BALANCE else f"income:{kind}"


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
