"""Queries about reviewed runs: the policy, what was struck, who looked at it, and what was released."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
from pydantic_core import from_json

from services.billing.db.sets import columns
from services.billing.db.statements import BEFORE_ALL, Payer
from services.billing.domain.statement_runs import SHIPPED, Flag, Reason, Release, ReleasePolicy, Run, Struck

_STRUCK = (
    "account_id", "account_ref", "brought_forward_pence", "total_pence", "balance_pence", "billed_pence",
    "before_pence", "flags",
)  # fmt: skip
_POLICY = """
select release, sample_size, outlier_percent from billing.release_policies order by policy_no desc limit 1
"""
_POLICIES = """
select it.policy_no, it.book, it.release, it.sample_size, it.outlier_percent, log.body
from billing.release_policies as it join msg.event_log as log on log.event_uid = it.command_uid order by it.policy_no
"""
_ADD_POLICY = """
insert into billing.release_policies (policy_no, command_uid, book, release, sample_size, outlier_percent)
select coalesce(max(policy_no), 0) + 1, $1, $2, $3, $4, $5 from billing.release_policies
"""
_RUNS = """
select quarter, run_no, known_at from billing.statement_runs where $1::text is null or quarter = $1
order by known_at, run_no
"""
_LAST = """
select quarter, run_no, known_at from billing.statement_runs where known_at < $1 order by known_at desc limit 1
"""
_RELEASED = """
select run.quarter, run.run_no, run.known_at from billing.statement_releases as given
join billing.statement_runs as run using (quarter, run_no) where given.book = $1
"""
_PAGE = """
select struck.account_id::text, struck.account_ref, account.unit_id, account.ownership_id
from billing.struck_statements as struck join billing.accounts as account using (account_id)
where struck.run_id = $1 and struck.account_id > $2::uuid order by struck.account_id limit $3
"""
_ROWS = f"""
select {", ".join(name if name != "account_id" else "account_id::text" for name in _STRUCK)}
from billing.struck_statements where run_id = $1 order by account_id
"""  # noqa: S608 - ours
_STRUCK_OF = """
select account_id::text from billing.struck_statements where run_id = $1 and account_id = any($2::uuid[])
"""
_ADD_SAMPLE = """
insert into billing.statement_samples (run_id, account_id, account_ref, reasons)
select $1, account_id, account_ref, string_to_array(reasons, ' ')
from unnest($2::uuid[], $3::text[], $4::text[]) as it(account_id, account_ref, reasons)
"""
_SAMPLE = """
select sample.account_id::text, sample.account_ref, sample.reasons, verdict.passed, log.body
from billing.statement_samples as sample
left join lateral (
  select passed, command_uid from billing.statement_checks as one
  where one.run_id = sample.run_id and one.account_id = sample.account_id order by check_no desc limit 1
) as verdict on true
left join msg.event_log as log on log.event_uid = verdict.command_uid
where sample.run_id = $1 order by sample.account_ref
"""
_ADD_CHECK = """
insert into billing.statement_checks (run_id, account_id, check_no, command_uid, book, passed)
select $1, $2::uuid, count(*) + 1, $3, $4, $5 from billing.statement_checks where run_id = $1 and account_id = $2::uuid
"""


@dataclass(frozen=True, slots=True)
class Sampled:
    """A statement that somebody must look at, and the last verdict with who and why; ``passed`` is None: not yet."""

    account_id: str
    account_ref: str
    reasons: tuple[Reason, ...]
    passed: bool | None
    who: str | None
    why: str | None


async def policy(connection: asyncpg.Connection) -> ReleasePolicy:
    """Return what holds for runs now."""
    row = await connection.fetchrow(_POLICY)
    return SHIPPED if row is None else ReleasePolicy(Release(row["release"]), *tuple(row)[1:])


async def add_policy(connection: asyncpg.Connection, command_uid: UUID, book: date, new: ReleasePolicy) -> None:
    """Add what holds from a book on; the caller numbers on under a lock."""
    await connection.execute(_ADD_POLICY, command_uid, book, new.release, new.sample_size, new.outlier_percent)


async def list_policies(connection: asyncpg.Connection) -> list[dict[str, Any]]:
    """Return all that was ever agreed, with who and why, oldest first."""
    return [
        {name: value for name, value in row.items() if name != "body"} | _told(row)
        for row in await connection.fetch(_POLICIES)
    ]


def _told(row: asyncpg.Record) -> dict[str, Any]:
    """Return who said it and why, from the record of a command."""
    command = from_json(row["body"]) if row["body"] is not None else {}
    return {name: command.get(name) for name in ("who", "why", "approved_by")}


async def list_runs(connection: asyncpg.Connection, quarter: str | None = None) -> list[Run]:
    """Return runs that are struck whole, of a quarter or all, oldest first."""
    return [Run(*row) for row in await connection.fetch(_RUNS, quarter)]


async def last_run(connection: asyncpg.Connection, before: date) -> Run | None:
    """Return the run struck last in a book before this one."""
    row = await connection.fetchrow(_LAST, before)
    return Run(*row) if row is not None else None


async def add_run(connection: asyncpg.Connection, run: Run) -> None:
    """Note that a run is struck whole."""
    await connection.execute(
        "insert into billing.statement_runs values ($1, $2, $3)", run.quarter, run.run_no, run.known_at
    )


async def add_struck(connection: asyncpg.Connection, run_id: str, rows: Iterable[Struck]) -> None:
    """Add what statements of a run say."""
    records = [(run_id, *(getattr(row, name) for name in _STRUCK)) for row in rows]
    await connection.copy_records_to_table(
        "struck_statements", schema_name="billing", columns=("run_id", *_STRUCK), records=records
    )


async def list_drafted(connection: asyncpg.Connection, run_id: str, after: str, most: int) -> list[Payer]:
    """Return the next accounts with a statement in a run, in order of account_id; ``after`` is empty at first."""
    return [Payer(*row) for row in await connection.fetch(_PAGE, run_id, after or BEFORE_ALL, most)]


async def load_struck(connection: asyncpg.Connection, run_id: str, account_ids: Iterable[str]) -> set[str]:
    """Return those of the accounts that have a statement in a run."""
    return {row["account_id"] for row in await connection.fetch(_STRUCK_OF, run_id, list(account_ids))}


async def struck_pages(connection: asyncpg.Connection, run_id: str, size: int) -> AsyncIterator[list[Struck]]:
    """Yield what the statements of a run say, some at a time, in order of account_id."""
    page: list[Struck] = []
    async for row in connection.cursor(_ROWS, run_id, prefetch=size):
        page.append(Struck(**{**row, "flags": tuple(map(Flag, row["flags"]))}))
        if len(page) == size:
            yield page
            page = []
    yield page


async def add_sample(
    connection: asyncpg.Connection, run_id: str, members: Mapping[str, tuple[str, Sequence[Reason]]]
) -> None:
    """Add the sample of a run: by account its reference, and why it is in it."""
    rows = [(account_id, ref, " ".join(why)) for account_id, (ref, why) in members.items()]
    if rows:
        await connection.execute(_ADD_SAMPLE, run_id, *columns(rows))


async def load_sample(connection: asyncpg.Connection, run_id: str) -> list[Sampled]:
    """Return the sample of a run, in order of reference, each with what was said of it last."""
    return [
        Sampled(row["account_id"], row["account_ref"], tuple(map(Reason, row["reasons"])), row["passed"],
                told["who"], told["why"])
        for row in await connection.fetch(_SAMPLE, run_id) for told in [_told(row)]
    ]  # fmt: skip


async def add_check(
    connection: asyncpg.Connection, run_id: str, account_id: str, command_uid: UUID, book: date, *, passed: bool
) -> None:
    """Add what an officer says of a statement; the last word holds."""
    await connection.execute(_ADD_CHECK, run_id, account_id, command_uid, book, passed)


async def is_asked_anew(connection: asyncpg.Connection, quarter: str, book: date) -> bool:
    """Say whether a quarter is to be struck anew in the work of a book."""
    return bool(
        await connection.fetchval(
            "select exists (select from billing.statement_restrikes where quarter = $1 and book = $2)", quarter, book
        )
    )


async def ask_anew(connection: asyncpg.Connection, quarter: str, book: date, command_uid: UUID) -> None:
    """Note that a quarter is to be struck anew in the work of a book."""
    await connection.execute("insert into billing.statement_restrikes values ($1, $2, $3)", quarter, book, command_uid)


async def released_in(connection: asyncpg.Connection, run: Run) -> date | None:
    """Return the book in which a run was released, if it was."""
    found: date | None = await connection.fetchval(
        "select book from billing.statement_releases where quarter = $1 and run_no = $2", run.quarter, run.run_no
    )
    return found


async def released_run(connection: asyncpg.Connection, book: date) -> Run | None:
    """Return the run that was released in a book: it is issued in the work of that day."""
    row = await connection.fetchrow(_RELEASED, book)
    return Run(*row) if row is not None else None


async def release(connection: asyncpg.Connection, run: Run, command_uid: UUID, book: date) -> None:
    """Note that a run is released; the database refuses a second one of a quarter."""
    await connection.execute(
        "insert into billing.statement_releases values ($1, $2, $3, $4)", run.quarter, run.run_no, command_uid, book
    )
