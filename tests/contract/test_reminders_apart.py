"""Arrears decides reminders so far apart as notify lets them leave, although each knows its own distance.

Arrears counts from the day a stage is reached, notify from the day the letter before was handed over.
"""

from services.arrears.settings import read_ladder_policies
from services.notify.domain.dispatch import BOOKS_APART


def test_notify_lets_reminders_leave_as_far_apart_as_the_shipped_ladder_decides_them() -> None:
    (policy,) = read_ladder_policies()
    letters = {stage.name: stage.gap_days for stage in policy.stages if stage.enabled}
    assert letters == BOOKS_APART
