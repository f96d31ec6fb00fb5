"""When a new owner is welcomed."""

from dataclasses import replace
from datetime import date

import pytest

from services.notify.domain.recipients import Ownership
from services.notify.domain.welcome import Timing, timing

DAY = date(2026, 4, 1)
OWNED = Ownership("O1", date(2026, 4, 1), None, ("P1",), billing_contact=False, internal=False, in_line=True)


@pytest.mark.parametrize(
    ("ownership", "expected"),
    [
        (OWNED, Timing.NOW),
        (replace(OWNED, from_on=date(1987, 6, 5)), Timing.NOW),
        (replace(OWNED, from_on=date(2026, 4, 2)), Timing.LATER),
        (replace(OWNED, to_on=date(2026, 4, 1)), Timing.NOT_WHILE_IT_STANDS_SO),
        (replace(OWNED, to_on=date(2026, 4, 2)), Timing.NOW),
        (replace(OWNED, in_line=False), Timing.NOT_WHILE_IT_STANDS_SO),
        (replace(OWNED, internal=True), Timing.NOT_WHILE_IT_STANDS_SO),
        (None, Timing.NOT_WHILE_IT_STANDS_SO),
    ],
)
def test_a_welcome_letter_is_due_while_the_ownership_holds(ownership: Ownership | None, expected: Timing) -> None:
    assert timing(ownership, DAY) is expected
