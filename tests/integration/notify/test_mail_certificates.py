"""A mail server must prove its name before it is told anything (reliability.md F74, S35)."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from services.notify.usecases.sending import Sender
from tests.integration.notify.conftest import Office, run_until
from tests.support.certificates import ELSEWHERE, make_authority

ONE = "owner1@example.org"
PASSWORD = "mail-server-secret"
both_ways = pytest.mark.parametrize("tls", ["starttls", "tls"])


async def _a_letter_waits(office: Office, tls: str, certificate: Path, authority: Path) -> Sender:
    """Have one letter in the queue, a mail server with this certificate, and a sender that trusts this authority."""
    await office.close_of()
    await office.work()
    await office.mail.close()
    await office.mail.open(tls, certificate)  # type: ignore[arg-type]
    return office.sender(tls=tls, ca=authority, username="notify", password=SecretStr(PASSWORD))


async def _is_refused(office: Office, sender: Sender) -> None:
    """Run the sender until it takes the server for away: the letter waits, and nothing was given away."""

    async def away() -> bool:
        return sender.outage

    await run_until(sender, away)
    assert (office.mail.told, office.mail.seen) == ([], [])
    assert await office.states() == {"deferred": 1}
    (row,) = await office.rows("select last_answer from notify.messages")
    assert row["last_answer"] == "no-connection"


@both_ways
async def test_a_server_that_proves_its_name_gets_the_letter(office: Office, tmp_path: Path, tls: str) -> None:
    authority, server = make_authority(tmp_path)
    sender = await _a_letter_waits(office, tls, server, authority)
    await run_until(sender, office.is_idle)
    assert await office.states() == {"handed-over": 1}
    assert office.mail.told == [PASSWORD, ONE]


@both_ways
async def test_a_server_that_a_stranger_vouches_for_gets_nothing(office: Office, tmp_path: Path, tls: str) -> None:
    authority, _ = make_authority(tmp_path)
    _, server = make_authority(tmp_path, "stranger")
    await _is_refused(office, await _a_letter_waits(office, tls, server, authority))


@both_ways
async def test_a_server_with_a_proof_of_another_name_gets_nothing(office: Office, tmp_path: Path, tls: str) -> None:
    authority, server = make_authority(tmp_path, names=ELSEWHERE)
    await _is_refused(office, await _a_letter_waits(office, tls, server, authority))
