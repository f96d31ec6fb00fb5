"""The day's slices of notify: it writes the letters that are due and queues them."""

from tests.crashes.case import Case
from tests.crashes.closing import COUNTED, MOMENTS, close
from tests.crashes.parts import notify_of
from tests.integration.notify.conftest import DAY

__all__ = ["COUNTED", "DAY", "MOMENTS"]


async def work(case: Case) -> None:
    """Close notify's day."""
    await close(case, notify_of, DAY)
