"""What billing refuses, and under which rule's name it goes to the dead letters (contract.md 4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.billing.domain.charges import left_of
from services.billing.domain.facts import Charge, Credit, Payment, Reversal
from services.billing.domain.payments import live_pence
from shared.events.housing import ChargeKind, ChargeRaised
from shared.money import as_pounds

CREDIT_ABOVE_CHARGE = "credit-above-charge"
FLOAT_OF_ONE_OWNER = "float-of-one-owner"
MATCH_DOES_NOT_FIT = "match-does-not-fit"
REVERSAL_ABOVE_PAYMENT = "reversal-above-payment"
TAX_DOES_NOT_ADD_UP = "tax-does-not-add-up"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The rule that refuses an event or a command, what is wrong in plain words, and the field."""

    rule: str
    detail: str
    field: str


def refuse_charge(data: ChargeRaised) -> Refusal | None:
    """Refuse a charge whose net and tax do not make its gross, and a float that is not one owner's own money."""
    if data.kind is ChargeKind.FLOAT and (data.unit_id is None or data.tax is not None or data.period is not None):
        return Refusal(FLOAT_OF_ONE_OWNER, "a float is one unit's, on one day, and without tax", "kind")
    if data.tax is None or data.tax.net_pence + data.tax.tax_pence == data.amount_pence:
        return None
    made = data.tax.net_pence + data.tax.tax_pence
    return Refusal(TAX_DOES_NOT_ADD_UP, f"net and tax make {made} pence, the gross is {data.amount_pence}", "tax")


def refuse_credit(charge: Charge, accepted: Iterable[Credit], amount_pence: int | None) -> Refusal | None:
    """Refuse a credit above what is left of its charge; one of what is left (no amount), if nothing is left."""
    left = left_of(charge, accepted)
    if left > 0 if amount_pence is None else amount_pence <= left:
        return None
    asked = "all that is left" if amount_pence is None else f"{amount_pence} pence"
    return Refusal(CREDIT_ABOVE_CHARGE, f"{asked} asked, {left} pence left of the charge", "amount_pence")


def refuse_reversal(payment: Payment, accepted: Iterable[Reversal], amount_pence: int) -> Refusal | None:
    """Refuse a reversal above what is left of its payment."""
    left = live_pence(payment, accepted)
    if amount_pence <= left:
        return None
    detail = f"{amount_pence} pence asked, {left} pence left of the payment"
    return Refusal(REVERSAL_ABOVE_PAYMENT, detail, "amount_pence")


def refuse_match(payment: Payment, shares: Sequence[tuple[str, int]]) -> Refusal | None:
    """Refuse a person's word that names an account twice, gives one nothing, or gives away more than there is."""
    if len({account_id for account_id, _ in shares}) < len(shares):
        return Refusal(MATCH_DOES_NOT_FIT, "An account is named twice; give it one sum.", "shares")
    if any(pence <= 0 for _, pence in shares):
        return Refusal(MATCH_DOES_NOT_FIT, "Each account gets a sum above nothing.", "shares")
    given = sum(pence for _, pence in shares)
    if given > payment.amount_pence:
        detail = f"The shares make {as_pounds(given)}; the payment is {as_pounds(payment.amount_pence)}."
        return Refusal(MATCH_DOES_NOT_FIT, detail, "shares")
    return None
