"""A hold stops the same letters whenever it is set: before arrears decides a stage, or while its letter waits.

Arrears leaves out what is held when it decides, notify looks again just before the letter leaves.
"""

from datetime import date

import pytest

from services.arrears.domain import holds
from services.arrears.domain.account import Hold, Item
from services.notify.domain import dispatch
from services.notify.domain.dispatch import reason_to_suppress
from shared.events.arrears import HoldKind
from tests.support.letters import a_stage

LAST_STAGE = 7


@pytest.mark.parametrize("stage", range(1, LAST_STAGE + 1))
@pytest.mark.parametrize("charge_id", [None, "C1", "C9"])
@pytest.mark.parametrize("kind", HoldKind)
def test_a_letter_stays_here_when_a_hold_would_have_left_its_charge_out(
    kind: HoldKind, charge_id: str | None, stage: int
) -> None:
    (named,) = a_stage(stage).items
    item = Item(named.charge_id, named.due_on, named.due_on, named.open_pence)
    hold = Hold(kind, named.due_on, charge_id)
    would_go = holds.stopping([hold], stage) is None and holds.chased([item], [hold], stage) == (item,)
    set_since = dispatch.Hold(kind, charge_id, named.due_on)
    assert (reason_to_suppress(a_stage(stage), 0, [set_since]) is None) is would_go


def test_an_insolvency_takes_only_debt_due_by_its_day_in_both() -> None:
    (named,) = a_stage().items
    item = Item(named.charge_id, named.due_on, named.due_on, named.open_pence)
    before = date(2026, 1, 1)
    assert holds.chased([item], [Hold(HoldKind.INSOLVENCY, before)], 1) == (item,)
    assert reason_to_suppress(a_stage(), 0, [dispatch.Hold(HoldKind.INSOLVENCY, None, before)]) is None
