"""The proof of arrears: what its checks call wrong follows the policy that decided, and one answer is of one moment."""

from dataclasses import replace
from datetime import timedelta

import httpx

from services.arrears.usecases.verify import verify
from shared.db.engine import snapshot
from shared.events import topics
from shared.local_issuer import LocalIssuer
from tests.integration.arrears.conftest import ISSUED, POLICIES, Desk, item, items_changed, opened
from tests.support.moments import asked_while
from tests.support.staff import as_

SHIPPED = POLICIES[0]
CLOSER = replace(
    SHIPPED,
    version="ladder-closer",
    letters_apart_days=5,
    stages=(SHIPPED.stages[0], replace(SHIPPED.stages[1], day=40, gap_days=5)),
)
"""Reminder 2 five days after reminder 1."""
TOO_CLOSE = "no two letters closer than their policy lets them be"


async def test_letters_are_so_far_apart_as_the_policy_of_their_day_says(desk: Desk) -> None:
    desk.policies = (CLOSER,)
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item()))
    await desk.hear(topics.ACCOUNT_OPENED, opened())
    await desk.work_to(ISSUED + timedelta(days=40))
    assert [one.stage_on - ISSUED for one in await desk.stages()] == [timedelta(days=35), timedelta(days=40)]
    async with snapshot(desk.sessions) as connection:
        assert {check["ok"] for check in (await verify(connection, (CLOSER,)))["checks"]} == {True}
    for others in ((replace(CLOSER, letters_apart_days=6),), POLICIES):  # stricter; one that knows no such version
        async with snapshot(desk.sessions) as connection:
            wrong = [check for check in (await verify(connection, others))["checks"] if not check["ok"]]
        assert [(check["name"], check["detail"]) for check in wrong] == [(f"arrears: {TOO_CLOSE}", "A1 2026-05-11")]


async def test_one_answer_is_of_one_moment(desk: Desk, client: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    """The checks have read the accounts when one of them changes: the sums do not know it yet."""
    raise_one = "update arrears.accounts set charges_pence = 1"
    answer = await asked_while(
        desk, "arrears.payments", raise_one, lambda: client.get("/verify", headers=as_(issuer, "auditor"))
    )
    assert answer.json()["sums"] == {"A1": {"charges": 0, "payments": 0}}
