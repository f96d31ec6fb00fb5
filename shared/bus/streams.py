"""Versions of what other services say: behind is a duplicate, ahead waits for the one before it."""

from collections.abc import Iterable

import asyncpg

_LOAD = """
select wanted.topic, wanted.msg_key, coalesce(stream.aggver, 0) as aggver
from (select distinct * from unnest($1::text[], $2::text[])) as wanted(topic, msg_key)
left join msg.stream as stream using (topic, msg_key)
"""
_STORE = """
insert into msg.stream as stream (topic, msg_key, aggver) select * from unnest($1::text[], $2::text[], $3::bigint[])
on conflict (topic, msg_key) do update set aggver = greatest(stream.aggver, excluded.aggver)
"""

Stream = tuple[str, str]
"""A topic and a key: the history of one thing."""


def version_name(stream: Stream, version: int) -> str:
    """Return the name under which an event waits for a version of a stream."""
    return f"version:{stream[0]}:{stream[1]}:{version}"


async def load(connection: asyncpg.Connection, streams: Iterable[Stream]) -> dict[Stream, int]:
    """Return the version each stream has been applied up to; 0 for a new one."""
    wanted = set(streams)
    if not wanted:
        return {}
    rows = await connection.fetch(_LOAD, [topic for topic, _ in wanted], [key for _, key in wanted])
    return {(row["topic"], row["msg_key"]): row["aggver"] for row in rows}


async def store(connection: asyncpg.Connection, versions: dict[Stream, int]) -> None:
    """Note the versions that are now applied."""
    if versions:
        streams = sorted(versions)
        await connection.execute(
            _STORE, [topic for topic, _ in streams], [key for _, key in streams], [versions[s] for s in streams]
        )
