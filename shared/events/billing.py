"""What billing says: accounts, shares of charges, money matched and moved, open items and statements."""

from enum import StrEnum

from pydantic import Field

from shared.events.base import EventData
from shared.events.housing import ChargeKind, PaymentMethod
from shared.events.mandates import PaidByDirectDebit
from shared.events.types import Day, Id, NaturalPence, PositivePence, SignedPence, Text


class AccountOpened(EventData):
    """An ownership period (or a unit's internal side) got its account; owners quote ``account_ref``.

    Key: ``account_id``.
    """

    account_id: Id
    account_ref: Id
    unit_id: Id
    ownership_id: Id | None = None
    internal: bool


class AccountClosed(EventData):
    """An account's ownership period got an end, or (``closed_on`` absent) lost it again.  Key: ``account_id``."""

    account_id: Id
    account_ref: Id
    closed_on: Day | None = None


class ShareReason(StrEnum):
    """Why an account's share of a charge changed."""

    RAISED = "raised"
    CREDITED = "credited"
    REDIVIDED = "redivided"


class AccountCharged(EventData):
    """An account's share of a charge or of its credit, positive or negative.

    Topic ``billing.charge-raised``.  Key: ``account_id``.
    """

    account_id: Id
    charge_id: Id
    credit_id: Id | None = None
    unit_id: Id
    kind: ChargeKind
    amount_pence: SignedPence
    tax_pence: SignedPence
    share: str | None = Field(default=None, description="The unit's share of the pool, as 3/27.")
    pool_pence: SignedPence
    value_on: Day
    due_on: Day | None = None
    reason: ShareReason


class AccountPaid(EventData):
    """Money was matched to an account.  Topic ``billing.payment-received``.  Key: ``account_id``."""

    account_id: Id
    payment_id: Id
    amount_pence: PositivePence
    received_on: Day
    method: PaymentMethod


class AccountPaymentReversed(EventData):
    """Money matched to an account was taken back by the bank, or sent back by us (reason ``refund``).

    Topic ``billing.payment-reversed``.  Key: ``account_id``.
    """

    account_id: Id
    payment_id: Id
    reversal_id: Id
    amount_pence: PositivePence
    reversed_on: Day
    reason: Text
    moved: bool = Field(
        default=False,
        description="Said of another account before: the payment names a unit alone and goes with its owner; "
        "who paid it is not known anew.",
    )


class PaymentUnmatched(EventData):
    """What is left of a payment moved away from an account to where it belongs.  Key: ``account_id``."""

    account_id: Id
    payment_id: Id
    amount_pence: NaturalPence
    received_on: Day


class PaymentSuspended(EventData):
    """Nobody matches a payment; it waits in suspense.  Key: ``payment_id``."""

    payment_id: Id
    amount_pence: NaturalPence
    received_on: Day


class OpenItem(EventData):
    """One debt of an account that has a due date, and what is still open of it."""

    charge_id: Id
    statement_no: Id | None = Field(default=None, description="Absent for an opening balance billed before our time.")
    issued_on: Day = Field(description="Issue day of the document that carries it.")
    due_on: Day
    open_pence: PositivePence
    disputed_pence: PositivePence | None = Field(
        default=None, description="What of it the owner disputes: owed, and not chased."
    )
    dispute_ended_on: Day | None = Field(
        default=None, description="When the last dispute of its charge ended; days of grace count from then."
    )


class ItemsChanged(EventData):
    """All open items of an account after a change, and its credit and balance.  Key: ``account_id``."""

    account_id: Id
    items: tuple[OpenItem, ...]
    credit_pence: NaturalPence = Field(description="Money not set against any item.")
    balance_pence: SignedPence
    written_off_pence: PositivePence | None = Field(
        default=None, description="What stands written off: no item any more, and not paid either."
    )


class DisputeRaised(EventData):
    """An owner does not accept so much of a charge: no letter goes that chases it.  Key: ``account_id``."""

    account_id: Id
    dispute_id: Id
    charge_id: Id
    amount_pence: PositivePence
    raised_on: Day = Field(description="When the owner said so; never later than the event's book.")


