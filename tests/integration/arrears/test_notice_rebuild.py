"""A rebuild lets what people did to notices take effect again, from the commands' records alone."""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, cast

import httpx

from services.arrears.app import build
from shared.auth import Caller
from shared.bus.commands import Given
from shared.bus.proposals import Proposal, Proposals
from shared.db.engine import create_engine, session_factory
from shared.events import topics
from shared.local_issuer import LocalIssuer
from tests.integration.arrears.conftest import Desk, item, items_changed, opened
from tests.integration.arrears.test_notices import ASKED, N1, REF, RIPE, charged, sold
from tests.support.servers import Databases
from tests.support.staff import as_

TABLES = ("accounts", "charge_kinds", "notices", "notice_changes")


async def play(desk: Desk, people: Callable[[], Awaitable[None]]) -> None:
    """The same days and news, with what people do in the book after the candidate was raised."""
    await desk.hear(topics.ACCOUNT_OPENED, opened())
    await desk.hear(topics.ACCOUNT_CHARGED, charged())
    await desk.hear(topics.ITEMS_CHANGED, items_changed(item(300_00)))
    await desk.work_to(RIPE)
    await people()
    await desk.hear(topics.OWNERS_LINE, sold(RIPE + timedelta(days=60), 1))
    await desk.work_to(RIPE + timedelta(days=3))


async def test_what_people_did_to_notices_takes_effect_again(
    desk: Desk, client: httpx.AsyncClient, issuer: LocalIssuer, databases: Databases
) -> None:
    service = build(cast("Any", None))
    assert service.likeness is not None
    deeds = service.likeness.deeds
    proposals = Proposals(desk.doors, service.kinds)

    async def live() -> None:
        body = {**ASKED, "notice_id": N1}
        made = await proposals.propose(
            Caller("ann", frozenset({"assistant"})), Proposal("notice", REF, body, "x", "ann")
        )
        await proposals.approve(Caller("lee", frozenset({"lead-officer"})), made["id"], "yes")
        step = {"step": "registered", "reference": "R-1", "reason": "as told"}
        answer = await client.post(f"/notices/{N1}/steps", json=step, headers=as_(issuer, "assistant"))
        assert answer.status_code == 200
        wrong = {"step": "left-to-expire", "reason": "another flat's"}
        back = {"step": "left-to-expire", "reason": "noted for another flat"}
        for path, asked in (("steps", wrong), ("take-back", back)):
            answer = await client.post(f"/notices/{N1}/{path}", json=asked, headers=as_(issuer, "lead-officer"))
            assert answer.status_code == 200, answer.text

    await play(desk, live)
    engine = create_engine((await databases("arrears")).app_url, application_name="test-again", pool_size=3)
    again = Desk(session_factory(engine))

    async def repeated() -> None:
        rows = await desk.rows("select body from msg.event_log where topic = 'arrears.command-given' order by seq")
        for said in map(json.loads, (row["body"] for row in rows)):
            if said["kind"] in deeds:
                names = ("kind", "subject", "who", "why", "content", "key", "approved_by")
                given = Given(*(said[name] for name in names))
                async with again.doors.command(given.cause) as work:
                    await deeds[given.kind](work, given.content)

    await play(again, repeated)
    for table in TABLES:
        stored = [await one.rows(f"select * from arrears.{table} order by 1, 2") for one in (desk, again)]
        assert stored[0] == stored[1]
        assert stored[0]
    said = [await one.said(topics.NOTICE_CHANGED) for one in (desk, again)]
    assert said[0] == said[1]
    assert [str(one.change) for one in said[0]] == [
        "raised", "approved", "registered", "left-to-expire", "taken-back", "sale",
    ]  # fmt: skip
    await engine.dispose()
