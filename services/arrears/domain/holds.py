"""What each hold keeps from being chased (domain.md 4.3); the most restrictive one wins."""

from collections.abc import Iterable
from dataclasses import replace

from services.arrears.domain.account import Hold, Item
from shared.events.arrears import HoldKind
from shared.holds import FIRST_STAGE_STOPPED, stops


def chased(items: Iterable[Item], holds: Iterable[Hold], stage: int) -> tuple[Item, ...]:
    """Return what counts for ``stage``: without what is disputed, and charges held, or frozen by an insolvency."""
    standing = tuple(holds)
    return tuple(
        replace(item, open_pence=item.open_pence - item.disputed_pence, disputed_pence=0)
        for item in items
        if item.open_pence > item.disputed_pence and not any(_takes_away(hold, item, stage) for hold in standing)
    )


def _takes_away(hold: Hold, item: Item, stage: int) -> bool:
    if hold.kind is HoldKind.INSOLVENCY:
        return _freezes(hold, item)
    return hold.charge_id == item.charge_id and stops(hold.kind, stage)


def _freezes(hold: Hold, item: Item) -> bool:
    on_it = hold.charge_id is None or hold.charge_id == item.charge_id
    return hold.kind is HoldKind.INSOLVENCY and on_it and item.due_on <= hold.started_on


def not_frozen(items: Iterable[Item], holds: Iterable[Hold]) -> tuple[Item, ...]:
    """Return the items that no insolvency froze; those are claimed in the estate (domain.md 2.5, R-INS-2)."""
    standing = tuple(holds)
    return tuple(item for item in items if not any(_freezes(hold, item) for hold in standing))


def stopping(holds: Iterable[Hold], stage: int) -> HoldKind | None:
    """Return the hold on the whole account that stops ``stage``; the most restrictive one names itself."""
    kinds = [hold.kind for hold in holds if hold.charge_id is None and stops(hold.kind, stage)]
    return min(kinds, key=lambda kind: (FIRST_STAGE_STOPPED[kind], kind), default=None)


def gives_grace(kind: HoldKind) -> bool:
    """Whether lifting this hold starts the days of grace: those that never stopped a letter of ours give none."""
    return kind is not HoldKind.COMPLAINT_OPEN
