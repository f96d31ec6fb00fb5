"""`closebook holds` against arrears' own door: set, listed with who set them and when to look again, lifted."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import httpx
import pytest

from services.arrears import api
from shared.cli.main import run
from shared.events import topics
from shared.events.billing import AccountOpened, AccountPaymentReversed
from shared.local_issuer import LocalIssuer
from shared.web import WebServer, create_app
from tests.integration.arrears.conftest import ISSUED, NOTICE_POLICIES, POLICIES, Desk, item, items_changed
from tests.support.staff import as_, verifier_of

TODAY = ISSUED + timedelta(days=1)
REF = "FY5FN0W0QBWR"
Closebook = Callable[..., Awaitable[tuple[str, str]]]


@pytest.fixture
async def closebook(
    desk: Desk, issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Closebook]:
    """Gives a command to arrears as a lead officer; returns what it answers and what it tells beside."""
    opened = AccountOpened(account_id="A1", account_ref=REF, unit_id="U1", ownership_id="O1", internal=False)
    await desk.hear(topics.ACCOUNT_OPENED, opened)
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item()))
    await desk.work_to(ISSUED)
    app = create_app("arrears", [api.routes(desk.doors, POLICIES, NOTICE_POLICIES)], verifier_of(issuer))
    listening = WebServer(app, host="127.0.0.1", port=0)
    listening.bind()
    serving = asyncio.create_task(listening.run())
    await listening.started()
    monkeypatch.setenv("CLOSEBOOK_ARREARS_URL", listening.url)
    monkeypatch.setenv("CLOSEBOOK_TOKEN", issuer.token("officer-7", ["lead-officer"]))
    monkeypatch.setenv("COLUMNS", "250")

    async def give(*words: str, code: int = 0) -> tuple[str, str]:
        assert await asyncio.to_thread(run, words) == code
        told = capsys.readouterr()
        return told.out, told.err

    yield give
    listening.stop()
    await serving


async def _set(closebook: Closebook, *more: str) -> str:
    """Set a hold on the charge; return its id."""
    words = ("holds", "set", REF, "dispute", "--charge", "C1", "--reason", "the owner wrote", "--json", *more)
    hold_id: str = json.loads((await closebook(*words))[0])["hold_id"]
    return hold_id


async def _holds(closebook: Closebook) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((await closebook("holds", "list", "--json"))[0])
    return found


async def test_a_hold_is_listed_with_who_set_it_also_on_an_account_that_is_not_overdue(closebook: Closebook) -> None:
    hold_id = await _set(closebook, "--review-on", "2026-05-18")
    assert await _holds(closebook) == [
        {"hold_id": hold_id, "account_ref": REF, "account_id": "A1", "kind": "dispute", "charge_id": "C1",
         "reason": "the owner wrote", "by": "officer-7", "started_on": str(TODAY), "review_on": "2026-05-18",
         "late": False, "ended_on": None, "ended_by": None, "ended_reason": None}
    ]  # fmt: skip


async def test_a_hold_is_late_when_its_review_day_has_passed_and_not_on_that_day(
    closebook: Closebook, desk: Desk
) -> None:
    await _set(closebook, "--review-on", str(TODAY))
    await _set(closebook)
    assert [one["late"] for one in await _holds(closebook)] == [False, False], "its review day is the open book's"
    await desk.work_day()
    assert [one["late"] for one in await _holds(closebook)] == [True, False], "one without a review day never is"
    assert f"{TODAY} LATE" in (await closebook("holds", "list"))[0]


async def test_a_lifted_hold_stands_last_with_who_lifted_it_and_why_and_is_late_no_more(
    closebook: Closebook, desk: Desk
) -> None:
    first = await _set(closebook, "--review-on", "2026-03-01")
    second = await _set(closebook)
    told = (await closebook("holds", "lift", first, "--reason", "settled"))[0]
    assert told == f"Hold {first} is lifted from {TODAY}: dispute of C1.\n"
    found = await _holds(closebook)
    assert [one["hold_id"] for one in found] == [second, first]
    lifted = {name: found[1][name] for name in ("ended_on", "ended_by", "ended_reason", "late", "by")}
    assert lifted == {
        "ended_on": str(TODAY), "ended_by": "officer-7", "ended_reason": "settled", "late": False, "by": "officer-7"
    }  # fmt: skip


async def test_the_banks_hold_for_a_death_is_listed_and_lifted_like_any_other(closebook: Closebook, desk: Desk) -> None:
    returned = AccountPaymentReversed(
        account_id="A1", payment_id="P1", reversal_id="R1", amount_pence=9550, reversed_on=ISSUED, reason="ARUDD 2"
    )
    await desk.hear(topics.ACCOUNT_REVERSED, returned)
    [hold] = await _holds(closebook)
    assert (hold["kind"], hold["by"]) == ("deceased", "bank")
    await closebook("holds", "lift", str(hold["hold_id"]), "--reason", "the executor pays")
    assert [one["ended_on"] for one in await _holds(closebook)] == [str(TODAY)]


async def test_what_is_not_known_is_told(closebook: Closebook) -> None:
    asked = ("holds", "set", "F1W7305WAF7W", "vulnerable", "--reason", "x")
    assert "No account has the reference F1W7305WAF7W." in (await closebook(*asked, code=1))[1]
    assert "There is no hold H-none." in (await closebook("holds", "lift", "H-none", "--reason", "x", code=1))[1]
    await closebook("holds", "set", REF, "mood", "--reason", "x", code=64)


async def test_staff_may_list_holds_and_operators_may_not(client: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    assert (await client.get("/holds", headers=as_(issuer, "auditor"))).json() == []
    assert (await client.get("/holds", headers=as_(issuer, "operator"))).status_code == 403
