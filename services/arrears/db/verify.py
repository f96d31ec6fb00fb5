"""What must hold of the records of arrears, each as a query that lists what is wrong, and the sums billing compares."""

from collections.abc import Sequence

import asyncpg

from services.arrears.domain.ladder_policy import LadderPolicy

_SUMS = """
select a.account_id, a.charges_pence as charges, coalesce(p.payments, 0)::bigint as payments
from arrears.accounts a
left join (select account_id, sum(amount_pence) as payments from arrears.payments group by 1) p using (account_id)
order by 1
"""
AT_EVERY_COMMIT = {
    "no stage below its minimum": """
        select account_id || ' ' || name from arrears.decisions
        where outcome = 'stage-reached' and chased_pence < minimum_pence""",
    "the items of a decision make its figure": """
        select account_id || ' ' || day from arrears.decisions where outcome = 'stage-reached' and chased_pence <>
          (select coalesce(sum((item ->> 'open_pence')::bigint), 0) from jsonb_array_elements(items) as item)""",
    "no two letters closer than their policy lets them be": """
        select account_id || ' ' || day from (
          select account_id, day, policy_version as version,
                 lag(day) over (partition by account_id order by day) as before
          from arrears.decisions where outcome = 'stage-reached') as sent
        left join policies using (version) where day - before < coalesce(letters_apart, day - before + 1)""",
    "every plan that stands keeps its charges from the ladder, and no other does": """
        select coalesce(plan_id, hold_id) from (
          select plan_id, account_id, debt ->> 'charge_id' as charge_id
          from arrears.plans, jsonb_array_elements(debts) as debt where state in ('agreed', 'warned')) as planned
        full join (
          select hold_id, account_id, charge_id from arrears.holds
          where set_by = 'plan' and kind = 'plan-active' and ended_on is null) as held using (account_id, charge_id)
        where plan_id is null or hold_id is null""",
    "a plan's changes are whole": """
        select plan_id from arrears.plans left join arrears.plan_changes using (plan_id)
        group by plan_id, arrears.plans.change having count(*) <> arrears.plans.change""",
    "no letter to an association's account": """
        select d.account_id from arrears.decisions d join arrears.accounts a using (account_id)
        where d.outcome = 'stage-reached' and a.internal""",
    "a notice stands as its last change says": """
        select it.notice_id from arrears.notices it left join arrears.notice_changes c using (notice_id, number)
        where c.state is distinct from it.state""",
    "no notice is in force after its last day": """
        select notice_id from arrears.notices
        where state in ('registered', 'renewed', 'consent-due', 'consent-issued')
          and last_on < (select last_closed from msg.gate)""",
}
"""Each query lists what is wrong; an empty answer is good.  A letter of a policy that is no longer known is wrong."""
AT_REST = {
    "every account is opened": "select account_id from arrears.accounts where account_ref is null",
    "no account has less than nothing of a payment": """
        select account_id || ' ' || payment_id from arrears.payments where amount_pence < 0""",
}
"""These hold when nothing moves: billing's topics are read side by side."""
_POLICIES = "with policies as (select * from unnest($1::text[], $2::int[]) as told(version, letters_apart))"


async def sums(connection: asyncpg.Connection) -> dict[str, dict[str, int]]:
    """Return charges and payments of every account as billing told them, in pence."""
    rows = await connection.fetch(_SUMS)
    return {row["account_id"]: {"charges": row["charges"], "payments": row["payments"]} for row in rows}


async def list_wrong(connection: asyncpg.Connection, query: str, policies: Sequence[LadderPolicy]) -> list[str]:
    """Return the first things that a check finds wrong, under the versions of the ladder."""
    versions, apart = [one.version for one in policies], [one.letters_apart_days for one in policies]
    return [row[0] for row in await connection.fetch(f"{_POLICIES} {query} limit 5", versions, apart)]
