"""A day on which nothing is due, over a hundred thousand accounts, in each service that has work to look for."""

from datetime import date, timedelta

import asyncpg

from tests.benchmarks import ledger
from tests.benchmarks.closing import close_day
from tests.benchmarks.figures import Figure
from tests.benchmarks.stage import Stage, know_sizes

_FIRST = date(2026, 4, 7)  # the day measured is in no quarter's first days, and nothing is due
_SAID = """
insert into msg.event_log (event_uid, topic, msg_key, type, aggver, book, pence, body)
select md5('said' || n)::uuid, $2, 'K' || n, $2 || '.v1', 1, date '2026-04-01', 100,
  convert_to(repeat('x', 400), 'UTF8')
from generate_series(1, $1) as n
"""
_HEARD = """
insert into msg.inbox (event_uid, sha, topic, disposition, book, pence, partition_no, kafka_offset, own_book)
select md5('heard' || n)::uuid, sha256('h'), $2, 'D', date '2026-04-01', 100, 0, n, date '2026-04-01'
from generate_series(1, $1) as n
"""
_ARREARS = """
insert into arrears.accounts (account_id, account_ref, unit_id, ownership_id, balance_pence, items, next_check_on)
select md5('a' || n)::uuid::text, 'F' || n, 'U' || n, 'O' || n, 100,
  '[{"charge_id": "C1", "issued_on": "2026-04-01", "due_on": "2026-05-29", "open_pence": 100}]',
  case when n % 2 = 0 then date '2026-05-29' end
from generate_series(1, $1) as n
"""
_NOTIFY = (
    """
insert into notify.accounts (account_id, account_ref, unit_id, ownership_id, internal, sha)
select 'A' || n, 'F' || n, 'U' || n, 'O' || n, false, sha256('a') from generate_series(1, $1) as n
""",
    """
insert into notify.letters (dedup_key, template, account_id, sha, matter, book, state, due_on, cause_source, cause_id)
select 'L' || n, 'statement', 'A' || n, sha256('a'), '{}', date '2026-04-01', 'rendered', date '2026-04-01',
  's', 'i' || n
from generate_series(1, $1) as n
""",
)
_TOPICS = {
    "billing": ("billing.charge-raised", "housing.charge-raised"),
    "arrears": ("arrears.stage-reached", "billing.items-changed"),
    "notify": ("notify.message-sent", "billing.statement-issued"),
}


async def measure(stage: Stage) -> list[Figure]:
    """Close one day to warm up, then a day a round."""
    accounts = stage.scaled(100_000)
    return [await _service(stage, name, accounts) for name in _TOPICS]


async def _service(stage: Stage, service: str, accounts: int) -> Figure:
    async with stage.office(service) as office:
        await _fill(office.sql, service, accounts)
        await office.start()
        took = [await close_day(office, _FIRST + timedelta(days=nth), nth + 1) for nth in range(stage.rounds + 1)]
    return Figure(f"quiet-day.{service}", "s", tuple(took[1:]), most=2)


async def _fill(sql: asyncpg.Connection, service: str, accounts: int) -> None:
    said, heard = _TOPICS[service]
    await sql.execute(_SAID, accounts, said)
    await sql.execute(_HEARD, accounts, heard)
    if service == "billing":
        await ledger.register(sql, accounts)
        await ledger.charge_quarter(sql, date(2026, 1, 1), accounts)
    for statement in {"arrears": (_ARREARS,), "notify": _NOTIFY}.get(service, ()):
        await sql.execute(statement, accounts)
    await know_sizes(sql)
