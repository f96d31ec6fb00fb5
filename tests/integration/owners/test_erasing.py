"""A person is erased by two people: nothing of them is left in owners, what follows from their ownership stays."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from services.owners.usecases.erasing import ERASURE
from services.owners.usecases.verify import verify
from shared.auth import Caller
from shared.bus.proposals import Proposal, Proposals
from shared.bus.refusals import NotAllowedError, NotKnownError, NotNowError, NotValidError, RefusedError
from shared.bus.transaction import Doors
from shared.db.engine import snapshot
from shared.events.housing import Address
from shared.events.topics import OWNERS_CONTACT, OWNERS_LINE
from shared.logs import capture
from tests.integration.owners.conftest import Desk
from tests.support.ownership import a_change, a_contact, a_party, a_unit, an_agent

NAME, MAIL, PHONE, STREET = "Canary Quillfeather", "canary@nest.example", "+441312496813", "77 Plumage Wynd"
CANARIES = ("quillfeather", "canary@nest", PHONE, "plumage wynd")
ELSEWHERE = Address(lines=(STREET,), town="Edinburgh", postcode="EH1 1AA")
PERSON = a_party("P1", name=NAME, email=MAIL, phone=PHONE, correspondence_address=ELSEWHERE)
ERASED = {"contact_id": "P1", "kind": "party", "erased": True}
ASKER = Caller("mo", frozenset({"lead-officer"}))
APPROVER = Caller("jo", frozenset({"board"}))


@pytest_asyncio.fixture
async def told(desk: Desk) -> AsyncIterator[Desk]:
    """P1 bought unit U1 with P2, moved, and sold to P3; all of it stands in owners."""
    await desk.hear(a_unit("U1"), a_unit("U2"))
    await desk.hear(a_change("A", parties=(PERSON, a_party("P2"))))
    await desk.hear(a_contact("P1", name=NAME, email=f"old.{MAIL}", correspondence_address=ELSEWHERE))
    await desk.hear(a_contact("P1", email=MAIL))
    await desk.hear(a_change("B", "2026-05-01", parties=(a_party("P3"),), outgoing_forwarding_address=ELSEWHERE))
    yield desk


async def erase(desk: Desk, approver: Caller = APPROVER, /, **body: str) -> Any:
    proposals = Proposals(Doors("owners", desk.sessions, lambda: None), [ERASURE])
    asked = Proposal("erasure", next(iter(body.values()), "x"), body, "asked for it", ASKER.subject)
    made = await proposals.propose(ASKER, asked)
    return (await proposals.approve(approver, made["id"], "checked who asked"))["answer"]


async def everything(desk: Desk) -> dict[str, str]:
    """Return all rows of all tables of the database as text, bytes decoded."""
    connection = await asyncpg.connect(desk.urls.owner_url)
    tables = await connection.fetch(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('msg', 'owners')"
    )
    found = {}
    for (name,) in tables:
        rows = await connection.fetch(f"select * from {name}")
        values = (value for row in rows for value in row.values())
        found[name] = "\n".join(v.decode(errors="replace") if isinstance(v, bytes) else str(v) for v in values).lower()
    await connection.close()
    return found


async def places(desk: Desk) -> list[str]:
    """Return the tables in which anything of the person is found."""
    return sorted(name for name, text in (await everything(desk)).items() if any(one in text for one in CANARIES))


async def proved(desk: Desk) -> list[str]:
    async with snapshot(desk.sessions) as connection:
        return [check.name for check in await verify(connection) if not check.ok]


async def test_nothing_of_the_person_is_left_and_the_line_stays(told: Desk) -> None:
    assert await places(told) == ["msg.event_log", "owners.changes", "owners.contact_statements", "owners.contacts"]
    lines = await told.said(OWNERS_LINE)
    answer = await erase(told, party_id="P1")
    assert answer == {"letters": 0, "held": 0, "also": []}
    assert await places(told) == []
    assert (await told.contact("P1")).model_dump(mode="json", exclude_none=True) == ERASED
    assert await told.said(OWNERS_LINE) == lines
    assert (await told.contact("P2")).name == "Owner P2"
    assert await proved(told) == []


async def test_what_was_said_is_blanked_under_its_name_and_ends_with_a_tombstone(told: Desk) -> None:
    query = "select event_uid, aggver, octet_length(body) as size from msg.event_log where msg_key = 'P1' order by seq"
    before = await told.rows(query)
    await erase(told, party_id="P1")
    after = await told.rows(query)
    assert [row["event_uid"] for row in after][: len(before)] == [row["event_uid"] for row in before]
    assert [row["aggver"] for row in after] == list(range(1, len(before) + 3))
    assert [row["size"] == 0 for row in after] == [False] * (len(before) + 1) + [True]
    blanked = [one for one in await told.said(OWNERS_CONTACT) if one.contact_id == "P1"]
    assert [(one.name, one.email, one.erased) for one in blanked] == [(None, None, False)] * len(before) + [
        (None, None, True)
    ]


async def test_whatever_comes_late_is_not_kept(told: Desk) -> None:
    await told.hear(a_change("C", "2026-06-01", unit_id="U9", parties=(PERSON,)))  # waits: U9 is not known yet
    assert (await erase(told, party_id="P1"))["held"] == 1
    await told.hear(a_contact("P1", email=MAIL, phone=PHONE))
    await told.hear(
        a_change("D", "2026-07-01", parties=(a_party("P4"),), outgoing_forwarding_address=ELSEWHERE),
        a_change("E", "2026-08-01", unit_id="U2", parties=(PERSON,)),
    )
    await told.hear(a_unit("U9"))
    assert await told.held() == []
    assert await places(told) == []
    assert [one.party_ids for one in (await told.line("U9")).line] == [("P1",)]
    assert (await told.contact("P1")).erased
    assert await proved(told) == []


async def test_the_same_change_again_is_still_a_repeat(told: Desk) -> None:
    await erase(told, party_id="P1")
    assert await told.hear(a_change("A", parties=(PERSON, a_party("P2")))) == ["U"]
    assert await places(told) == []


async def test_a_billing_contact_is_erased_and_another_may_be_named(told: Desk) -> None:
    agent = an_agent(NAME, email=MAIL, address=ELSEWHERE)
    await told.hear(a_change("F", "2026-09-01", unit_id="U2", billing_contact=agent))
    await told.hear(a_change("G", "2026-09-02", unit_id="U2", corrects="F", billing_contact=agent))
    assert (await erase(told, party_id="P1"))["also"] == ["F"]
    assert await places(told) == ["msg.event_log", "owners.changes", "owners.contacts"]
    line = await told.line("U2")
    await erase(told, ownership_id="F")
    assert await places(told) == []
    assert (await told.contact("F")).erased
    assert await told.line("U2") == line
    assert await proved(told) == []
    await told.hear(a_change("H", "2026-09-03", unit_id="U2", corrects="G", billing_contact=an_agent("Another")))
    assert (await told.contact("F")).name == "Another"
    assert await proved(told) == []


async def test_a_dead_letter_is_decided_first_and_its_bytes_go(told: Desk) -> None:
    await told.hear(a_change("N", corrects="N", parties=(PERSON,)))
    with pytest.raises(NotNowError, match=r"dead letters of owners first, they name them: \[1\]"):
        await erase(told, party_id="P1")
    connection = await asyncpg.connect(told.urls.owner_url)
    await connection.execute("update msg.dead_letter set status = 'discarded'")
    await connection.close()
    assert (await erase(told, party_id="P1"))["letters"] == 1
    assert await places(told) == []


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"party_id": "P9"}, NotKnownError),
        ({"ownership_id": "A9"}, NotKnownError),
        ({}, NotValidError),
        ({"party_id": "P1", "ownership_id": "A"}, NotValidError),
        ({"name": NAME}, NotValidError),
        ({"party_id": ""}, NotValidError),
    ],
)
async def test_what_cannot_be_erased_is_not_proposed(
    told: Desk, body: dict[str, str], error: type[RefusedError]
) -> None:
    with pytest.raises(error):
        await erase(told, APPROVER, **body)
    assert await told.rows("select from msg.proposal") == []


async def test_it_takes_two_people_with_the_roles_and_happens_once(told: Desk) -> None:
    for approver in (Caller("mo", frozenset({"board"})), Caller("jo", frozenset({"finance"}))):
        with pytest.raises(NotAllowedError):
            await erase(told, approver, party_id="P1")
    assert await places(told) != []
    with capture() as lines:
        await erase(told, party_id="P1")
    (line,) = [line for line in lines if line["event.name"] == "erasure_done"]
    assert (line["app.subject"], line["app.who"], line["app.approved_by"]) == ("P1", "mo", "jo")
    rows = await told.rows("select who, approved_by, reason from msg.audit where action = 'erasure'")
    assert [tuple(row) for row in rows] == [("mo", "jo", "asked for it")]
    with pytest.raises(NotNowError, match="erased already"):
        await erase(told, party_id="P1")


async def test_the_service_alone_can_neither_blank_nor_undo(told: Desk) -> None:
    for statement in (
        "select owners.blank_contact('party', 'P1')",
        "update owners.changes set content = '{}'",
        "update msg.event_log set body = ''",
        "delete from owners.erasures",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await told.rows(statement)
    assert await places(told) != []


async def test_nobody_else_may_call_the_function(told: Desk, table_owner: Any) -> None:
    may = await table_owner.fetch(
        "select grantee from information_schema.routine_privileges where routine_name = 'blank_contact'"
    )
    assert {row["grantee"] for row in may} == {"owners_app", "owners_owner"}
