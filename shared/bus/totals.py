"""What a service has said and taken in, in one figure per topic, so that two services can be laid side by side."""

from collections import defaultdict
from typing import Any

import asyncpg

from shared.bus import audit, queries
from shared.bus.commands import topic_of
from shared.bus.transaction import Sessions
from shared.db.engine import driver
from shared.db.rows import only_row

_ALL_S = 60
_NAMES = {"D": "done", "U": "dup", "H": "held", "X": "dead", "I": "ignored"}

Json = dict[str, Any]


async def totals(sessions: Sessions, service: str) -> Json:
    """Return events, pence and digest by topic, said and heard; whether versions, read ranges and audit have no gap.

    The digest is the XOR of all event uids: one event missing, doubled or replaced shows.  ``aside`` are events of
    others that people discarded, ``accepted`` is by how much less than was said people let a day close.
    """
    async with sessions.begin() as session:
        connection = await driver(session)
        await connection.execute(f"set local statement_timeout = '{_ALL_S}s'")
        said = await connection.fetch(queries.SAID, timeout=_ALL_S)
        heard = await connection.fetch(queries.HEARD, timeout=_ALL_S)
        aside = await connection.fetch(queries.ASIDE, timeout=_ALL_S)
        accepted = await connection.fetch(queries.ACCEPTED, timeout=_ALL_S)
        version = await connection.fetchrow(queries.VERSION_GAP, timeout=_ALL_S)
        gap = await connection.fetchrow(queries.RANGE_GAP, timeout=_ALL_S)
        counts = await only_row(connection, queries.COUNTS)
        audited = await audit.check(connection, topic_of(service))
    detail = gap_in_words(version, gap)
    return {
        "said": {row["topic"]: _figures(row) for row in said},
        "heard": _heard(heard),
        "aside": {row["topic"]: _figures(row) for row in aside},
        "accepted": {row["topic"]: _figures(row) for row in accepted},
        "versions_ok": not detail,
        "versions_detail": detail,
        "audit": audited,
        "open_dead": counts["dead_letters"],
        "held": counts["held"],
        "outbox": counts["outbox"],
    }


def _heard(rows: list[asyncpg.Record]) -> Json:
    """Return one entry a topic over all that was taken in, with its parts by what became of them."""
    topics: defaultdict[str, Json] = defaultdict(
        lambda: {"events": 0, "amount_pence": 0, "digest": 0, "dispositions": {}}
    )
    for row in rows:
        topic = topics[row["topic"]]
        topic["events"] += row["events"]
        topic["amount_pence"] += row["amount_pence"]
        topic["digest"] ^= int(row["digest"], 16)
        part = {"events": row["events"], "amount_pence": row["amount_pence"]}
        topic["dispositions"][_NAMES[row["disposition"]]] = part
    return {name: topic | {"digest": f"{topic['digest']:032x}"} for name, topic in topics.items()}


def _figures(row: asyncpg.Record) -> Json:
    return {name: value for name, value in row.items() if name != "topic"}


def gap_in_words(version: asyncpg.Record | None, gap: asyncpg.Record | None) -> str:
    """Return the first gap found, empty when there is none."""
    if version is not None:
        place = f"{version['topic']} key {version['msg_key']}"
        return f"{place}: {version['events']} events up to version {version['highest']}"
    if gap is not None:
        place = f"{gap['topic']} partition {gap['partition_no']}"
        return f"{place}: a batch from {gap['from_offset']} follows one that ended before {gap['expected']}"
    return ""