class CollectionAnnounced(EventData):
    """An owner is to be told that a direct debit takes so much on a day.  Key: ``account_id``."""

    account_id: Id
    account_ref: Id
    collection_id: Id
    mandate_id: Id
    amount_pence: PositivePence
    announced_on: Day
    collect_on: Day
    settled_by: Day | None = Field(
        default=None,
        description="The last day on which the money may be on its way; older announcements lack it.",
    )


class NotTaken(StrEnum):
    """Why nothing is taken of what was announced."""

    MANDATE_ENDED = "mandate-ended"
    OWES_LESS = "owes-less"


class CollectionEnded(EventData):
    """A collection takes nothing of what an owner was told it would.  Key: ``account_id``."""

    account_id: Id
    collection_id: Id
    amount_pence: PositivePence = Field(description="What had been announced.")
    why: NotTaken


class LineKind(StrEnum):
    """What a line of an account is."""

    CHARGE = "charge"
    CREDIT = "credit"
    PAYMENT = "payment"
    REVERSAL = "reversal"
    FEE = "fee"
    INTEREST = "interest"
    WRITE_OFF = "write-off"
    REFUND = "refund"
    ADJUSTMENT = "adjustment"


class StatementLine(EventData):
    """One line of a statement: what one fact did to the account within a book, netted."""

    kind: LineKind
    charge_id: Id | None = None
    credit_id: Id | None = None
    payment_id: Id | None = None
    reversal_id: Id | None = None
    charge_kind: ChargeKind | None = None
    description: Text | None = None
    reason: Text | None = Field(default=None, description="Of a credit: why it was given, in its sender's words.")
    billed_on_statement: Id | None = Field(
        default=None,
        description="Of a credit: the earlier statement that billed its charge to this account, when there is one.",
    )
    share: str | None = None
    pool_pence: SignedPence | None = None
    period_from: Day | None = Field(
        default=None,
        description="The first day of a cost over days; on a statement only where its days are not all the owner's.",
    )
    period_to: Day | None = None
    owned_from: Day | None = Field(
        default=None, description="The first of those days that is the owner's, where not all are."
    )
    owned_to: Day | None = None
    tax_pence: SignedPence = 0
    amount_pence: SignedPence
    value_on: Day
    book: Day


class StatementIssued(EventData):
    """A quarter's statement of an account, with its lines.  Key: ``account_id``.

    ``total_pence`` is the sum of the lines; ``balance_pence`` is brought forward plus total.
    """

    account_id: Id
    account_ref: Id
    unit_id: Id
    ownership_id: Id
    statement_no: Id
    quarter: str = Field(pattern=r"^\d{4}Q[1-4]$")
    issued_on: Day
    due_on: Day
    known_at: Day | None = Field(
        default=None,
        description="Of a statement that was reviewed before it was issued: it carries what was known on this day.",
    )
    brought_forward_pence: SignedPence
    total_pence: SignedPence
    balance_pence: SignedPence
    float_held_pence: PositivePence | None = Field(
        default=None, description="What is held of the owner as a float on the day of issue; not in the balance."
    )
    direct_debit: PaidByDirectDebit | None = Field(
        default=None, description="Of an account that pays so at the end of the day of issue; in no figure."
    )
    lines: tuple[StatementLine, ...]


class FinalAccountIssued(StatementIssued):
    """The closing document of an ownership that has ended.  Key: ``account_id``.

    It moves nothing: its lines are those no statement carries yet, and the next statement carries them all the same.
    """

    exit_on: Day | None = Field(default=None, description="The first day that is no longer the owner's.")


class AnnualHead(EventData):
    """What a year's statements billed of one kind of charge, tax included in all three; credits are negative."""

    kind: ChargeKind
    charged_pence: SignedPence
    credited_pence: SignedPence
    tax_pence: SignedPence


class AnnualLine(StatementLine):
    """A line of a year's statements, with the days of the work it is for."""

    completed_on: Day | None = None


