"""What notify looks at before a letter leaves it hears at once, however far its own days are behind."""

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.events.arrears import HoldChanged, HoldKind
from shared.events.base import EventData
from shared.events.billing import DisputeRaised
from shared.events.envelope import encode
from shared.events.topics import DISPUTE_RAISED, HOLD_CHANGED, Channel
from tests.integration.bus.conftest import Benches
from tests.support.bus import eventually

DAY = date(2026, 5, 6)
HOLD = HoldChanged(account_id="A1", hold_id="H1", kind=HoldKind.DECEASED, started_on=DAY, reason="told us")
DISPUTE = DisputeRaised(account_id="A1", dispute_id="D1", charge_id="C1", amount_pence=4000, raised_on=DAY)


@pytest.mark.parametrize(("channel", "data"), [(HOLD_CHANGED, HOLD), (DISPUTE_RAISED, DISPUTE)])
async def test_a_persons_word_is_heard_while_notifys_days_stand_still(
    benches: Benches, channel: Channel, data: EventData
) -> None:
    notify = await benches("notify")
    book = DAY + timedelta(days=9)
    event = encode(
        channel, data, id="e1", source=f"closebook/{channel.owner}", time=datetime.now(UTC), book=book, aggver=1
    )
    async with notify.running():
        await notify.kafka.send(channel.topic, event, key=b"A1")
        await eventually(lambda: notify.sql.fetchval("select count(*) = 1 from public.seen"))
