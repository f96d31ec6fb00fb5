"""On a real database what was upheld stays ringed off until it is credited, or rejected after all; a rebuild agrees."""

from typing import Any

import pytest

from services.billing.usecases import direct_debit_questions, disputes
from services.billing.usecases.direct_debits import ANNOUNCE
from shared.bus.refusals import NotNowError
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_payment, a_unit, shares
from tests.integration.billing.test_direct_debits import close_of
from tests.integration.billing.test_direct_debits import say as collect
from tests.integration.billing.test_disputing import A, billed, disputed, ended, say, told
from tests.integration.billing.test_repeated_words import Kept, repeat


async def awaited(desk: Desk) -> list[tuple[str, int, bool]]:
    await desk.note_closed()
    shown = ("outcome", "awaits_credit_pence", "late")
    return [tuple(row[name] for name in shown) for row in await desk.ask(disputes.worklist)]


async def test_nobody_asks_for_what_was_upheld_until_its_credit_has_come(desk: Desk) -> None:
    await billed(desk)
    dispute = await disputed(desk, amount_pence=40_00)
    await ended(desk, dispute, "upheld")
    assert await told(desk) == [(95_50, 40_00, "2026-04-02")]
    await desk.hear(a_payment("P1", 95_50, on="2026-04-03", account_ref=A))
    assert await told(desk) == [(40_00, 40_00, "2026-04-02")]
    assert await awaited(desk) == [("upheld", 40_00, False)]
    assert await desk.wrong() == []
    await desk.hear(a_credit("K1", "C1", 40_00, on="2026-04-04"))
    assert await told(desk) == []
    assert (await awaited(desk), await desk.wrong()) == ([("upheld", 0, False)], [])


async def test_a_collection_is_not_announced_of_what_was_upheld(desk: Desk) -> None:
    await close_of(desk, "A", unit=lambda _: 95_50)
    await ended(desk, await disputed(desk, amount_pence=40_00), "upheld")
    assert (await collect(desk, ANNOUNCE, collect_on="2026-04-29"))["amount_pence"] == 55_50
    assert [row["amount_pence"] for row in await desk.ask(direct_debit_questions.show, "DD-2026-04-29-1")] == [55_50]


async def test_one_whose_credit_will_not_come_is_rejected_after_all_once(desk: Desk) -> None:
    await billed(desk)
    dispute = await disputed(desk, amount_pence=40_00)
    await ended(desk, dispute, "upheld")
    await desk.close("2026-05-10")
    assert await awaited(desk) == [("upheld", 40_00, True)]
    with pytest.raises(NotNowError):
        await ended(desk, dispute, "upheld")
    await ended(desk, dispute, "rejected")
    assert await told(desk) == [(95_50, None, "2026-05-11")]
    assert (await awaited(desk), await desk.wrong()) == ([("rejected", 0, False)], [])
    for outcome in ("upheld", "rejected"):
        with pytest.raises(NotNowError):
            await ended(desk, dispute, outcome)


async def test_a_rebuild_keeps_what_was_upheld_and_lets_go_what_an_older_release_let_go(desks: Desks) -> None:
    live, fresh, kept = await desks(), await desks(), Kept()
    taken = live.taken
    live.taken = lambda data, event_id="": kept.keep(taken(data, event_id))  # type: ignore[method-assign]
    due: dict[str, Any] = {"unit": "U1", "on": "2026-01-01", "kind": "opening-balance", "due_on": "2026-01-10"}
    await live.hear_each(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await live.hear_each(*(a_charge(name, 800, **due) for name in ("C0", "C1", "C2")))
    now, older, rejected = [await disputed(live, charge_id=name, amount_pence=300) for name in ("C0", "C1", "C2")]
    await ended(live, now, "upheld")
    await say(live, disputes.END, dispute_id=older["dispute_id"], outcome="upheld")
    await ended(live, rejected, "upheld")
    await ended(live, rejected, "rejected")
    with pytest.raises(NotNowError):
        await ended(live, older, "rejected")
    day = str(live.book)
    assert await told(live) == [(800, 300, day), (800, None, day), (800, None, day)]
    assert await repeat(live, fresh, kept, matches=0) == []
    assert await told(fresh) == await told(live)


async def test_no_credit_is_awaited_of_what_left_the_account(desk: Desk) -> None:
    """A share correction takes 40.00 of 80.00 that were upheld; the credit of what is left ends it."""
    await desk.hear(a_unit("U1"), a_unit("U2"), shares(("U1", 1, 2), ("U2", 1, 2)))
    await desk.hear(a_line("U1", ("A", "2025-06-01")), a_line("U2", ("B", "2025-06-01")))
    await desk.close("2025-12-31")
    await desk.hear(a_charge("C1", 160_00, pool="S1", on="2026-01-10"))
    await desk.close("2026-04-01")
    await ended(desk, await disputed(desk), "upheld")
    await desk.hear(shares(("U1", 1, 4), ("U2", 3, 4)))
    assert await awaited(desk) == [("upheld", 40_00, False)]
    await desk.hear(a_credit("K1", "C1", on="2026-04-03"))
    await desk.close("2026-05-10")
    assert (await awaited(desk), await desk.wrong()) == ([("upheld", 0, False)], [])


async def test_no_credit_is_awaited_of_an_owner_whose_charge_moved_to_the_next(desk: Desk) -> None:
    await billed(desk)
    await ended(desk, await disputed(desk, amount_pence=40_00), "upheld")
    await desk.hear(a_line("U1", ("A", "2025-06-01"), ("B", "2025-12-01"), version=2))
    await desk.close("2026-05-10")
    assert (await awaited(desk), await desk.wrong()) == ([("upheld", 0, False)], [])
