"""What a running service knows of itself, for the status pages and for people who ask why nothing moves."""

from shared.bus.service import Running
from shared.db.engine import driver


async def ping(running: Running) -> None:
    """Make one round trip to the database."""
    async with running.doors.sessions.begin() as session:
        await driver(session)


async def facts(running: Running) -> dict[str, object]:
    """Return the process's facts for ``/statusz``."""
    lanes = {
        f"{state.lane[0]}/{state.lane[1]}": {
            "position": state.expected, "epoch": state.epoch, "stopped": state.stopped and str(state.stopped),
        }
        for state in running.pump.lanes.values()
    }  # fmt: skip
    known: dict[str, object] = {
        "relay_leads": running.relay.leads, "waiting_for": running.day.waiting_for,
        "book": str(running.pump.book), "lanes": lanes,
    }  # fmt: skip
    if running.service.status is not None:
        known |= await running.service.status(running)
    return known
