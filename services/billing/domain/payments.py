"""Whose money a payment is: the strongest reference that is known wins, whenever it becomes known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.billing.domain import attribution, refs
from services.billing.domain.facts import SUSPENSE, FactKind, Match, Part, Payment, Reversal, Unit, is_waiting
from shared.events.housing import PaymentReceived, PaymentReversed


def payment_of(data: PaymentReceived) -> Payment:
    """Return a payment as the rules see it, its references read once."""
    return Payment(
        data.payment_id, data.amount_pence, data.received_on, data.method, refs.stated_ref(data.account_ref),
        refs.found_refs(data.reference), data.unit_id, data.for_statement,
    )  # fmt: skip


def reversal_of(data: PaymentReversed) -> Reversal:
    """Return a reversal as the rules see it."""
    return Reversal(data.reversal_id, data.payment_id, data.amount_pence, data.reversed_on, data.reason)


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


def target(
    payment: Payment, reversals: Iterable[Reversal], account_id: str | None, match: Match | None = None
) -> tuple[Part, ...]:
    """Return where a payment and its reversals belong: as a person matched it, else all of it where it is placed.

    In order of (reversed_on, reversal_id) each reversal takes what nobody was given, then from whom was named last.
    """
    left = _shares(payment, account_id, match)
    parts = [Part(FactKind.PAYMENT, payment.payment_id, None, holder, -pence) for holder, pence in left.items()]
    for reversal in sorted(reversals, key=lambda one: (one.reversed_on, one.reversal_id)):
        for holder, pence in _take(left, reversal.amount_pence):
            parts.append(Part(FactKind.REVERSAL, reversal.reversal_id, None, holder, pence))
    return tuple(parts)


def _shares(payment: Payment, account_id: str | None, match: Match | None) -> dict[str, int]:
    """Return a payment's pence by holder, more than nothing each; suspense is last."""
    if match is None:
        return {account_id if account_id is not None else SUSPENSE: payment.amount_pence}
    shares = dict(match.shares)
    rest = payment.amount_pence - sum(shares.values())
    return shares | ({SUSPENSE: rest} if rest else {})


def _take(left: dict[str, int], pence: int) -> list[tuple[str, int]]:
    """Take pence from the holders, the last first; return what was taken from whom."""
    taken = []
    for holder in reversed(left):
        part = min(pence, left[holder])
        if part:
            left[holder] -= part
            pence -= part
            taken.append((holder, part))
    return taken


@dataclass(frozen=True, slots=True)
class Held:
    """What a holder has of one payment: the pence it was given, and what each reversal took of them."""

    pence: int
    reversed_pence: Mapping[str, int]

    @property
    def left_pence(self) -> int:
        """What is left of it."""
        return self.pence - sum(self.reversed_pence.values())


NOTHING = Held(0, {})
"""What a holder has that was never given anything."""


def by_holder(parts: Sequence[Part]) -> dict[str, Held]:
    """Return what each holder has by a target of one payment."""
    taken: dict[str, dict[str, int]] = {}
    for part in parts:
        if part.kind is FactKind.REVERSAL:
            taken.setdefault(part.holder, {})[part.fact_id] = part.amount_pence
    return {
        part.holder: Held(-part.amount_pence, taken.get(part.holder, {}))
        for part in parts
        if part.kind is FactKind.PAYMENT
    }
