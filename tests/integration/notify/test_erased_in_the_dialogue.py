"""An owner erased while their mail is being handed over: what the mail server then answers reaches nobody."""

from datetime import timedelta
from pathlib import Path

from services.notify.db import messages
from shared.db import driver
from tests.integration.notify.conftest import Office, office_of
from tests.support.letters import an_erasure
from tests.support.servers import Databases


async def test_one_erased_in_the_dialogue_is_withdrawn_and_keeps_nobody_else_waiting(
    databases: Databases, tmp_path: Path
) -> None:
    async with office_of(await databases("notify"), tmp_path, recipient_domains="example.org") as office:
        await office.close_of(2)
        await office.work()
        await _die_in_the_dialogue(office)
        await office.hear(an_erasure("P1"))
        await office.expire_leases()
        await office.send()
        await office.hurry()
        await office.send()
        assert await office.states() == {"withdrawn": 1, "handed-over": 1}
        assert [recipient for recipient, _ in office.mail.seen] == ["owner2@example.org"]


async def _die_in_the_dialogue(office: Office) -> None:
    """A sender begins to hand over the first owner's mail, and dies."""
    async with office.sessions.begin() as session:
        connection = await driver(session)
        for mail in await messages.claim_mails(connection, "dead", timedelta(minutes=2), 20):
            if mail.mailbox == "owner1@example.org":
                assert await messages.begin(connection, mail.message_id, "dead", timedelta(minutes=2))
