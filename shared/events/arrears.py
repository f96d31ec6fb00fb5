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


FIRST_STAGE_STOPPED = {
    HoldKind.DISPUTE: 1,
    HoldKind.FTT: 1,
    HoldKind.PLAN_ACTIVE: 1,
    HoldKind.MORATORIUM: 1,
    HoldKind.DECEASED: 1,
    HoldKind.SALE_PENDING: 1,
    HoldKind.RETURNED_MAIL: 1,
    HoldKind.VULNERABLE: 2,
    HoldKind.COMPLAINT_OPEN: 4,
}
"""From which stage on a hold stops letters about its account, or about its charge (domain.md 4.3).

Said here for all who hear of holds: arrears when it decides, notify again before a letter leaves.  An insolvency stops
no stage: it takes the debt due by its day away.
"""


def stops(kind: HoldKind, stage: int) -> bool:
    """Return whether a hold stops the letter of ``stage`` about what it is on."""
    return kind in FIRST_STAGE_STOPPED and stage >= FIRST_STAGE_STOPPED[kind]


class HoldChanged(EventData):
    """A hold was set on an account, or lifted (``ended_on``), and by which member of staff.  Key: ``account_id``."""

    account_id: Id
    hold_id: Id
    kind: HoldKind
    charge_id: Id | None = None
    started_on: Day
    review_on: Day | None = None
    ended_on: Day | None = None
    reason: Text
    by: Text | None = None


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
