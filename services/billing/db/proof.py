"""Statements that hunt for what must not be: each returns the first things that differ, none when all is well."""

from collections.abc import AsyncIterator, Sequence

import asyncpg

from services.billing.db.ours import OUR_OWN
from services.billing.domain.facts import SUSPENSE, FactKind, Part
from shared.db.engine import LONG_SECONDS

MOST_NAMED = 3
"""How many differences a check names."""

UNBALANCED = """
select 'cause ' || cause_uid || ' sums to ' || sum(amount_pence)
from billing.entries group by cause_uid having sum(amount_pence) <> 0 order by cause_uid limit $1
"""
TOTAL = "select 'the ledger sums to ' || sum(amount_pence) from billing.entries having sum(amount_pence) <> 0 limit $1"
NAMELESS = """
select 'account ' || coalesce(account.account_ref, entry.account_id::text, entry.ledger)
  || ', cause ' || entry.cause_uid
from billing.entries as entry
left join billing.accounts as account on account.account_id = entry.account_id
where entry.account_id is not null and account.account_id is null
   or not exists (select from billing.causes where cause_uid = entry.cause_uid)
  and not exists (select from billing.charges where charge_id = entry.fact_id and event_uid = entry.cause_uid)
  and not exists (select from billing.credits where credit_id = entry.fact_id and event_uid = entry.cause_uid)
  and not exists (select from billing.payments where payment_id = entry.fact_id and event_uid = entry.cause_uid)
  and not exists (select from billing.reversals where reversal_id = entry.fact_id and event_uid = entry.cause_uid)
limit $1
"""
CHARGES_STAND = """
with standing as (
  select charge_id, coalesce(credit_id, charge_id) as fact_id, credit_id is not null as is_credit,
    coalesce(account_id::text, '') as holder, sum(net_pence + tax_pence) as pence
  from billing.charge_parts group by 1, 2, 3, 4
), posted as (
  select charge_id, fact_id, fact_kind = 'credit' as is_credit, coalesce(account_id::text, '') as holder,
    sum(amount_pence) as pence
  from billing.entries where ledger in ('receivable', 'suspense-charges') and fact_kind in ('charge', 'credit')
  group by 1, 2, 3, 4
)
select 'account ' || coalesce(account.account_ref, 'suspense') || ', charge ' || charge_id || ': stands at '
  || coalesce(standing.pence, 0) || ', posted ' || coalesce(posted.pence, 0)
from standing full join posted using (charge_id, fact_id, is_credit, holder)
left join billing.accounts as account on account.account_id = nullif(holder, '')::uuid
where coalesce(standing.pence, 0) <> coalesce(posted.pence, 0) order by charge_id, holder limit $1
"""
CHARGES_WHOLE = """
with facts as (
  select charge_id, charge_id as fact_id, false as is_credit, net_pence + tax_pence as pence from billing.charges
  union all select charge_id, credit_id, true, -amount_pence from billing.credits
), divided as (
  select charge_id, coalesce(credit_id, charge_id) as fact_id, credit_id is not null as is_credit,
    sum(net_pence + tax_pence) as pence
  from billing.charge_parts group by 1, 2, 3
)
select 'charge ' || charge_id || ', ' || fact_id || ': ' || coalesce(facts.pence, 0) || ' raised, '
  || coalesce(divided.pence, 0) || ' divided'
from facts full join divided using (charge_id, fact_id, is_credit)
where coalesce(facts.pence, 0) <> coalesce(divided.pence, 0) order by charge_id limit $1
"""
PAYMENTS_STAND = """
with taken_back as (
  select payment_id, sum(amount_pence) as pence from billing.reversals group by payment_id
), standing as (
  select payment_id, coalesce(account_id::text, '') as holder, coalesce(taken_back.pence, 0) - amount_pence as pence
  from billing.payments left join taken_back using (payment_id) where not exists (
    select from billing.matches where matches.payment_id = payments.payment_id)
), posted as (
  select payment_id, coalesce(account_id::text, '') as holder, sum(amount_pence) as pence
  from billing.entries where ledger in ('receivable', 'suspense-receipts') and not exists (
    select from billing.matches where matches.payment_id = entries.payment_id) group by 1, 2
)
select 'account ' || coalesce(account.account_ref, 'suspense') || ', payment ' || payment_id || ': stands at '
  || coalesce(standing.pence, 0) || ', posted ' || coalesce(posted.pence, 0)
from standing full join posted using (payment_id, holder)
left join billing.accounts as account on account.account_id = nullif(holder, '')::uuid
where payment_id is not null and coalesce(standing.pence, 0) <> coalesce(posted.pence, 0)
order by payment_id, holder limit $1
"""
ISSUED_AS_STRUCK = """
with struck as (
  select given.quarter, given.book, it.* from billing.statement_releases as given
  join billing.struck_statements as it on it.run_id = given.quarter || '-' || given.run_no
), issued as (select * from billing.statements where known_at is not null)
select 'statement ' || coalesce(issued.statement_no, struck.account_ref || ' of ' || struck.quarter) || ': struck at '
  || coalesce(struck.balance_pence::text, 'nothing') || ', issued at '
  || coalesce(issued.balance_pence::text, 'nothing')
from struck full join issued using (account_id, quarter)
where row(struck.brought_forward_pence, struck.total_pence, struck.balance_pence)
  is distinct from row(issued.brought_forward_pence, issued.total_pence, issued.balance_pence)
  and (issued.statement_no is not null or struck.book <= (select last_closed from msg.gate))
order by 1 limit $1
"""
ANNUAL_AS_BILLED = """
with billed as (
  select account_id, left(quarter, 4)::integer as year, sum(total_pence) as pence,
    (array_agg(balance_pence order by issued_on desc))[1] as balance_pence
  from billing.statements group by 1, 2
)
select 'annual statement ' || account.account_ref || ' of ' || said.year || ': says ' || said.total_pence || ' and '
  || said.balance_pence || ', its statements say ' || coalesce(billed.pence::text, 'nothing') || ' and '
  || coalesce(billed.balance_pence::text, 'nothing')
from billing.annual_statements as said join billing.accounts as account using (account_id)
left join billed using (account_id, year)
where row(said.total_pence, said.balance_pence) is distinct from row(billed.pence, billed.balance_pence)
order by 1 limit $1
"""
SPENDINGS_STAND = """
with posted as (
  select fact_id as spending_id, sum(amount_pence) as pence from billing.entries
  where fact_kind = 'fund-spending' and ledger = 'reserve-funds' group by 1
)
select 'spending ' || spending_id || ': ' || coalesce(it.amount_pence, 0) || ' spent, ' || coalesce(pence, 0)
  || ' posted'
from billing.fund_spendings as it full join posted using (spending_id)
where coalesce(it.amount_pence, 0) <> coalesce(pence, 0) order by spending_id limit $1
"""
_POSTED = """
select payment_id, fact_kind, fact_id, coalesce(account_id::text, $2) as holder, sum(amount_pence)::bigint as pence
from billing.entries where payment_id = any($1::text[]) and ledger in ('receivable', 'suspense-receipts')
group by 1, 2, 3, 4 having sum(amount_pence) <> 0
"""
TAKEN_IN = f"""
select
  (select coalesce(sum(net_pence + tax_pence), 0)::bigint from billing.charges) as charges_pence,
  (select coalesce(sum(net_pence + tax_pence), 0)::bigint from billing.charges as fact where {OUR_OWN})
    as raised_here_pence,
  (select coalesce(sum(amount_pence), 0)::bigint from billing.credits) as credits_pence,
  (select coalesce(sum(amount_pence), 0)::bigint from billing.payments) as receipts_pence,
  (select coalesce(sum(amount_pence), 0)::bigint from billing.reversals as fact where not {OUR_OWN}) as reversals_pence,
  (select coalesce(sum(amount_pence), 0)::bigint from billing.reversals as fact where {OUR_OWN}) as refunds_pence
"""  # noqa: S608 - ours
EVERY_CHARGE = "select charge_id from billing.charges order by charge_id"
EVERY_PAYMENT = "select payment_id from billing.payments order by payment_id"
EVERY_MATCHED = "select distinct payment_id from billing.matches order by payment_id"
EVERY_ACCOUNT = "select account_id::text from billing.accounts order by account_id"
EVERY_WRITTEN_OFF = "select distinct account_id::text from billing.write_offs order by 1"


