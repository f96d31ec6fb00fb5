"""Saying where the money of a payment stands, whenever that changed: on accounts, or in suspense."""

from collections.abc import Iterable, Mapping, Sequence

from services.billing.domain.facts import SUSPENSE, Part, Payment, Reversal
from services.billing.domain.payments import NOTHING, Held, by_holder, candidate_refs
from shared.bus.work import Cause, Work
from shared.events.billing import AccountPaid, AccountPaymentReversed, PaymentSuspended, PaymentUnmatched
from shared.events.topics import ACCOUNT_PAID, ACCOUNT_REVERSED, PAYMENT_SUSPENDED, PAYMENT_UNMATCHED


def say_change(
    work: Work, cause: Cause, payment: Payment, reversals: Iterable[Reversal], old: Sequence[Part], new: Sequence[Part],
    *, learnt: bool = False,
) -> None:  # fmt: skip
    """Say how two targets of a payment differ, account by account: first what left, then what came and was taken back.

    ``reversals`` are all that the targets name.  Of suspense only what is there now is said.  ``learnt``: nobody said
    whose money it is, something was learnt of units and accounts.
    """
    before, after = by_holder(old), by_holder(new)
    known = {reversal.reversal_id: reversal for reversal in reversals}
    changed = [holder for holder in sorted({*before, *after}) if before.get(holder) != after.get(holder)]
    accounts = [holder for holder in changed if holder != SUSPENSE]
    told = _told(before) if learnt and not candidate_refs(payment) else frozenset[str]()
    gone = [holder for holder in accounts if holder in before and not _is_more(before[holder], after.get(holder))]
    for holder in gone:
        _say_departure(work, cause, payment, holder, before[holder])
    for holder in accounts:
        if holder in after:
            was = before[holder] if holder in before and holder not in gone else NOTHING
            _say_arrival(work, cause, payment, known, holder, was, after[holder], told)
    if SUSPENSE in changed and SUSPENSE in after:
        _say_suspended(work, cause, payment, after[SUSPENSE])


def _told(before: Mapping[str, Held]) -> frozenset[str]:
    """Return the reversals that were said of an account."""
    held = (one.reversed_pence for holder, one in before.items() if holder != SUSPENSE)
    return frozenset(reversal_id for taken in held for reversal_id in taken)


def _is_more(was: Held, now: Held | None) -> bool:
    """Say whether an account kept its money, and only more of it was taken back."""
    return now is not None and now.pence == was.pence and was.reversed_pence.items() <= now.reversed_pence.items()


def _say_departure(work: Work, cause: Cause, payment: Payment, account_id: str, held: Held) -> None:
    """Say that what is left of a payment moves away from an account."""
    data = PaymentUnmatched(
        account_id=account_id, payment_id=payment.payment_id, amount_pence=held.left_pence,
        received_on=payment.received_on,
    )  # fmt: skip
    work.stage(PAYMENT_UNMATCHED, data, cause=cause)


def _say_arrival(
    work: Work, cause: Cause, payment: Payment, known: dict[str, Reversal], account_id: str, was: Held, now: Held,
    told: frozenset[str],
) -> None:  # fmt: skip
    """Say the money that came to an account, and what was taken back of it, as far as that is new.

    ``told`` are reversals that another account has borne: they move with the unit.
    """
    if now.pence != was.pence:
        paid = AccountPaid(
            account_id=account_id, payment_id=payment.payment_id, amount_pence=now.pence,
            received_on=payment.received_on, method=payment.method,
        )  # fmt: skip
        work.stage(ACCOUNT_PAID, paid, cause=cause)
    for reversal_id, pence in now.reversed_pence.items():
        if reversal_id not in was.reversed_pence:
            reversal = known[reversal_id]
            data = AccountPaymentReversed(
                account_id=account_id, payment_id=payment.payment_id, reversal_id=reversal_id, amount_pence=pence,
                reversed_on=reversal.reversed_on, reason=reversal.reason,
                moved=reversal_id in told,
            )  # fmt: skip
            work.stage(ACCOUNT_REVERSED, data, cause=cause)


def _say_suspended(work: Work, cause: Cause, payment: Payment, held: Held) -> None:
    """Say what of a payment is in suspense."""
    data = PaymentSuspended(
        payment_id=payment.payment_id, amount_pence=held.left_pence, received_on=payment.received_on
    )
    work.stage(PAYMENT_SUSPENDED, data, cause=cause)
