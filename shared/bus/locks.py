"""Transaction locks on names, so that deciding from a thing and changing it never overlap in two processes."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.engine import driver

_TAKE = """
select count(*) from (
  select case when alone then pg_advisory_xact_lock(number) else pg_advisory_xact_lock_shared(number) end
  from (select hashtextextended(name, 0) as number, bool_or(alone) as alone
        from (select unnest($1::text[]), true union all select unnest($2::text[]), false) as wanted(name, alone)
        group by 1 order by 1) as sorted
) as taken
"""


async def take(session: AsyncSession, exclusive: Iterable[str], shared: Iterable[str]) -> None:
    """Take advisory locks on all names in one order, in one statement; held until the transaction ends."""
    alone = set(exclusive)
    together = set(shared) - alone
    if alone or together:
        connection = await driver(session)
        await connection.fetchval(_TAKE, list(alone), list(together))
