"""Which hold stops which letter: one rule for the services that decide on letters and that send them."""

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
"""From which stage on a hold stops letters about its account, or about its charge (domain.md 4.3).

Said here for all who hear of holds: arrears when it decides, notify again before a letter leaves.  An insolvency stops
no stage: it takes the debt due by its day away.
"""

PLAN_STAGE, PLAN_WARNING_STAGE = 1, 2
"""Which stage the letters about a plan are like: what was agreed or completed the first, a warning or its end the
second."""


def stops(kind: HoldKind, stage: int) -> bool:
    """Return whether a hold stops the letter of ``stage`` about what it is on."""
    return kind in FIRST_STAGE_STOPPED and stage >= FIRST_STAGE_STOPPED[kind]


def stops_plan(kind: HoldKind, stage: int) -> bool:
    """Return whether a hold stops a letter about a plan that is like ``stage``; nobody is warned while one stands.

    The plan's own holds stop none, and an insolvency stops warnings: what it froze is claimed in the estate.
    """
    if kind is HoldKind.INSOLVENCY:
        return stage >= PLAN_WARNING_STAGE
    return kind is not HoldKind.PLAN_ACTIVE and stops(kind, stage)
