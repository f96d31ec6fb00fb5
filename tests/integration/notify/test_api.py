"""The questions of notify over HTTP, with real tokens and a real PostgreSQL."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from services.notify import api
from shared.auth import ROLES
from shared.local_issuer import LocalIssuer
from tests.integration.notify.conftest import DAY, Office
from tests.support.letters import a_statement, an_erasure
from tests.support.moments import asked_while
from tests.support.staff import as_, staff_door


@pytest.fixture
async def client(office: Office, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    """An auditor asking."""
    async with staff_door(issuer, "notify", api.routes(office.sessions), headers=as_(issuer, "auditor", "ada")) as made:
        yield made


async def test_letters_are_listed_with_state_and_hash(office: Office, client: httpx.AsyncClient) -> None:
    await office.close_of(2)
    await office.work()
    await office.send()
    (one,) = (await client.get("/letters", params={"account": "F00000000001"})).json()
    assert one.pop("sent_at") is not None
    assert len(one.pop("sha256")) == 64
    assert one.pop("message_id")
    assert one == {
        "account_ref": "F00000000001", "template": "welcome", "channel": "email", "state": "handed-over",
        "created_on": DAY.isoformat(),
    }  # fmt: skip
    assert len((await client.get("/letters")).json()) == 2


async def test_content_is_what_was_sent_and_who_looked_is_kept(office: Office, client: httpx.AsyncClient) -> None:
    await office.close_of()
    await office.work()
    await office.send()
    (one,) = (await client.get("/letters")).json()
    answer = await client.get(f"/messages/{one['message_id']}/content")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "message/rfc822")
    assert office.mail.taken[0][1] == answer.content
    assert [row["reader"] for row in await office.rows("select reader from notify.content_reads")] == ["ada"]
    await office.hear(an_erasure())
    assert (await client.get(f"/messages/{one['message_id']}/content")).status_code == 410


async def test_case_67_a_letter_is_shown_as_it_was_after_the_letterhead_has_changed(
    office: Office, client: httpx.AsyncClient
) -> None:
    await office.close_of()
    await office.work()
    (old,) = (await client.get("/letters")).json()
    shown = (await client.get(f"/messages/{old['message_id']}/content")).content
    stationery = office.press.stationery
    renamed = replace(stationery, letterhead=replace(stationery.letterhead, name="Larkfield Homes"))
    office.press = replace(office.press, stationery=renamed)
    await office.hear(a_statement())
    await office.work()
    new = next(one for one in (await client.get("/letters")).json() if one["message_id"] != old["message_id"])
    assert (await client.get(f"/messages/{old['message_id']}/content")).content == shown
    assert hashlib.sha256(shown).hexdigest() == old["sha256"]
    later = (await client.get(f"/messages/{new['message_id']}/content")).content
    assert (b"Larkfield" in shown, b"Larkfield" in later) == (False, True)


async def test_content_is_not_for_every_role(office: Office, client: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    await office.close_of()
    await office.work()
    (one,) = (await client.get("/letters")).json()
    for role in ROLES:
        headers = as_(issuer, role, "x")
        answer = await client.get(f"/messages/{one['message_id']}/content", headers=headers)
        assert answer.status_code == (200 if role in api.READERS else 403)
    assert (await client.get("/letters", headers={"Authorization": ""})).status_code == 401


async def test_an_unknown_message_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/messages/00000000-0000-4000-8000-000000000000/content")).status_code == 404


async def test_due_counts_down_to_nothing(office: Office, client: httpx.AsyncClient) -> None:
    async def due() -> int:
        return int((await client.get("/due")).json()["due"])

    await office.close_of(2)
    await office.work()
    assert await due() == 2
    await office.send()
    assert await due() == 2  # handed over, and to be said
    await office.say()
    assert await due() == 2  # said, and to be acknowledged by the broker
    await office.rows("delete from msg.outbox_pending")
    assert await due() == 0


async def test_verify_holds_and_names_what_does_not(office: Office, client: httpx.AsyncClient) -> None:
    await office.close_of()
    await office.hear(a_statement(ref="F00000000001"))
    await office.work()
    await office.send()
    await office.say()
    proof = (await client.get("/verify")).json()
    assert [check["name"] for check in proof["checks"] if not check["ok"]] == []
    await office.rows("update notify.messages set said = false where template = 'welcome'")
    await office.rows("update notify.letters set state = 'rendered' where template = 'statement'")
    proof = (await client.get("/verify")).json()
    assert [check["name"] for check in proof["checks"] if not check["ok"]] == ["every end of a message was said once"]


async def test_the_proof_is_of_one_moment(office: Office, client: httpx.AsyncClient) -> None:
    """It has looked through the letters when one of them changes: it does not look for its message."""
    await office.close_of()
    await office.work()
    await office.hear(a_statement(ref="F00000000001"))
    written = "update notify.letters set state = 'rendered' where template = 'statement'"
    proof = (await asked_while(office, "notify.messages", written, lambda: client.get("/verify"))).json()
    assert [check["name"] for check in proof["checks"] if not check["ok"]] == []
