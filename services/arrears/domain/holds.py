"""What each hold keeps from being chased (domain.md 4.3); the most restrictive one wins."""

from collections.abc import Iterable
from dataclasses import replace

from services.arrears.domain.account import Hold, Item
from shared.events.arrears import HoldKind

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
"""From which stage on a hold stops letters.  An insolvency stops none: it takes the debt before its date away."""


def chased(items: Iterable[Item], holds: Iterable[Hold], stage: int) -> tuple[Item, ...]:
    """Return what counts for ``stage``: without what is disputed, and charges held, or frozen by an insolvency."""
    standing = tuple(holds)
    return tuple(
        replace(item, open_pence=item.open_pence - item.disputed_pence, disputed_pence=0)
        for item in items
        if item.open_pence > item.disputed_pence and not any(_takes_away(hold, item, stage) for hold in standing)
    )


def _takes_away(hold: Hold, item: Item, stage: int) -> bool:
    if hold.charge_id is not None and hold.charge_id != item.charge_id:
        return False
    if hold.kind is HoldKind.INSOLVENCY:
        return item.due_on <= hold.started_on
    return hold.charge_id is not None and stage >= FIRST_STAGE_STOPPED[hold.kind]


def stopping(holds: Iterable[Hold], stage: int) -> HoldKind | None:
    """Return the hold on the whole account that stops ``stage``; the most restrictive one names itself."""
    kinds = [hold.kind for hold in holds if hold.charge_id is None and hold.kind in FIRST_STAGE_STOPPED]
    stops = [kind for kind in kinds if stage >= FIRST_STAGE_STOPPED[kind]]
    return min(stops, key=lambda kind: (FIRST_STAGE_STOPPED[kind], kind), default=None)


def gives_grace(kind: HoldKind) -> bool:
    """Whether lifting this hold starts the days of grace: those that never stopped a letter of ours give none."""
    return kind is not HoldKind.COMPLAINT_OPEN
