"""From the difference of two targets to balanced ledger postings."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from services.billing.domain.chart import (
    BANK,
    OPENING,
    RECEIVABLE,
    SUSPENSE_CHARGES,
    SUSPENSE_RECEIPTS,
    TAX,
    income_ledger,
)
from services.billing.domain.facts import Charge, Credit, FactKind, Part, Payment, Reversal, is_waiting
from shared.events.housing import PaymentMethod


class Posting(NamedTuple):
    """One side of a ledger transaction: debit positive, credit negative; only receivables name an account.

    ``tax_pence`` is the tax inside ``amount_pence``.  Compensating postings keep the value date of the fact.
    A tuple, because a charge on 1,000 units makes thousands of them.
    """

    ledger: str
    account_id: str | None
    amount_pence: int
    tax_pence: int
    value_on: date
    kind: FactKind
    fact_id: str
    charge_id: str | None = None
    payment_id: str | None = None


def charge_postings(
    charge: Charge,
    credited: Iterable[Credit],
    changes: Iterable[Part],
) -> tuple[Posting, ...]:
    """Return the postings of a change in where a charge and its credits belong; they sum to nothing for every fact.

    Receivables (and ``suspense-charges`` for what waits) against income and tax; a mere move touches neither of these.
    """
    value_on = {(FactKind.CREDIT, credit.credit_id): credit.credited_on for credit in credited}
    value_on[FactKind.CHARGE, charge.charge_id] = charge.raised_on
    postings: list[Posting] = []
    for (kind, fact_id), parts in _by_fact(changes):
        day = value_on[kind, fact_id]
        postings += _held(parts, SUSPENSE_CHARGES, day, charge.charge_id, None)
        net, tax = _summed(parts)
        if net:
            postings.append(Posting(income_ledger(charge.kind), None, -net, 0, day, kind, fact_id, charge.charge_id))
        if tax:
            postings.append(Posting(TAX, None, -tax, -tax, day, kind, fact_id, charge.charge_id))
    return tuple(postings)


def payment_postings(payment: Payment, reversals: Iterable[Reversal], changes: Iterable[Part]) -> tuple[Posting, ...]:
    """Return the postings of a change in where a payment and its reversals belong; they sum to nothing for every fact.

    Receivables or ``suspense-receipts`` against the bank (an opening credit: against ``opening``); a mere move does not
    touch the bank.
    """
    bank = OPENING if payment.method == PaymentMethod.OPENING_CREDIT else BANK
    value_on = {(FactKind.REVERSAL, reversal.reversal_id): reversal.reversed_on for reversal in reversals}
    value_on[FactKind.PAYMENT, payment.payment_id] = payment.received_on
    postings: list[Posting] = []
    for (kind, fact_id), parts in _by_fact(changes):
        day = value_on[kind, fact_id]
        amount = sum(_summed(parts))
        postings += _held(parts, SUSPENSE_RECEIPTS, day, None, payment.payment_id)
        if amount:
            postings.append(Posting(bank, None, -amount, 0, day, kind, fact_id, None, payment.payment_id))
    return tuple(postings)


def _by_fact(changes: Iterable[Part]) -> Iterable[tuple[tuple[FactKind, str], Sequence[Part]]]:
    facts: dict[tuple[FactKind, str], list[Part]] = {}
    for part in changes:
        facts.setdefault((part.kind, part.fact_id), []).append(part)
    return facts.items()


def _summed(parts: Iterable[Part]) -> tuple[int, int]:
    """Return what parts come to, net and tax."""
    net = tax = 0
    for part in parts:
        net += part.net_pence
        tax += part.tax_pence
    return net, tax


def _held(
    parts: Sequence[Part], suspense: str, value_on: date, charge_id: str | None, payment_id: str | None
) -> list[Posting]:
    """Return one posting for each account (in order of account_id), and one for all that waits."""
    kind, fact_id = parts[0].kind, parts[0].fact_id
    held: dict[str, list[Part]] = {}
    for part in parts:
        held.setdefault("" if is_waiting(part.holder) else part.holder, []).append(part)
    postings: list[Posting] = []
    for holder in sorted(held):
        net, tax = _summed(held[holder])
        if net + tax:
            ledger = RECEIVABLE if holder else suspense
            postings.append(
                Posting(ledger, holder or None, net + tax, tax, value_on, kind, fact_id, charge_id, payment_id)
            )
    return postings
