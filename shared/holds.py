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


def stops(kind: HoldKind, stage: int) -> bool:
    """Return whether a hold stops the letter of ``stage`` about what it is on."""
    return kind in FIRST_STAGE_STOPPED and stage >= FIRST_STAGE_STOPPED[kind]
