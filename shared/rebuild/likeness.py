"""What a service declares for its rebuild: what must come out equal, its staff commands, what belongs to the world."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from shared.bus.commands import Json
from shared.bus.work import Work
from shared.events.topics import CHANNELS, TAKEN_IN, Retention

Deed = Callable[[Work, Json], Awaitable[Json]]
"""Lets a staff command take effect, now or again, from the content it was given with."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A set of rows that must come out equal; ``query`` yields ``key`` (text, unique) and ``row`` (jsonb)."""

    what: str
    query: str


@dataclass(frozen=True, slots=True)
class Carried:
    """Columns of a table that tell of the world (when a mail left), taken over from the live database at a swap.

    No ``columns``: the whole table is; ``where``: only of the rows for which it holds.
    """

    table: str
    key: str = ""
    columns: tuple[str, ...] = ()
    where: str = "true"


@dataclass(frozen=True, slots=True)
class Likeness:
    """A service's part in its rebuild; ``outside`` are topics of its own that tell of the world, not of its input.

    ``deeds`` repeat staff commands from their record, by kind of command.
    """

    compared: tuple[Compared, ...]
    deeds: Mapping[str, Deed] = field(default_factory=dict)
    outside: tuple[str, ...] = ()
    carried: tuple[Carried, ...] = ()


def whole(what: str, table: str, key: str, *without: str) -> Compared:
    """Return the comparison of a table's rows by ``key`` (an expression of text), but for the columns ``without``."""
    left_out = "".join(f" - '{column}'" for column in without)
    return Compared(what, f"select {key} as key, to_jsonb(it){left_out} as row from {table} as it")  # noqa: S608 - ours


_SAID = """
select topic || ' ' || msg_key || ' ' || aggver as key, jsonb_build_object('book', book, 'pence', pence,
  'data', (convert_from(body, 'UTF8')::jsonb -> 'data') - 'after') as row from msg.event_log
"""


_FORGETFUL = ", ".join(f"'{channel.topic}'" for channel in CHANNELS if channel.retention is Retention.COMPACTED)
_TAKEN_IN = """
select event_uid::text as key,
  to_jsonb(it) - 'processed_at' - case when topic in ({topics}) then 'sha' else '' end as row from msg.inbox as it
"""
"""Content that a topic forgets may have been blanked since."""


def of_the_bus(outside: tuple[str, ...]) -> tuple[Compared, ...]:
    """Return what is compared of every service: what became of each event, and what was said in which book.

    Not derived are the time in an event, when it was written down, and the cut in a closed day, where topics ended; nor
    the notes of what each transaction took in: a rebuild makes those of commands alone.
    """
    topics = ", ".join(f"'{topic}'" for topic in (*outside, *(channel.topic for channel in TAKEN_IN.values())))
    return (
        Compared("events taken in", _TAKEN_IN.format(topics=_FORGETFUL)),
        whole("events held", "msg.held", "event_uid::text", "held_at"),
        Compared(
            "dead letters",
            "select topic || ' ' || partition_no || ' ' || kafka_offset as key, jsonb_build_object('reason', "
            "reason_code, 'field', field, 'replayed', status = 'replayed', 'own_book', own_book) as row "
            "from msg.dead_letter",
        ),
        Compared("events said", f"{_SAID} where topic not in ({topics})"),
    )
