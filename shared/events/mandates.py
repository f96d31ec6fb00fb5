"""What billing says of mandates: on a statement that one stands; that the bank ended one, in a return or by word."""

from pydantic import Field

from shared.events.base import EventData
from shared.events.types import Day, Id, PositivePence


class MandateEnded(EventData):
    """The bank took a direct debit back because the instruction is no more: the owner is asked for another way to pay.

    Said once for an account and a reversal, also of an instruction that was the housing system's own; neither of a
    payer who has died, nor where another mandate stands by then.  Key: ``account_id``.
    """

    account_id: Id
    account_ref: Id
    mandate_id: Id | None = Field(
        default=None, description="Absent when the money was collected under an instruction that billing never knew."
    )
    payment_id: Id
    reversal_id: Id
    amount_pence: PositivePence = Field(description="What was taken back of this account's share of the payment.")
    collected_on: Day
    returned_on: Day
    code: Id = Field(description="The bank's reason, as ``arudd-1``.")
    noted_on: Day = Field(description="The day in whose work this was found; the letter is dated that day.")


class MandateWithdrawn(EventData):
    """The bank told, outside a return, that an instruction is no more, and an officer cancelled the mandate.

    Said at once of a payer who has died: no letter goes as if they lived.  Else said in the day's work, where no other
    mandate stands by then and no return had ended this one: the owner is asked for another way to pay.
    Key: ``account_id``.
    """

    account_id: Id
    account_ref: Id
    mandate_id: Id
    code: Id = Field(description="The bank's reason, as ``addacs-1``.")
    ended_on: Day = Field(description="Nothing is collected any more; a letter is dated that day.")


class AnnouncedDebit(EventData):
    """What an owner was told that a direct debit takes on a day, and that has neither come nor been called off."""

    amount_pence: PositivePence
    collect_on: Day


class PaidByDirectDebit(EventData):
    """That an account pays by direct debit: its mandate, by the bureau's name, and what is announced of it."""

    mandate_id: Id
    announced: tuple[AnnouncedDebit, ...] = Field(description="By its day, the earliest first; it may be past.")
