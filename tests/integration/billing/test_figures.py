"""The figures of suspense are those of the ledger."""

from services.billing.usecases import figures
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_payment, a_reversal
from tests.support.figures import figure


async def test_suspense_is_shown_by_kind_and_is_nothing_when_nothing_waits(desk: Desk) -> None:
    await figures.refresh(desk.sessions)
    assert [figure("suspense_items", kind=kind) for kind in ("payments", "charges")] == [0, 0]
    await desk.hear(a_payment("P1", 500, on="2026-02-01", unit_id="U1"))
    await desk.hear(a_reversal("R1", "P1", 100, on="2026-02-03"))
    await desk.hear(a_charge("C1", 250, on="2026-02-01", unit_id="U1"))
    await figures.refresh(desk.sessions)
    balances = await desk.balances()
    assert (figure("suspense_pence", kind="payments"), figure("suspense_items", kind="payments")) == (400, 1)
    assert figure("suspense_pence", kind="charges") == balances["suspense-charges"]
    assert figure("suspense_oldest_days", kind="payments") == 0
