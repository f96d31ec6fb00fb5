"""The advance notice of a direct debit: one letter an account, with amount, day, reference and the guarantee."""

import email
import email.policy
from datetime import date

from shared.events.billing import CollectionAnnounced
from tests.integration.notify.conftest import DAY, Office

ANNOUNCED = CollectionAnnounced(
    account_id="A1", account_ref="F00000000001", collection_id="DD-2026-04-29-1", mandate_id="MD1",
    amount_pence=1_095_50, announced_on=DAY, collect_on=date(2026, 4, 29),
)  # fmt: skip


async def notices(office: Office) -> list[str]:
    rows = await office.rows(
        "select body from notify.messages join notify.contents using (message_id) where template = 'collection-notice'"
    )
    messages = [email.message_from_bytes(row["body"], policy=email.policy.default) for row in rows]
    return [
        str(part.get_content()) for one in messages for part in one.walk() if part.get_content_type() == "text/plain"
    ]


async def test_an_owner_is_told_once_what_is_taken_and_when(office: Office) -> None:
    await office.close_of()
    assert await office.hear(ANNOUNCED, event_id="n1") == ["D"]
    assert await office.hear(ANNOUNCED, event_id="n2") == ["U"]
    assert await office.hear(ANNOUNCED.model_copy(update={"amount_pence": 1}), event_id="n3") == ["X"]
    await office.work()
    [text] = await notices(office)
    words = " ".join(text.split())
    assert "On 29 April 2026, or the first working day after it" in words
    assert "we will collect £1,095.50 from your bank account for Flat 1, 14 Alder Street" in words
    assert "The reference on your bank statement is F00000000001 DD-2026-04-29-1." in words
    assert "Mandate: MD1" in words
    assert "The Direct Debit Guarantee" in words
