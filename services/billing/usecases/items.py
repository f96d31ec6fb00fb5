"""Saying which items of an account are open, whenever that changed: arrears never allocates by itself."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import asyncpg

from services.billing.db import ledger
from services.billing.domain import write_offs
from services.billing.domain.items import StatementHead
from services.billing.domain.lines import Line
from services.billing.domain.position import Open, Position, position
from services.billing.usecases.allocation import rules_of
from shared.bus.work import Cause, Work
from shared.db.engine import driver
from shared.events.base import Event, EventData
from shared.events.billing import ItemsChanged, OpenItem
from shared.events.topics import ITEMS_CHANGED

_ACCOUNTS_AT_ONCE = 25
"""An account of many years has hundreds of lines: a batch may touch more accounts than memory should hold whole.

By a hundred the process grew with the ledger, and was no faster (measured).
"""
MOST_ITEMS = 1_000
"""Open items that are said one by one; a record of the bus holds 256 KiB."""

Causes = Mapping[str, "Event[EventData] | Cause"]
"""For each account touched, the event that touched it last."""


async def say_items(work: Work, causes: Causes) -> None:
    """Say the open items of the accounts touched, where they differ from what was said last.

    The accounts are locked.  A charge that is not billed yet changes only the balance and is not said here.
    """
    if not causes:
        return
    connection = await driver(work.session)
    everyone = sorted(causes)
    for start in range(0, len(everyone), _ACCOUNTS_AT_ONCE):
        account_ids = everyone[start : start + _ACCOUNTS_AT_ONCE]
        lines = await ledger.load_lines(connection, account_ids)
        heads = await ledger.load_heads(connection, account_ids)
        await say_positions(work, connection, {name: causes[name] for name in account_ids}, lines, heads)


async def say_positions(
    work: Work,
    connection: asyncpg.Connection,
    causes: Causes,
    lines: Mapping[str, Sequence[Line]],
    heads: Mapping[str, Sequence[StatementHead]],
) -> None:
    """Do the same from lines and statements that are loaded already."""
    account_ids = sorted(causes)
    said = await ledger.load_said(connection, account_ids)
    rules = await rules_of(connection, account_ids)
    news: list[tuple[str, bytes, date]] = []
    for account_id in account_ids:
        standing = position(lines.get(account_id, ()), heads.get(account_id, ()), work.book, rules[account_id])
        given_up = write_offs.standing_pence(lines.get(account_id, ()))
        sha = fingerprint(standing, given_up)
        if sha != (said.get(account_id) or NOTHING_OPEN):
            work.stage(ITEMS_CHANGED, _items_changed(account_id, standing, given_up), cause=causes[account_id])
            news.append((account_id, sha, open_since(standing)))
    await ledger.store_said(connection, news)


def fingerprint(standing: Position, written_off_pence: int) -> bytes:
    """Return the hash of what items-changed is about: open items, credit, what stands written off, not the balance."""
    return _hash(standing.items, standing.credit_pence, written_off_pence)


def open_since(standing: Position) -> date:
    """Return the oldest due day of what is open; nothing is: the end of time."""
    return min((one.item.due_on for one in standing.items), default=date.max)


def _hash(items: Iterable[Open], credit_pence: int, written_off_pence: int = 0) -> bytes:
    # Where nothing is written off it reads as it always did, like an item that was never disputed.
    given_up = [f"written off {written_off_pence}"] if written_off_pence else []
    return hashlib.sha256("\n".join([*map(_row, items), str(credit_pence), *given_up]).encode()).digest()


def _row(one: Open) -> str:
    row = f"{one.item.charge_id}|{one.item.statement_no or ''}|{one.item.due_on}|{one.open_pence}"
    # An item that was never disputed reads as it always did: what was said before disputes were known stays said.
    never = not one.disputed_pence and one.dispute_ended_on is None
    return row if never else f"{row}|{one.disputed_pence}|{one.dispute_ended_on}"


NOTHING_OPEN = _hash((), 0)
"""What holds of an account about which nothing was said yet."""


def _items_changed(account_id: str, standing: Position, written_off_pence: int) -> ItemsChanged:
    return ItemsChanged(
        account_id=account_id,
        items=_fitted([_open_item(one) for one in standing.items]),
        credit_pence=standing.credit_pence,
        balance_pence=standing.balance_pence,
        written_off_pence=written_off_pence or None,
    )


def _open_item(one: Open) -> OpenItem:
    item = one.item
    return OpenItem(
        charge_id=item.charge_id, statement_no=item.statement_no, issued_on=item.issued_on, due_on=item.due_on,
        open_pence=one.open_pence, disputed_pence=one.disputed_pence or None, dispute_ended_on=one.dispute_ended_on,
    )  # fmt: skip


def _fitted(items: Sequence[OpenItem]) -> tuple[OpenItem, ...]:
    """Return items that fit a record: beyond what any owner has, one a document, named after its first charge."""
    if len(items) <= MOST_ITEMS:
        return tuple(items)
    documents: dict[tuple[str | None, date], list[OpenItem]] = {}
    for item in items:
        documents.setdefault((item.statement_no, item.due_on), []).append(item)
    return tuple(map(_together, documents.values()))


def _together(own: Sequence[OpenItem]) -> OpenItem:
    ended = max((item.dispute_ended_on for item in own if item.dispute_ended_on is not None), default=None)
    sums = {
        "open_pence": sum(item.open_pence for item in own),
        "disputed_pence": sum(item.disputed_pence or 0 for item in own) or None,
    }
    return own[0].model_copy(update={**sums, "dispute_ended_on": ended})
