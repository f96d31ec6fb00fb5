"""The notice of a missing share is written once for an account and a charge, whatever is said again."""

from datetime import timedelta

from tests.integration.notify.conftest import DAY, Office
from tests.integration.notify.test_rendering import messages_of
from tests.support.letters import a_share_notice


async def test_it_is_written_once_to_each_owner_whatever_is_said_again(office: Office) -> None:
    await office.close_of(2)
    await office.work()
    first = a_share_notice()
    assert await office.hear(first, a_share_notice(account_id="A2", account_ref="F00000000002")) == ["D", "D"]
    assert await office.hear(first) == ["U"]
    assert await office.hear(a_share_notice(share_pence=28_58)) == ["X"]
    await office.work(DAY + timedelta(days=1))
    assert await office.hear(a_share_notice(charge_id="R5:7d2a:2", missing_pence=120_00, share_pence=17_14)) == ["D"]
    await office.work(DAY + timedelta(days=2))
    written = [one for one in await messages_of(office) if one[0] == "missing-share"]
    assert written == [("missing-share", "email", who) for who in ("P1", "P1", "P2")]
    [(dated_on,)] = await office.rows("select distinct dated_on from notify.messages where template = 'missing-share'")
    assert dated_on == first.carried_on
