"""A final account as billing says it becomes one letter, of its own template, to the owner who has left."""

import email
import email.policy

from tests.integration.notify.conftest import Office
from tests.support.letters import a_final_account


async def letters(office: Office) -> list[str]:
    """The plain words of every final account written."""
    rows = await office.rows(
        "select body from notify.messages join notify.contents using (message_id) where template = 'final-account'"
    )
    messages = [email.message_from_bytes(row["body"], policy=email.policy.default) for row in rows]
    parts = [part for one in messages for part in one.walk() if part.get_content_type() == "text/plain"]
    return [" ".join(str(part.get_content()).split()) for part in parts]


async def test_the_owner_who_has_left_is_told_once_what_is_owed_and_until_when(office: Office) -> None:
    await office.close_of()
    final = a_final_account()
    assert await office.hear(final, event_id="n1") == ["D"]
    assert await office.hear(final, event_id="n2") == ["U"]
    assert await office.hear(final.model_copy(update={"balance_pence": 1}), event_id="n3") == ["X"]
    await office.work()
    [words] = await letters(office)
    assert "Your final account" in words
    assert "To pay: £148.15 Please pay by 26 May 2026" in words
    assert "charged to you up to and including 16 February 2026." in words
    assert "From 17 February 2026 on they are not yours." in words
