"""Interest asked for over HTTP: exact, of what is overdue and not disputed; nothing is charged."""

from collections.abc import AsyncIterator

import httpx
import pytest

from services.billing import api
from services.billing.domain.refs import account_ref
from shared.local_issuer import LocalIssuer
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_line, a_payment, a_unit
from tests.integration.billing.test_disputing import disputed
from tests.support.staff import as_, staff_door

A = account_ref("U1", "A")


@pytest.fixture
async def client(desk: Desk, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    """One owner owes £612.40 of two charges, due on 29 April 2026, and what was billed in July, due on the 29th."""
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.hear(
        a_charge("C1", 500_00, unit="U1", on="2026-03-01"), a_charge("C2", 112_40, unit="U1", on="2026-03-01")
    )
    await desk.close("2026-04-01")
    await desk.hear(a_charge("C3", 80_00, unit="U1", on="2026-05-01"))
    await desk.close("2026-07-01")
    await desk.note_closed()
    async with staff_door(issuer, "billing", api.routes(desk.doors), headers=as_(issuer, "auditor")) as made:
        yield made


async def ask(client: httpx.AsyncClient, **params: str) -> httpx.Response:
    return await client.get(f"/accounts/{A}/interest", params=params)


async def test_interest_is_rounded_once_a_line_and_the_total_is_the_sum_of_the_lines(client: httpx.AsyncClient) -> None:
    answer = (await ask(client, rate="8", to="2026-07-11")).json()
    assert [(one["charge_id"], one["days"], one["exact_pence"], one["interest_pence"]) for one in answer["items"]] == [
        ("C1", 73, "800", 8_00), ("C2", 73, "4496/25", 1_80),
    ]  # fmt: skip
    assert (answer["principal_pence"], answer["interest_pence"], answer["charged"]) == (612_40, 9_80, False)


async def test_without_a_day_it_is_counted_to_the_day_last_closed_and_what_is_not_overdue_bears_none(
    client: httpx.AsyncClient,
) -> None:
    answer = (await ask(client, rate="8.25")).json()
    assert (answer["to"], {one["charge_id"] for one in answer["items"]}) == ("2026-07-01", {"C1", "C2"})
    assert {one["days"] for one in answer["items"]} == {63}


async def test_what_was_paid_or_is_disputed_bears_none_and_nothing_is_charged(
    desk: Desk, client: httpx.AsyncClient
) -> None:
    await disputed(desk, charge_id="C1", amount_pence=100_00)
    await desk.hear(a_payment("P1", 200_00, on="2026-07-01", account_ref=A))
    before = await desk.rows("select count(*) as n from billing.entries")
    answer = (await ask(client, rate="8", to="2026-07-11")).json()
    assert [(one["charge_id"], one["principal_pence"], one.get("disputed_pence")) for one in answer["items"]] == [
        ("C1", 200_00, 100_00), ("C2", 112_40, None),
    ]  # fmt: skip
    assert await desk.rows("select count(*) as n from billing.entries") == before


async def test_a_day_of_the_past_counts_what_was_dated_by_then(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.hear(a_payment("P1", 612_40, on="2026-07-01", account_ref=A))
    assert (await ask(client, rate="8", to="2026-07-01")).json()["interest_pence"] == 0
    assert (await ask(client, rate="8", to="2026-06-30")).json()["principal_pence"] == 612_40


@pytest.mark.parametrize("rate", ["0", "100.01", "8%", "-1", "eight"])
async def test_a_rate_out_of_bounds_is_refused_in_words(client: httpx.AsyncClient, rate: str) -> None:
    answer = await ask(client, rate=rate)
    assert (answer.status_code, "above 0 and at most 100" in answer.text) == (422, True)


async def test_an_account_that_is_not_known_is_told(client: httpx.AsyncClient) -> None:
    answer = await client.get("/accounts/F0/interest", params={"rate": "8"})
    assert (answer.status_code, answer.json()["detail"]) == (404, "No account has the reference F0.")


async def test_the_associations_own_account_owes_no_interest(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.hear(a_unit("U3"), a_line("U3", ("", "2025-06-01", True)))
    answer = await client.get(f"/accounts/{account_ref('U3', None)}/interest", params={"rate": "8"})
    assert (answer.status_code, "owes nobody" in answer.text) == (422, True)
