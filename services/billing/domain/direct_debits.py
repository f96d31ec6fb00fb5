"""Direct debits: who may be collected from, when, how much, and what is never collected unannounced."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.billing.domain.position import Open
from shared.calendar import bank_day_from
from shared.csv_text import csv_line
from shared.events.billing import NotTaken
from shared.returns import NextStep, reason_of, tells_of_death

COLUMNS = (
    "mandate.id", "customer.id", "customer.given_name", "customer.family_name", "customer.company_name",
    "customer.email", "payment.amount", "payment.currency", "payment.description", "payment.charge_date",
    "payment.metadata.account_ref",
)  # fmt: skip
"""The columns of the bureau's bulk upload (GoCardless, "Bulk importing payments"); it knows the customers itself."""


@dataclass(frozen=True, slots=True)
class Mandate:
    """An owner's instruction, by the bureau's name for it, since a day; ``ended_on``: no more.

    ``bank_code``: an officer ended it because the bank told so, outside a return.  No sort code and no account number:
    these stay with the bureau.
    """

    mandate_id: str
    account_id: str
    set_on: date
    ended_on: date | None = None
    bank_code: str | None = None


@dataclass(frozen=True, slots=True)
class Return:
    """A direct debit of a day that was taken back from an account, and the bank's words."""

    account_id: str
    collected_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Announced:
    """What an owner was told that a collection takes from an account, in pence."""

    account_id: str
    account_ref: str
    mandate_id: str
    amount_pence: int


@dataclass(frozen=True, slots=True)
class Coming:
    """What was announced of an account under a mandate for a day, and has not come."""

    account_id: str
    mandate_id: str
    amount_pence: int
    collect_on: date


def coming_under(mandate: Mandate, coming: Iterable[Coming]) -> list[Coming]:
    """Return what is still to be taken under an account's mandate; what was announced under an earlier one is not."""
    whose = (mandate.account_id, mandate.mandate_id)
    return [one for one in coming if (one.account_id, one.mandate_id) == whose]


def collection_day(day: date) -> date:
    """Return the day on which money asked for on ``day`` is taken: the next on which Bacs works (domain.md 9.25)."""
    return bank_day_from(day)


def ends_mandate(words: str) -> bool:
    """Say whether the bank's words mean that the instruction is no more (domain.md 9.21, 9.22)."""
    reason = reason_of(words)
    told_by_bank = reason.code.startswith(("arudd-", "addacs-"))
    return told_by_bank and reason.next_step in (NextStep.ASK_FOR_METHOD, NextStep.CONDOLE)


def asks_for_method(words: str) -> bool:
    """Say whether the bank's words end the instruction of somebody who lives: they are asked for another way to pay.

    Source: domain.md 9.22; of a payer who has died nobody is asked (9.21).
    """
    return ends_mandate(words) and not tells_of_death(words)


def standing(mandates: Iterable[Mandate], returns: Iterable[Return]) -> dict[str, Mandate]:
    """Return the mandate of each account that has one: set, not cancelled, and not ended by the bank.

    The bank's words end the mandate that the money was collected under: what was collected by the day a mandate was set
    was collected under an earlier one, whenever it is taken back.
    """
    ended: dict[str, date] = {}
    for one in returns:
        if ends_mandate(one.reason):
            ended[one.account_id] = max(one.collected_on, ended.get(one.account_id, one.collected_on))
    return {
        one.account_id: one
        for one in sorted(mandates, key=lambda one: (one.set_on, one.mandate_id))
        if one.ended_on is None and ended.get(one.account_id, date.min) <= one.set_on
    }


def payable(items: Iterable[Open], collect_on: date) -> int:
    """Return the pence that may be collected on a day: open and due by then, and not disputed."""
    return sum(one.open_pence - one.disputed_pence for one in items if one.item.due_on <= collect_on)


def free(owed: Iterable[int], taken: Iterable[int]) -> int:
    """Return the pence that others leave of an account for a collection.

    ``owed`` is what is payable by its own day, and by the day of each later one on its way; ``taken`` is what those of
    the same days and before take.  So money on its way to what falls due later leaves alone what is due now.
    """
    return min(due - gone for due, gone in zip(owed, taken, strict=True))


def why_skipped(announced: Announced, mandate: Mandate | None, payable_pence: int) -> NotTaken | None:
    """Return why a collection passes an account over; None: what was announced is taken, and nothing else ever.

    An owner who owes less than was announced is not collected from, one who owes more pays what was announced.
    Source: domain.md 9.24.
    """
    if mandate is None or mandate.mandate_id != announced.mandate_id:
        return NotTaken.MANDATE_ENDED
    return NotTaken.OWES_LESS if payable_pence < announced.amount_pence else None


def file_of(collection_id: str, collect_on: date, taken: Iterable[Announced]) -> str:
    """Return the file that the bureau collects by: a line an account, in order of account_ref; the same every time."""
    rows = [
        (
            one.mandate_id, None, None, None, None, None, f"{one.amount_pence // 100}.{one.amount_pence % 100:02d}",
            "GBP", f"{one.account_ref} {collection_id}", collect_on.isoformat(), one.account_ref,
        )
        for one in sorted(taken, key=lambda one: one.account_ref)
    ]  # fmt: skip
    return "".join(csv_line(row) for row in (COLUMNS, *rows))
