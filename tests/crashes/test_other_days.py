"""The days of arrears and notify, killed at every await, and their recoveries, end like days in peace."""

import pytest

from tests.crashes.conftest import SOME, Experiments
from tests.crashes.laboratory import killed_twice, survey
from tests.crashes.test_crashes import IDLE
from tests.crashes.zygote import SMALL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(14_400)]
DAYS = ("chasing", "writing")


async def test_each_day_has_more_to_do_than_one_slice_holds(other_days: Experiments) -> None:
    decided, written = other_days["chasing"].wanted["arrears.decisions"], other_days["writing"].wanted
    assert len(decided) == 3 > SMALL["services.arrears.usecases.day:SLICE"]
    planned = other_days["chasing"].wanted["arrears.plan_changes"]
    assert len(planned) == 4 > 2 + SMALL["services.arrears.usecases.plan_days:SLICE"]
    assert len(written["notify.messages"]) == 3 > SMALL["services.notify.usecases.rendering:LETTERS_IN_A_SLICE"]


@pytest.mark.parametrize("day", DAYS)
async def test_a_day_killed_at_every_await_ends_like_one_in_peace(other_days: Experiments, day: str) -> None:
    found = await survey(other_days[day], other_days[day].points)
    assert found.wrong == []
    assert {place for place in found.unseen() if not place.endswith(IDLE)} == set()


@pytest.mark.parametrize("day", DAYS)
async def test_a_day_whose_recovery_is_killed_too_ends_like_one_in_peace(other_days: Experiments, day: str) -> None:
    twice, wrong = await killed_twice(other_days[day], SOME)
    assert wrong == []
    assert twice >= SOME
