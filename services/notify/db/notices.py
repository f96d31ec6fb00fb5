"""How each notice of potential liability stands, as arrears said last: the check at dispatch looks at it."""

from collections.abc import Collection, Sequence

import asyncpg

from services.notify.domain.liability_notices import Standing
from shared.events.arrears import NoticeChanged

_STORE = """
insert into notify.notices (notice_id, number, state, registered_on, renewed_on, reference)
select * from unnest($1::text[], $2::int[], $3::text[], $4::date[], $5::date[], $6::text[])
on conflict (notice_id) do update set number = excluded.number, state = excluded.state,
  registered_on = excluded.registered_on, renewed_on = excluded.renewed_on, reference = excluded.reference
where excluded.number > notices.number
"""
_STAND = """
select notice_id, state, registered_on, renewed_on, reference from notify.notices where notice_id = any($1)
"""


async def store(connection: asyncpg.Connection, told: Sequence[NoticeChanged]) -> None:
    """Keep each notice as it was said last; what is told again, or without its number, changes nothing."""
    # Of two that claim one number the first stands.
    numbered = sorted((one for one in reversed(told) if one.number), key=lambda one: (one.notice_id, one.number))
    kept = list({one.notice_id: one for one in numbered}.values())
    await connection.execute(
        _STORE,
        [one.notice_id for one in kept],
        [one.number for one in kept],
        [one.state for one in kept],
        [one.registered_on for one in kept],
        [one.renewed_on for one in kept],
        [one.reference for one in kept],
    )


async def stand(connection: asyncpg.Connection, notice_ids: Collection[str]) -> dict[str, Standing]:
    """Return how notices stand, by their ids; one of which nothing was kept is left out."""
    rows = await connection.fetch(_STAND, list(notice_ids))
    return {
        row["notice_id"]: Standing(row["state"], row["registered_on"], row["renewed_on"], row["reference"])
        for row in rows
    }
