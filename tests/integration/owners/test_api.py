"""The questions of the owners service over HTTP, with real tokens and a real PostgreSQL."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from services.owners import api
from shared.auth import ROLES, STAFF
from shared.local_issuer import LocalIssuer
from tests.integration.owners.conftest import Desk
from tests.support.ownership import a_cancellation, a_change, a_contact, a_party, a_share_set, a_unit, an_agent, day
from tests.support.staff import as_, staff_door


@pytest.fixture
async def client(desk: Desk, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    """An auditor asking."""
    async with staff_door(issuer, "owners", api.routes(desk.sessions), headers=as_(issuer, "auditor", "ada")) as made:
        yield made


async def test_a_unit_is_answered_with_its_shares_and_its_line(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.hear(a_unit("U1", locality="East"))
    await desk.hear(a_share_set(("U1", 3, 8), ("U2", 5, 8)))
    await desk.hear(a_change("A"))
    answer = (await client.get("/units/U1")).json()
    assert answer["locality"] == "East"
    assert answer["shares"] == [
        {
            "share_set_id": "S1",
            "effective_from": "2025-01-01",
            "is_complete": True,
            "name": "Close repairs",
            "share": "3/8",
        }
    ]
    assert (answer["version"], [one["ownership_id"] for one in answer["line"]]) == (1, ["A"])


async def test_a_unit_whose_id_has_slashes_is_found(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.hear(a_unit("EST/12/3"))
    assert (await client.get("/units/EST/12/3")).json()["unit_id"] == "EST/12/3"
    assert (await client.get("/units/EST/12/3/line")).json()["version"] == 0


async def test_a_unit_nobody_registered_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/units/U404")).status_code == 404
    assert (await client.get("/units/U404/line")).status_code == 404


async def test_the_line_is_answered_with_the_reason_of_each_chain(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.hear(a_unit("U1", managed_to="2026-12-31"))
    await desk.hear(
        a_change("A", "2026-01-10"),
        a_change("B", "2026-02-10"),
        a_change("C", "2026-02-20", corrects="B"),
        a_change("D", "2026-02-20", notified_on=day("2026-01-01")),
        a_change("E", "2026-03-01"),
        a_cancellation("X", cancels="E"),
        a_change("F", "2027-01-01"),
    )
    answer = (await client.get("/units/U1/line")).json()
    reasons = {chain["ownership_id"]: chain["reason"] for chain in answer["chains"]}
    assert reasons == {
        "A": "its days begin on 2026-01-10",
        "B": "its days begin on 2026-02-20",
        "D": "C has the period that begins on 2026-02-20",
        "E": "void: its first change was cancelled by X",
        "F": "entry on 2027-01-01 is after management ended on 2026-12-31",
    }
    told = {one["change_id"]: one["outcome"] for chain in answer["chains"] for one in chain["told"]}
    assert (told["B"], told["C"], told["E"]) == ("replaced by C", "stands", "cancelled by X")
    assert [one["outcome"] for one in answer["beside"]] == ["cancels E"]


async def test_the_line_is_answered_as_known_on_a_day(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.hear(a_unit("U1"))
    desk.book = day("2026-04-02")
    await desk.hear(a_change("A", "2026-02-01"))
    desk.book = day("2026-06-01")
    await desk.hear(a_cancellation("X", cancels="A"))
    known = (await client.get("/units/U1/line", params={"known_at": "2026-05-31"})).json()
    assert [one["from"] for one in known["line"]] == ["2026-02-01"]
    assert [chain["standing"] for chain in known["chains"]] == ["A"]
    assert (await client.get("/units/U1/line")).json()["line"] == []


async def test_answers_carry_no_personal_data(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.hear(a_unit("U1"))
    await desk.hear(a_change("A", parties=(a_party("P1", name="Canary"),), billing_contact=an_agent("Canary")))
    for path in ("/units/U1", "/units/U1/line", "/verify"):
        assert "Canary" not in (await client.get(path)).text


@pytest.mark.parametrize("role", sorted(ROLES))
async def test_each_role_sees_what_it_may(
    client: httpx.AsyncClient, issuer: LocalIssuer, desk: Desk, role: str
) -> None:
    await desk.hear(a_unit("U1"))
    headers = as_(issuer, role, "someone")
    answers = [
        (await client.get(path, headers=headers)).status_code for path in ("/units/U1", "/units/U1/line", "/verify")
    ]
    staff = 200 if role in STAFF else 403
    assert answers == [staff, staff, 200 if role in api.PROVERS else 403]


async def test_nobody_is_answered_without_a_token(client: httpx.AsyncClient) -> None:
    assert (await client.get("/verify", headers={"Authorization": ""})).status_code == 401


async def _failing(client: httpx.AsyncClient) -> list[str]:
    checks = (await client.get("/verify")).json()["checks"]
    return [f"{check['name']}: {check['detail']}" for check in checks if not check["ok"]]


async def _a_registry(desk: Desk) -> None:
    await desk.hear(a_unit("U1", tenure="association"), a_unit("U2"))
    await desk.hear(a_share_set(("U1", 1, 2), ("U2", 1, 2)), a_share_set(("U1", 1, 2), share_set_id="S2"))
    await desk.hear(a_change("A", billing_contact=an_agent()), a_change("B", "2026-03-01"), a_change("C", unit_id="U2"))
    await desk.hear(a_cancellation("X", cancels="B"), a_change("D", corrects="A"))
    await desk.hear(a_contact("P-A", email="p@x.scot"), a_contact("P-9", email=None))


async def test_verify_holds_for_what_the_service_did_itself(desk: Desk, client: httpx.AsyncClient) -> None:
    await _a_registry(desk)
    assert await _failing(client) == []


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        (
            "update owners.units set content = jsonb_set(content, '{tenure}', '\"owned\"') where unit_id = 'U1'",
            "every ownership line follows from its facts: unit U1",
        ),
        ("delete from owners.lines where unit_id = 'U1' and version = 1", "line versions count 1, 2, 3: unit U1"),
        ("delete from msg.event_log where topic = 'owners.ownership-changed'", "every line kept was said: "),
        ("delete from owners.contacts where contact_id = 'P-A'", "every contact follows from what was told: party P-A"),
        ("update owners.share_versions set is_complete = true", "complete or not as its members say: share set S2"),
    ],
)
async def test_verify_names_what_was_tampered_with(
    desk: Desk, client: httpx.AsyncClient, table_owner: asyncpg.Connection, tampering: str, found: str
) -> None:
    await _a_registry(desk)
    await table_owner.execute(tampering)
    assert any(found in failure for failure in await _failing(client))


async def test_a_share_set_is_proposed_from_the_floor_areas_of_a_block(desk: Desk, client: httpx.AsyncClient) -> None:
    areas = ("40", "48", "62")
    await desk.hear(*(a_unit(f"U{number}", floor_area_m2=area) for number, area in enumerate(areas)))
    await desk.hear(a_unit("G1", kind="garage"), a_unit("U9", block_id="B2"), a_unit("U8", managed_to="2025-12-31"))
    wanted = {"block_id": "B1", "effective_from": "2026-01-01"}
    answer = (await client.get("/share-set-proposal", params=wanted)).json()
    assert (answer["basis"], answer["left_out"]) == ("floor-area", ["G1"])
    assert [(one["unit_id"], one["numerator"], one["denominator"]) for one in answer["members"]] == [
        ("U0", 4, 15), ("U1", 8, 25), ("U2", 31, 75),
    ]  # fmt: skip
    by_value = wanted | {"basis": "rateable-value", "values": "U0=1,U1=2,U2=3"}
    found = (await client.get("/share-set-proposal", params=by_value)).json()
    assert (found["basis"], found["members"][2]["numerator"]) == ("rateable-value", 1)


async def test_a_proposal_that_lacks_areas_names_the_units(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.hear(a_unit("U1", floor_area_m2="40"), a_unit("U2"), a_unit("U3"))
    wanted = {"block_id": "B1", "effective_from": "2026-01-01"}
    answer = await client.get("/share-set-proposal", params=wanted)
    assert (answer.status_code, "missing for U2, U3" in answer.text) == (422, True)
    assert (await client.get("/share-set-proposal", params=wanted | {"basis": "equal"})).status_code == 200
    for wrong in ({"block_id": "B404"}, {"basis": "rateable-value", "values": "U7=5"}, {"values": "U1"}):
        assert (await client.get("/share-set-proposal", params=wanted | wrong)).status_code == 422
