"""Refunds: what of an account's credit may go back, to whom, and since when it has waited."""

from collections.abc import Iterable
from datetime import date

from services.billing.domain.facts import Payment
from services.billing.domain.lines import Line
from services.billing.domain.payments import Held
from services.billing.domain.rules import Refusal
from shared.calendar import office_days_later
from shared.events.housing import PaymentMethod
from shared.money import as_pounds

REASON = "refund"
SOURCES = frozenset(
    {PaymentMethod.DIRECT_DEBIT, PaymentMethod.BANK_TRANSFER, PaymentMethod.STANDING_ORDER, PaymentMethod.CARD}
)
"""Methods that name where the money came from; cash and what was taken over name nothing to send it back to."""

_OFFICE_DAYS = 10


def in_credit_since(lines: Iterable[Line]) -> date | None:
    """Return the value date since which an account's balance has been in the owner's favour; None: it is not."""
    since, balance = None, 0
    sums: dict[date, int] = {}
    for line in lines:
        sums[line.value_on] = sums.get(line.value_on, 0) + line.amount_pence
    for day in sorted(sums):
        balance += sums[day]
        since = (since or day) if balance < 0 else None
    return since


def due_by(since: date, left_on: date | None) -> date | None:
    """Return when the credit of an owner who has left must be back with them: ten office days; others may keep theirs.

    Source: domain.md 6, refund days, and 9, case 57.
    """
    return office_days_later(max(since, left_on), _OFFICE_DAYS) if left_on is not None else None


def refuse_refund(payment: Payment, held: Held, credit_pence: int | None, amount_pence: int) -> Refusal | None:
    """Refuse money that goes anywhere but back where it came from, or that is not the payer's to have back.

    ``held`` is what its holder has of the payment; ``credit_pence`` the balance in the account's favour, None for money
    in suspense.  Source: domain.md 2.2, refund only to source.
    """
    if payment.method not in SOURCES:
        return Refusal("refund-without-source", f"A payment by {payment.method} names nowhere to send it back to.", "")
    most = held.left_pence if credit_pence is None else min(held.left_pence, max(credit_pence, 0))
    if amount_pence <= most:
        return None
    detail = f"{as_pounds(amount_pence)} is asked; {as_pounds(most)} of this payment may go back."
    return Refusal("refund-above-credit", detail, "amount")
