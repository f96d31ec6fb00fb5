"""What arrears says: stages reached, holds, plans, notices and write-offs, each with its policy version and figures."""

from enum import StrEnum

from pydantic import Field

from shared.events.base import EventData
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


class PlanChanged(EventData):
    """A repayment plan was agreed, kept, broken or completed.  Key: ``account_id``."""

    account_id: Id
    plan_id: Id
    state: Id
    total_pence: PositivePence
    policy_version: Id
    reason: Text


class NoticeChanged(EventData):
    """A notice of potential liability moved on (Title Conditions Act s.10A, Tenements Act s.13).

    Key: ``account_id``.
    """

    account_id: Id
    notice_id: Id
    state: Id
    policy_version: Id
    reason: Text


class WriteOffChanged(EventData):
    """A write-off was proposed, approved, refused or written back.  Key: ``account_id``."""

    account_id: Id
    write_off_id: Id
    state: Id
    amount_pence: PositivePence
    policy_version: Id
    reason: Text
