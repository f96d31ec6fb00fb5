"""Whose money a payment is: the strongest reference that is known wins, whenever it becomes known."""

from collections.abc import Iterable, Mapping

from services.billing.domain import attribution, refs
from services.billing.domain.facts import SUSPENSE, FactKind, Part, Payment, Reversal, Unit, is_waiting
from shared.events.housing import PaymentReceived, PaymentReversed


def payment_of(data: PaymentReceived) -> Payment:
    """Return a payment as the rules see it, its references read once."""
    return Payment(
        data.payment_id, data.amount_pence, data.received_on, data.method, refs.stated_ref(data.account_ref),
        refs.found_refs(data.reference), data.unit_id, data.for_statement,
    )  # fmt: skip


def reversal_of(data: PaymentReversed) -> Reversal:
    """Return a reversal as the rules see it."""
    return Reversal(data.reversal_id, data.payment_id, data.amount_pence, data.reversed_on)


def candidate_refs(payment: Payment) -> tuple[str, ...]:
    """Return every account_ref that would, if such an account became known, place the payment anew."""
    stated = {payment.stated_ref} if payment.stated_ref is not None else set()
    return tuple(sorted(stated.union(payment.found_refs)))


def place(payment: Payment, accounts: Mapping[str, str], units: Mapping[str, Unit]) -> str | None:
    """Return the account_id a payment belongs to, or None: suspense.

    ``accounts`` is account_id by account_ref, of accounts that exist; ``units`` are those registered.  First the stated
    reference, then the one account readable in the text (two different: none), then the unit's owner on the value date.
    Source: contract.md 6, receipts.
    """
    if payment.stated_ref is not None and payment.stated_ref in accounts:
        return accounts[payment.stated_ref]
    found = {accounts[ref] for ref in payment.found_refs if ref in accounts}
    if len(found) == 1:
        return found.pop()
    if payment.unit_id is None:
        return None
    holder = attribution.holder_on(units, payment.unit_id, payment.received_on)
    return None if is_waiting(holder) else holder


def live_pence(payment: Payment, reversals: Iterable[Reversal]) -> int:
    """Return what is left of a payment after its reversals, in pence."""
    return payment.amount_pence - sum(reversal.amount_pence for reversal in reversals)


def target(payment: Payment, reversals: Iterable[Reversal], account_id: str | None) -> tuple[Part, ...]:
    """Return where a payment and its reversals belong once it is placed: all of it on one holder."""
    holder = account_id if account_id is not None else SUSPENSE
    paid = Part(FactKind.PAYMENT, payment.payment_id, None, holder, -payment.amount_pence)
    taken_back = (
        Part(FactKind.REVERSAL, reversal.reversal_id, None, holder, reversal.amount_pence) for reversal in reversals
    )
    return (paid, *taken_back)
