"""The proof of arrears: what its checks call wrong follows the policy that decided, and one answer is of one moment."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.arrears.domain.ladder_policy import LadderPolicy
from services.arrears.settings import read_ladder_policies
from services.arrears.usecases import day, verify
from shared.db.engine import snapshot
from shared.events import topics
from shared.local_issuer import LocalIssuer
from tests.integration.arrears.conftest import ISSUED, Desk, item, items_changed, opened
from tests.support.moments import asked_while
from tests.support.staff import as_

SHIPPED = read_ladder_policies()[0]
CLOSER = replace(
    SHIPPED,
    version="ladder-closer",
    letters_apart_days=5,
    stages=(SHIPPED.stages[0], replace(SHIPPED.stages[1], day=40, gap_days=5)),
)
"""Reminder 2 five days after reminder 1."""
TOO_CLOSE = "no two letters closer than their policy lets them be"


async def found(desk: Desk, monkeypatch: pytest.MonkeyPatch, policy: LadderPolicy) -> list[dict[str, Any]]:
    """What is proved where ``policy`` is the only version that is known."""
    monkeypatch.setattr(verify, "read_ladder_policies", lambda: (policy,))
    async with snapshot(desk.sessions) as connection:
        checks: list[dict[str, Any]] = (await verify.verify(connection))["checks"]
    return checks


async def test_letters_are_so_far_apart_as_the_policy_of_their_day_says(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day, "read_ladder_policies", lambda: (CLOSER,))
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item()))
    await desk.hear(topics.ACCOUNT_OPENED, opened())
    await desk.work_to(ISSUED + timedelta(days=40))
    assert [one.stage_on - ISSUED for one in await desk.stages()] == [timedelta(days=35), timedelta(days=40)]
    assert {check["ok"] for check in await found(desk, monkeypatch, CLOSER)} == {True}
    for other in (replace(CLOSER, letters_apart_days=6), SHIPPED):  # stricter; one that knows no such version
        wrong = [check for check in await found(desk, monkeypatch, other) if not check["ok"]]
        assert [(check["name"], check["detail"]) for check in wrong] == [(f"arrears: {TOO_CLOSE}", "A1 2026-05-11")]


async def test_one_answer_is_of_one_moment(desk: Desk, client: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    """The checks have read the accounts when one of them changes: the sums do not know it yet."""
    raise_one = "update arrears.accounts set charges_pence = 1"
    answer = await asked_while(
        desk, "arrears.payments", raise_one, lambda: client.get("/verify", headers=as_(issuer, "auditor"))
    )
    assert answer.json()["sums"] == {"A1": {"charges": 0, "payments": 0}}
