"""A supplier's invoice that came more than once: nobody refuses it, but a person should look before owners are billed.

Source: domain.md 9.10.
"""

from enum import StrEnum
from typing import NamedTuple


class Likeness(StrEnum):
    """How much alike the charges of one invoice are."""

    SAME = "same invoice"
    OTHER_AMOUNT = "same invoice number, other amount"


class Billed(NamedTuple):
    """A charge that passes an invoice on, gross pence."""

    charge_id: str
    amount_pence: int


class Invoice(NamedTuple):
    """An invoice by its supplier and number, and the charges that pass it on, in the order they came."""

    supplier: str
    invoice_number: str
    charges: tuple[Billed, ...]

    @property
    def likeness(self) -> Likeness:
        """Say whether two of the charges have the same amount; else it may be one invoice for several works."""
        amounts = [charge.amount_pence for charge in self.charges]
        return Likeness.SAME if len(set(amounts)) < len(amounts) else Likeness.OTHER_AMOUNT
