"""Loading the accounts that a day has to look at, and storing what was decided."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.arrears.domain.account import Account, Flight, Hold, Item, Rung
from services.arrears.domain.ladder import Decision
from shared.db.copy import copy_rows
from shared.db.engine import driver
from shared.events.arrears import HoldKind

_ACCOUNTS = """
select a.account_id, a.account_ref, a.internal, a.balance_pence, a.written_off_pence, a.items::text as items,
       a.cycle, a.stage, a.stage_on, a.letter_on, a.grace_until, a.ended_cycle, a.ended_stage, a.ended_stage_on,
       p.paid_on, p.taken_back, h.holds::text as holds, c.flights::text as flights
from arrears.accounts a
cross join lateral (
  select max(received_on) filter (where amount_pence > 0) as paid_on,
         bool_or(paid_book between a.ended_stage_on and a.ended_on and taken_book = $1) as taken_back
  from arrears.payments where account_id = a.account_id) p
cross join lateral (
  select jsonb_agg(jsonb_build_object('kind', kind, 'started_on', started_on, 'charge_id', charge_id)
                   order by hold_id) as holds
  from arrears.holds where account_id = a.account_id and ended_on is null) h
cross join lateral (
  select jsonb_agg(jsonb_build_object('pence', amount_pence, 'settled_by', settled_by)
                   order by collection_id) as flights
  from arrears.collections where account_id = a.account_id and settled_by >= $1 and not is_over) c
"""
_DUE = f"{_ACCOUNTS} where a.next_check_on <= $1 order by a.next_check_on, a.account_id limit $2"
_NAMED = f"{_ACCOUNTS} where a.account_id = any($2)"
_STORE = """
update arrears.accounts as kept set
  ended_cycle = case when told.closed then kept.cycle else kept.ended_cycle end,
  ended_stage = case when told.closed then kept.stage else kept.ended_stage end,
  ended_stage_on = case when told.closed then kept.stage_on else kept.ended_stage_on end,
  ended_on = case when told.closed then $10::date else kept.ended_on end,
  cycle = told.cycle, stage = told.stage, stage_on = told.stage_on, letter_on = told.letter_on,
  grace_until = told.grace_until, next_check_on = told.next_check_on, reason = told.reason
from unnest($1::text[], $2::int[], $3::int[], $4::date[], $5::date[], $6::date[], $7::date[], $8::text[], $9::bool[])
  as told(account_id, cycle, stage, stage_on, letter_on, grace_until, next_check_on, reason, closed)
where kept.account_id = told.account_id
"""
_DECISION_COLUMNS = (
    "account_id", "day", "outcome", "cycle", "stage", "name", "policy_version", "overdue_pence", "chased_pence",
    "minimum_pence", "items", "reason",
)  # fmt: skip


async def load_due(session: AsyncSession, day: date, limit: int) -> list[Account]:
    """Return the next accounts to look at on ``day``, in a fixed order; nothing due costs one look at an index."""
    connection = await driver(session)
    return [_account(row) for row in await connection.fetch(_DUE, day, limit)]


async def load_accounts(session: AsyncSession, day: date, account_ids: Sequence[str]) -> dict[str, Account]:
    """Return accounts as a day looks at them, by their ids."""
    rows = await (await driver(session)).fetch(_NAMED, day, list(account_ids))
    return {row["account_id"]: _account(row) for row in rows}


def _account(row: asyncpg.Record) -> Account:
    rung = Rung(row["cycle"], row["stage"], row["stage_on"], row["letter_on"], row["grace_until"])
    ended = Rung(row["ended_cycle"] or 0, row["ended_stage"] or 0, row["ended_stage_on"])
    return Account(
        account_id=row["account_id"],
        account_ref=row["account_ref"],
        internal=row["internal"],
        balance_pence=row["balance_pence"],
        items=items_of(row["items"]),
        rung=rung,
        holds=tuple(_hold(one) for one in json.loads(row["holds"] or "[]")),
        paid_on=row["paid_on"],
        before=ended if row["taken_back"] else None,
        flights=tuple(_flight(one) for one in json.loads(row["flights"] or "[]")),
        written_off_pence=row["written_off_pence"],
    )


def items_of(text: str) -> tuple[Item, ...]:
    """Return the items kept with an account."""
    return tuple(
        Item(
            one["charge_id"],
            date.fromisoformat(one["issued_on"]),
            date.fromisoformat(one["due_on"]),
            one["open_pence"],
            one.get("disputed_pence") or 0,
            _day(one.get("dispute_ended_on")),
        )
        for one in json.loads(text)
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _hold(one: dict[str, Any]) -> Hold:
    return Hold(HoldKind(one["kind"]), date.fromisoformat(one["started_on"]), one["charge_id"])


def _flight(one: dict[str, Any]) -> Flight:
    return Flight(one["pence"], date.fromisoformat(one["settled_by"]))


async def store_decisions(session: AsyncSession, day: date, decisions: Sequence[Decision]) -> None:
    """Keep where every account stands now, and add those that reached a stage or closed a cycle to the record."""
    connection = await driver(session)
    rungs = [one.rung for one in decisions]
    await connection.execute(
        _STORE,
        [one.account_id for one in decisions],
        [one.cycle for one in rungs],
        [one.stage for one in rungs],
        [one.stage_on for one in rungs],
        [one.letter_on for one in rungs],
        [one.grace_until for one in rungs],
        [one.next_check_on for one in decisions],
        [one.reason for one in decisions],
        [one.closed_cycle for one in decisions],
        day,
    )
    recorded = [_recorded(one) for one in decisions if one.reached or one.closed_cycle]
    await copy_rows(session, "arrears.decisions", _DECISION_COLUMNS, recorded)


def _recorded(decision: Decision) -> tuple[object, ...]:
    reached = decision.reached
    cycle = decision.rung.cycle if reached else decision.rung.cycle - 1
    items = [
        {"charge_id": item.charge_id, "due_on": item.due_on.isoformat(), "open_pence": item.open_pence}
        for item in decision.items
    ]
    return (
        decision.account_id,
        decision.day,
        "stage-reached" if reached else "cycle-closed",
        cycle,
        reached.number if reached else 0,
        reached.name if reached else None,
        decision.policy_version,
        decision.overdue_pence,
        decision.chased_pence,
        reached.minimum_pence if reached else 0,
        json.dumps(items),
        decision.reason,
    )
