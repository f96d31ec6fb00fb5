"""Case 47 of domain.md 9: a hold on the seller stands through a sale and its cancellation, told by billing itself."""

from datetime import date

import pytest

from services.arrears.usecases import questions
from services.arrears.usecases.verify import verify
from shared.db.engine import snapshot
from shared.events.arrears import HoldKind
from shared.events.topics import ACCOUNT_CHARGED, ACCOUNT_CLOSED, ACCOUNT_OPENED, ITEMS_CHANGED
from tests.integration.arrears.conftest import Desk
from tests.integration.arrears.test_holds import hold, lift
from tests.integration.billing.conftest import Desk as BillingDesk
from tests.integration.billing.conftest import a_desk
from tests.integration.billing.facts import a_charge, a_unit
from tests.integration.billing.test_cancelled_sale import CANCELLED, KEPT, SELLER, SOLD
from tests.support.servers import Databases

HEARD = (ACCOUNT_OPENED, ACCOUNT_CHARGED, ACCOUNT_CLOSED, ITEMS_CHANGED)


async def tell(billing: BillingDesk, desk: Desk, told: dict[str, int]) -> None:
    """Let arrears hear what billing said since it heard last; ``told`` counts that by topic."""
    for channel in HEARD:
        said = await billing.said(channel)
        new = said[told.get(channel.topic, 0) :]
        told[channel.topic] = len(said)
        if new:
            await desk.hear(channel, *new)


@pytest.mark.parametrize("charge_id", [None, "C1"])
async def test_a_hold_on_the_seller_or_a_charge_stands_until_it_is_lifted(
    desk: Desk, databases: Databases, charge_id: str | None
) -> None:
    told: dict[str, int] = {}
    async with a_desk(databases) as billing:
        await billing.hear(a_unit(), KEPT, a_charge("C1", 91_00, unit="U1", on="2026-03-01"))
        await billing.close("2026-04-01")
        await tell(billing, desk, told)
        await desk.work_to(date(2026, 4, 5))
        kind = HoldKind.DISPUTE if charge_id else HoldKind.SALE_PENDING
        assert await hold(desk, kind, charge_id, ref=SELLER) == "H1"
        for before, line in (("2026-04-09", SOLD), ("2026-04-14", CANCELLED)):
            await billing.close(before)
            await desk.work_to(date.fromisoformat(before))
            await billing.hear(line)
            await tell(billing, desk, told)
    await desk.work_to(date(2026, 5, 20))
    assert await desk.stages() == []
    async with desk.doors.sessions() as session:
        [kept] = await questions.list_holds(session)
    seller = (SELLER, kind, charge_id, date(2026, 4, 6), None)
    assert tuple(kept[name] for name in ("account_ref", "kind", "charge_id", "started_on", "ended_on")) == seller
    await lift(desk)
    await desk.work_to(date(2026, 5, 31))
    assert [(one.stage, one.stage_on, one.overdue_pence) for one in await desk.stages()] == [
        (1, date(2026, 5, 28), 91_00)
    ]
    async with snapshot(desk.sessions) as connection:
        assert {check["ok"] for check in (await verify(connection))["checks"]} == {True}
