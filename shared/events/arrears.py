"""What arrears says: stages reached, holds, plans, notices and write-offs, each with its policy version and figures."""

from enum import StrEnum

from pydantic import Field

from shared.events.base import EventData
from shared.events.housing import PaymentMethod
from shared.events.types import Day, Id, NaturalPence, PositivePence, Text


class OverdueItem(EventData):
    """One overdue debt behind a decision."""

    charge_id: Id
    due_on: Day
    open_pence: PositivePence


class StageReached(EventData):
    """An overdue account reached a stage of the ladder; the letter follows.  Key: ``account_id``."""

    account_id: Id
    account_ref: Id
    cycle: int = Field(ge=1, description="Which debt cycle of the account; a stage fires once in each.")
    stage: int = Field(ge=1)
    name: Id = Field(description="reminder-1, reminder-2 and so on: also the letter's template.")
    stage_on: Day
    overdue_pence: PositivePence
    minimum_pence: NaturalPence
    oldest_due_on: Day
    items: tuple[OverdueItem, ...]
    policy_version: Id
    reason: Text


class HoldKind(StrEnum):
    """Why an account is not chased (Code of Conduct section 4 and policy)."""

    DISPUTE = "dispute"
    COMPLAINT_OPEN = "complaint-open"
    FTT = "ftt"
    PLAN_ACTIVE = "plan-active"
    VULNERABLE = "vulnerable"
    MORATORIUM = "moratorium"
    INSOLVENCY = "insolvency"
    DECEASED = "deceased"
    SALE_PENDING = "sale-pending"
    RETURNED_MAIL = "returned-mail"


class HoldChanged(EventData):
    """A hold was set on an account, or lifted (``ended_on``), and by which member of staff.  Key: ``account_id``.

    Its figures are what it keeps from being sent, and until when; the sums it keeps back are in each decision.
    """

    account_id: Id
    hold_id: Id
    kind: HoldKind
    charge_id: Id | None = None
    started_on: Day
    review_on: Day | None = None
    ended_on: Day | None = None
    reason: Text
    by: Text | None = None
    stops_from_stage: int | None = Field(
        default=None, ge=1, description="The first stage whose letters it stops; none: it takes debts away."
    )
    grace_until: Day | None = Field(default=None, description="Of a lifted one: no letter before this day.")
    policy_version: Id | None = Field(default=None, description="The ladder in force in the book of the change.")


class PlanState(StrEnum):
    """Where a repayment plan stands."""

    AGREED = "agreed"
    WARNED = "warned"
    FAILED = "failed"
    COMPLETED = "completed"
    ENDED = "ended"


class Frequency(StrEnum):
    """How often an instalment of a plan is due."""

    MONTHLY = "monthly"
    FORTNIGHTLY = "fortnightly"
    WEEKLY = "weekly"


class PlanInstalment(EventData):
    """One instalment of a plan."""

    due_on: Day
    amount_pence: PositivePence


class PlanChanged(EventData):
    """A repayment plan was agreed, kept, broken or completed.  Key: ``account_id``.

    Its figures are those on which the change was decided.
    """

    account_id: Id
    plan_id: Id
    state: Id = Field(
        description="agreed (it stands), warned, failed, completed, or ended: by an officer, or the rest was given up."
    )
    total_pence: PositivePence
    policy_version: Id
    reason: Text
    change: int | None = Field(default=None, ge=1, description="Which change of the plan this is; 1: it was agreed.")
    changed_on: Day | None = None
    paid_pence: NaturalPence | None = Field(
        default=None, description="What of the total is open no more, disputed, or on its way by direct debit."
    )
    due_pence: NaturalPence | None = Field(default=None, description="What should have been paid, days of grace over.")
    short_pence: NaturalPence | None = Field(default=None, description="What of that is missing.")
    current_pence: NaturalPence | None = Field(
        default=None, description="What is overdue beside the plan, days of grace over."
    )
    next_on: Day | None = Field(default=None, description="When the next instalment is due.")
    next_pence: PositivePence | None = Field(default=None, description="What is left of that instalment.")
    catch_up_by: Day | None = Field(default=None, description="Of a warned one: the last day to catch up.")
    warned_of: tuple[Id, ...] | None = Field(
        default=None, description="Of a warned one: instalment (one was missed), current (charges beside the plan)."
    )
    instalments: tuple[PlanInstalment, ...] | None = None
    items: tuple[OverdueItem, ...] | None = Field(default=None, description="The debts in the plan, as they were then.")
    frequency: Frequency | None = None
    method: PaymentMethod | None = None
    current_charges: bool | None = Field(
        default=None, description="Whether charges beside the plan have to be paid on time, too."
    )
    grace_office_days: int | None = Field(default=None, ge=0, description="Office days after which one is missed.")
    catch_up_days: int | None = Field(default=None, ge=0, description="Days to catch up after a warning.")
    fails_at_missed: int | None = Field(default=None, ge=1, description="How many missed instalments end the plan.")
    in_a_row: int | None = Field(default=None, ge=1, description="Of how many in a row these are counted.")