async def differences(connection: asyncpg.Connection, statement: str) -> list[str]:
    """Return the first differences that a statement of this module finds."""
    return [row[0] for row in await connection.fetch(statement, MOST_NAMED, timeout=LONG_SECONDS)]


async def posted_parts(connection: asyncpg.Connection, payment_ids: Sequence[str]) -> dict[str, list[Part]]:
    """Return what is posted of payments, as parts."""
    found: dict[str, list[Part]] = {}
    for row in await connection.fetch(_POSTED, list(payment_ids), SUSPENSE):
        part = Part(FactKind(row["fact_kind"]), row["fact_id"], None, row["holder"], row["pence"])
        found.setdefault(row["payment_id"], []).append(part)
    return found


async def taken_in(connection: asyncpg.Connection) -> dict[str, int]:
    """Return what the facts sum to, in pence, without the ledger: the other side of the money's conservation."""
    [sums] = await connection.fetch(TAKEN_IN, timeout=LONG_SECONDS)
    return dict(sums)


async def pages(connection: asyncpg.Connection, statement: str, size: int) -> AsyncIterator[Sequence[str]]:
    """Yield ids in pages."""
    page: list[str] = []
    async for row in connection.cursor(statement, prefetch=size, timeout=LONG_SECONDS):
        page.append(row[0])
        if len(page) == size:
            yield page
            page = []
    if page:
        yield page
