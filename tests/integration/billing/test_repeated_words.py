"""A database built anew repeats what officers said and approved, in its place, and equals the live one."""

from datetime import date
from typing import Any, cast

import asyncpg

from services.billing.app import build
from services.billing.db.likeness import COMPARED
from services.billing.domain.refs import account_ref
from services.billing.usecases import refunds
from services.billing.usecases.matches import MATCH, SPLIT, UNMATCH
from shared.auth import Caller
from shared.bus.letters import Taken
from shared.bus.proposals import Proposal, Proposals
from shared.events.base import EventData
from shared.events.decode import Record
from shared.rebuild import guide
from shared.rebuild.comparison import compare
from shared.rebuild.likeness import of_the_bus
from shared.rebuild.replay import Replay
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_payment, a_reversal, a_unit

A, B = account_ref("U1", "A"), account_ref("U2", "B")
BOOK = date(2026, 1, 1)


class Kept:
    """The records that Kafka would still have."""

    def __init__(self) -> None:
        self.by_offset: dict[int, Record] = {}

    def keep(self, taken: Taken) -> Taken:
        self.by_offset[taken.record.offset] = taken.record
        return taken

    async def take(self, _lane: object, offset: int, _uid: object) -> Record:
        return self.by_offset[offset]


async def repeat(live: Desk, fresh: Desk, kept: Kept, matches: int = 3) -> list[str]:
    """Build ``fresh`` as ``live`` came about; return what differs."""
    service = build(cast("Any", None))
    assert service.likeness is not None
    replay = Replay(service, service.likeness, fresh.doors, cast("Any", kept))
    await fresh.rows("update msg.gate set last_closed = $1", date(2025, 12, 31))
    ours, theirs = await asyncpg.connect(live.urls.owner_url), await asyncpg.connect(fresh.urls.owner_url)
    try:
        async with ours.transaction():
            async for step in guide.steps(ours, "billing", service.likeness.deeds):
                await replay.take(step, await replay.read(step))
        async with ours.transaction(), theirs.transaction():
            found = [
                await compare(ours, theirs, one, {}) for one in (*COMPARED, *of_the_bus(("billing.command-given",)))
            ]
    finally:
        await ours.close()
        await theirs.close()
    assert next(one for one in found if one.what == "matches by people").live == matches
    return [one.first for one in found if one.differ]


async def test_a_rebuild_repeats_what_officers_said(desks: Desks) -> None:
    live, fresh, kept = await desks(), await desks(), Kept()
    events: list[EventData] = [
        a_unit(), a_unit("U2"), a_line("U1", ("A", "2025-06-01")), a_line("U2", ("B", "2025-06-01")),
        a_charge("C0", 800, unit="U1", on="2026-01-01", kind="opening-balance", due_on="2026-01-10"),
        a_payment("P1", 1000, on="2026-01-09"), a_payment("P2", 200, on="2026-01-09", account_ref=B),
    ]  # fmt: skip
    taken = live.taken
    live.taken = lambda data, event_id="": kept.keep(taken(data, event_id))  # type: ignore[method-assign]
    await live.hear_each(*events)
    await live.command(MATCH, "P1", (A, None))
    await live.hear(a_reversal("R1", "P1", 300, on="2026-01-12"))
    await live.command(SPLIT, "P1", (A, 400), (B, 500))
    await live.command(UNMATCH, "P2")
    await live.hear(a_line("U1", ("A", "2025-06-01"), ("C", "2026-01-05"), version=2))
    proposals = Proposals(live.doors, (refunds.REFUND,))
    asked = Proposal("refund", "payment:P2", {"payment_id": "P2", "amount_pence": 150}, "asked for it", "ada")
    made = await proposals.propose(Caller("ada", frozenset({"assistant"})), asked)
    await proposals.approve(Caller("fay", frozenset({"finance"})), made["id"], "seen")

    assert await repeat(live, fresh, kept) == []
    assert await fresh.balances() == await live.balances()
    assert await fresh.wrong() == []


async def test_a_rebuild_believes_the_first_of_two_events_of_one_id_and_says_rejections_in_their_order(
    desks: Desks,
) -> None:
    """All of one batch: what is repeated with other content, and what a rule refuses, are told of in turn."""
    live, fresh, kept = await desks(), await desks(), Kept()
    taken = live.taken
    live.taken = lambda data, event_id="": kept.keep(taken(data, event_id))  # type: ignore[method-assign]
    await live.hear(a_charge("C0", 800, unit="U1", on="2026-01-01", kind="opening-balance", due_on="2026-01-10"))
    batch = [
        live.taken(a_payment("P1", 5000, on="2026-01-09"), "pay-1"),
        live.taken(a_payment("P1", 6000, on="2026-01-09"), "pay-1"),
        live.taken(a_credit("K1", "C0", 900, on="2026-01-09")),
        live.taken(a_credit("K2", "C0", 700, on="2026-01-09"), "credit-2"),
        live.taken(a_credit("K2", "C0", 600, on="2026-01-09"), "credit-2"),
        live.taken(a_credit("K3", "C0", 200, on="2026-01-09")),
    ]
    assert await live.apply(batch, BOOK) == ["D", "X", "X", "D", "X", "X"]
    assert await repeat(live, fresh, kept, matches=0) == []
    assert await fresh.balances() == await live.balances()