class NoticeForm(StrEnum):
    """Under which Act a notice is registered: a flat of a tenement by that of 2004, anything else by that of 2003."""

    TITLE_CONDITIONS = "2003"
    TENEMENTS = "2004"


class NoticeState(StrEnum):
    """Where a notice of potential liability stands."""

    CANDIDATE = "candidate"
    WITHDRAWN = "withdrawn"
    """Of a candidate: what asked for it no longer holds."""
    APPROVED = "approved"
    SUBMITTED = "submitted"
    REGISTERED = "registered"
    RENEWED = "renewed"
    CONSENT_DUE = "consent-due"
    """Nothing is owed any more; the newest money may still be taken back."""
    CONSENT_ISSUED = "consent-issued"
    DISCHARGED = "discharged"
    EXPIRED = "expired"
    REJECTED = "rejected"


class NoticeChange(StrEnum):
    """What happened to a notice."""

    RAISED = "raised"
    URGENCY = "urgency"
    WITHDRAWN = "withdrawn"
    APPROVED = "approved"
    SUBMITTED = "submitted"
    REGISTERED = "registered"
    RENEWED = "renewed"
    LEFT_TO_EXPIRE = "left-to-expire"
    SALE = "sale"
    """A sale was told, moved or cancelled: whether the notice binds the buyer was worked out anew."""
    CONSENT_DUE = "consent-due"
    OWED_AGAIN = "owed-again"
    CONSENT_ISSUED = "consent-issued"
    DISCHARGED = "discharged"
    EXPIRED = "expired"
    REJECTED = "rejected"
    SEEN_TO = "seen-to"
    """Of a breach: an officer has done what was to be done about it."""
    TAKEN_BACK = "taken-back"
    """A step was noted in error: the notice stands as it did before it."""


class NoticeStep(StrEnum):
    """What an officer notes of a notice; a candidate is approved by two people instead."""

    SUBMITTED = "submitted"
    REGISTERED = "registered"
    RENEWED = "renewed"
    LEFT_TO_EXPIRE = "left-to-expire"
    CONSENT = "consent"
    DISCHARGED = "discharged"
    REJECTED = "rejected"
    SEEN_TO = "seen-to"


class NoticeChanged(EventData):
    """A notice of potential liability moved on (Title Conditions Act s.10A, Tenements Act s.13).

    Key: ``account_id``.  It is no hold: it stops no letter, no sale and no prescription.
    """

    account_id: Id
    notice_id: Id
    state: Id
    policy_version: Id
    reason: Text
    account_ref: Id | None = None
    number: int | None = Field(default=None, ge=1, description="Counts what was said of the notice.")
    change: NoticeChange | None = Field(default=None, description="What happened; ``state`` is how it stands then.")
    changed_on: Day | None = Field(default=None, description="The day in whose book it happened.")
    urgent: bool | None = Field(default=None, description="Wanted before a sale that was told ahead.")
    eligible_pence: NaturalPence | None = Field(
        default=None,
        description="What of the debt counted for a notice when it was last looked at.",
    )
    oldest_due_on: Day | None = None
    form: NoticeForm | None = None
    title_number: Text | None = None
    headings: tuple[Text, ...] = Field(default=(), description="What the notice is for; it states no sum.")
    reference: Text | None = Field(default=None, description="What the Registers call it.")
    approved_on: Day | None = Field(
        default=None, description="When two people agreed; one registered before that was taken over from elsewhere."
    )
    registered_on: Day | None = None
    renewed_on: Day | None = None
    last_on: Day | None = Field(default=None, description="The last day on which it is in force.")
    binds_from: Day | None = Field(default=None, description="The first day of entry of a buyer whom it binds.")
    entry_on: Day | None = Field(default=None, description="When the next owner takes over, once a sale is told.")
    buyer_liable: bool | None = Field(default=None, description="Whether it binds that owner.")
    resale_on: Day | None = Field(
        default=None,
        description="When the newest owner after that one takes over: it was sold on while the notice stood.",
    )
    resale_liable: bool | None = Field(default=None, description="Whether it binds that newest owner.")
    breach: bool = Field(default=False, description="It expired, and nobody had renewed it or decided not to.")
    seen_to_on: Day | None = Field(default=None, description="Of a breach: when it was seen to; it stays a breach.")
    renews: Id | None = Field(default=None, description="The expired notice that this one was registered for too late.")


class WriteOffChanged(EventData):
    """A write-off was proposed, approved, refused or written back.  Key: ``account_id``."""

    account_id: Id
    write_off_id: Id
    state: Id
    amount_pence: PositivePence
    policy_version: Id
    reason: Text
