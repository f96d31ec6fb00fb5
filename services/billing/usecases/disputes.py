"""An officer records what an owner disputes, and how it ended; money and reminders pass over it meanwhile."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

import asyncpg

from services.billing.db import disputes as stored
from services.billing.db import ledger
from services.billing.db.questions import AccountRow
from services.billing.domain.dispute_limits import Limit, limit_of, refuse_dispute
from services.billing.domain.disputes import REVIEW, Dispute, Outcome, awaited
from services.billing.usecases.accounts import lock_account
from services.billing.usecases.allocation import rules_of
from services.billing.usecases.items import say_items
from shared.bus import gate
from shared.bus.bodies import Body
from shared.bus.commands import Command, Json
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError, understood
from shared.bus.work import OPENING_BOOK, Work
from shared.db.engine import driver
from shared.events.billing import DisputeRaised
from shared.events.topics import DISPUTE_RAISED
from shared.events.types import Id, PositivePence

RAISE, END = "dispute-raise", "dispute-end"


class AskedDispute(Body):
    """What is disputed of an account's charge: pence (absent: all that is open), since a day (absent: today's book)."""

    account_ref: Id
    charge_id: Id
    amount_pence: PositivePence | None = None
    raised_on: date | None = None


class AskedEnd(Body):
    """How a dispute ended.

    ``awaits_credit``: what is upheld stays ringed off until it is credited.  Commands of before that rule lack it, and
    a rebuild lets go what they let go (docs/decisions/0026).
    """

    dispute_id: Id
    outcome: Outcome
    awaits_credit: bool = False


def how_ended(dispute_id: str, outcome: Outcome) -> Json:
    """Return the content of a command that ends a dispute now."""
    return {"dispute_id": dispute_id, "outcome": outcome, "awaits_credit": outcome is Outcome.UPHELD}


async def raise_dispute(work: Work, content: Json) -> Json:
    """Ring off what an owner disputes; more than is open is refused.  A rebuild does the same again."""
    asked, row = await _account(work, content)
    raised_on = asked.raised_on or work.book
    if work.book == OPENING_BOOK:
        raise NotNowError("No business day has ended yet: there is no day to record the dispute on.")
    if raised_on > work.book:
        raise NotValidError(f"{raised_on} has not come yet.")
    connection = await driver(work.session)
    limit = await _limit(connection, row.account_id, asked.charge_id, raised_on, work.book)
    pence = limit.open_pence if asked.amount_pence is None else asked.amount_pence
    refusal = refuse_dispute(pence, limit, asked.charge_id, row.account_ref, raised_on)
    if refusal is not None:
        raise NotNowError(refusal)
    command = Command.of(work)
    dispute = Dispute(
        f"D-{command.uid.hex[:16]}", asked.charge_id, pence, raised_on, work.book,
        credited_pence=limit.credited_pence,
    )  # fmt: skip
    await stored.add(connection, command.uid, row.account_id, dispute)
    await say_items(work, {row.account_id: work.cause})
    said = DisputeRaised(
        account_id=row.account_id, dispute_id=dispute.dispute_id, charge_id=dispute.charge_id, amount_pence=pence,
        raised_on=raised_on,
    )  # fmt: skip
    work.stage(DISPUTE_RAISED, said)
    return {
        "dispute_id": dispute.dispute_id, "account_ref": row.account_ref, "charge_id": dispute.charge_id,
        "amount_pence": pence, "raised_on": raised_on, "review_on": raised_on + REVIEW,
    }  # fmt: skip


async def end_dispute(work: Work, content: Json) -> Json:
    """End a dispute today: what was upheld is ringed off until its credit has come, the rest is due as it always was.

    Money left over settles at once what is let go.
    """
    asked = understood(AskedEnd, content)
    connection = await driver(work.session)
    found = await stored.find(connection, asked.dispute_id)
    if found is None:
        raise NotKnownError(f"There is no dispute {asked.dispute_id}.")
    await work.lock(exclusive=[f"account:{found.account_id}"], shared=("structure",))
    found = await stored.find(connection, asked.dispute_id)
    if found is None or not found.may_end(asked.outcome):
        raise NotNowError(f"Dispute {asked.dispute_id} has ended already.")
    awaits = asked.awaits_credit and asked.outcome is Outcome.UPHELD
    await stored.end(
        connection, Command.of(work).uid, asked.dispute_id, asked.outcome, work.book, awaits_credit=awaits
    )  # fmt: skip
    await say_items(work, {found.account_id: work.cause})
    return {
        "dispute_id": asked.dispute_id, "account_ref": found.account_ref, "charge_id": found.charge_id,
        "amount_pence": found.amount_pence, "outcome": asked.outcome, "ended_on": work.book,
    }  # fmt: skip


DEEDS: Mapping[str, Callable[[Work, Json], Awaitable[Json]]] = MappingProxyType(
    {RAISE: raise_dispute, END: end_dispute}
)
"""How a rebuild repeats them."""


async def worklist(connection: asyncpg.Connection) -> list[dict[str, Any]]:
    """Return every dispute with who and why: those that stand first, then those whose credit has not come, the ended.

    One that nobody has looked at, or credited, for 28 days is ``late``; ``awaits_credit_pence`` is what still rings.
    """
    day = (await gate.read(connection)).book
    rows = [dict(row) for row in await stored.list_disputes(connection)]
    left = await _awaited(connection, {row["account_id"] for row in rows if row["awaits_credit"]})
    for row in rows:
        del row["account_id"], row["awaits_credit"]
        row["awaits_credit_pence"] = left.get(row["dispute_id"], 0)
        row["review_on"] = (row["ended_on"] if row["awaits_credit_pence"] else row["raised_on"]) + REVIEW
        row["late"] = not _is_over(row) and row["review_on"] < day
    return sorted(rows, key=_is_over)


def _is_over(row: dict[str, Any]) -> bool:
    return row["ended_on"] is not None and not row["awaits_credit_pence"]


async def _awaited(connection: asyncpg.Connection, account_ids: Collection[str]) -> dict[str, int]:
    """Return the pence of each upheld dispute of accounts that no credit has taken yet."""
    lines = await ledger.load_lines(connection, account_ids)
    found: dict[str, int] = {}
    for account_id, own in (await stored.load_of_accounts(connection, account_ids)).items():
        found |= awaited(own, lines.get(account_id, ()))
    return found


async def _account(work: Work, content: Json) -> tuple[AskedDispute, AccountRow]:
    """Return what is asked, and the account it is about, locked."""
    asked = understood(AskedDispute, content)
    row = await lock_account(work, asked.account_ref)
    return asked, row


async def _limit(connection: asyncpg.Connection, account_id: str, charge_id: str, since: date, book: date) -> Limit:
    """Return how much of a charge may be disputed from a day on, as the account stands."""
    lines = (await ledger.load_lines(connection, [account_id])).get(account_id, [])
    heads = (await ledger.load_heads(connection, [account_id])).get(account_id, [])
    rules = (await rules_of(connection, [account_id]))[account_id]
    return limit_of(lines, heads, book, rules, charge_id, since)
