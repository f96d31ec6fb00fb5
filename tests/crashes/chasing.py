"""The day's slices of arrears: plans that are paid are completed, and it is written who gets a first reminder."""

from datetime import timedelta

from tests.crashes.case import Case
from tests.crashes.closing import COUNTED, MOMENTS, close
from tests.crashes.parts import arrears_of
from tests.integration.arrears.conftest import ISSUED

__all__ = ["COUNTED", "MOMENTS"]

DAY = ISSUED + timedelta(days=35)


async def work(case: Case) -> None:
    """Close arrears' day."""
    await close(case, arrears_of, DAY)