class AnnualFund(EventData):
    """What the reserve fund that a unit pays into held at a year's end, as known on the day of issue."""

    fund_id: Id = Field(description="The unit's block, or its development where it has no block.")
    left_pence: SignedPence = Field(description="Paid in and not spent by the year's last day; nobody's own balance.")


class AnnualStatementIssued(EventData):
    """What an account's statements of a calendar year's quarters billed, said once for each year.  Key: ``account_id``.

    It moves nothing and is no bill.  ``total_pence`` is the sum of the lines, and of the heads with the lines that are
    of no head; ``balance_pence``, brought forward plus total, is that of the year's last statement.
    """

    account_id: Id
    account_ref: Id
    unit_id: Id
    ownership_id: Id
    year: int = Field(ge=1970, le=9998)
    issued_on: Day
    statement_nos: tuple[Id, ...] = Field(description="The year's statements, oldest first.")
    brought_forward_pence: SignedPence
    total_pence: SignedPence
    balance_pence: SignedPence
    float_held_pence: PositivePence | None = Field(
        default=None, description="What is held of the owner as a float on the day of issue; not in the balance."
    )
    reserve_fund: AnnualFund | None = Field(default=None, description="Absent where nobody was asked for a fund.")
    heads: tuple[AnnualHead, ...]
    lines: tuple[AnnualLine, ...]


class FeeNoticeGiven(EventData):
    """An owner is to be told that a fee or premium goes up.  Key: ``account_id``.

    The pence are a year's, tax included: the unit's own, or (with ``share``) the pool's that the share set divides.
    """

    account_id: Id
    account_ref: Id
    unit_id: Id
    ownership_id: Id
    schedule_id: Id
    version: int = Field(ge=1, description="The version of the schedule that is dearer.")
    kind: ChargeKind
    description: Text
    why: Text
    old_pence: NaturalPence
    new_pence: PositivePence
    new_tax_pence: NaturalPence = Field(default=0, description="The tax inside ``new_pence``.")
    instalments: int = Field(ge=1, le=12, description="How many times a year it is charged.")
    share: str | None = None
    notified_on: Day
    effective_from: Day = Field(description="The first day that is charged at the new price.")


class ShareCarried(EventData):
    """An owner is to be told what they carry of a share that cannot be recovered (rule 5).  Key: ``account_id``.

    Nothing here says whose share is missing.  Each account is told once of a charge.
    """

    account_id: Id
    account_ref: Id
    unit_id: Id
    ownership_id: Id
    charge_id: Id = Field(description="The charge on the other owners, as statements have it.")
    shared_charge_id: Id = Field(description="The charge for the common cost, of which a share is missing.")
    kind: ChargeKind
    description: Text = Field(description="What the common cost is for, as every owner's statement has it.")
    total_pence: PositivePence = Field(description="What the common cost comes to, less its credits.")
    missing_pence: PositivePence = Field(description="What of it the other owners carry by this charge.")
    share: str = Field(description="The unit's part of the missing share, as 1/7.")
    share_pence: PositivePence = Field(description="What of that this owner carries.")
    carried_on: Day


class ReliefEnded(EventData):
    """An owner is to be told that what a unit was let off of a fee or premium ends.  Key: ``account_id``.

    The pence are a year's of the unit, tax included.
    """

    account_id: Id
    account_ref: Id
    unit_id: Id
    ownership_id: Id
    relief_id: Id
    schedule_id: Id
    kind: ChargeKind
    description: Text
    points: int = Field(ge=1, le=10_000, description="What was let off, in basis points; 10000: all of it.")
    why: Text
    old_pence: NaturalPence
    new_pence: PositivePence
    new_tax_pence: NaturalPence = Field(default=0, description="The tax inside ``new_pence``.")
    instalments: int = Field(ge=1, le=12, description="How many times a year it is charged.")
    notified_on: Day
    last_on: Day = Field(description="The last day of the relief.")
    charged_from: Day = Field(description="The first day that is charged at the new price.")
