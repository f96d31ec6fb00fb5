"""The proof of notify: every letter asked for was written once, and every message came or will come to its end."""

from datetime import date

import asyncpg

from services.notify.db import questions
from shared.bus import gate
from shared.checks import Check


async def verify(connection: asyncpg.Connection) -> list[Check]:
    """Look through all letters and messages, as they stand at the moment of a snapshot."""
    day = (await gate.read(connection)).last_closed or date.min
    waiting = await questions.count_waiting(connection)
    return [
        _check(
            "every letter of a closed book is written",
            await questions.find_not_rendered(connection, day),
            f"up to {day}; {waiting} wait for another ownership line" if day > date.min else "no day is closed yet",
        ),
        *(_check(name, detail or None) for name, detail in (await checks(connection)).items()),
        _check("every message is at its end or due", await questions.find_stuck(connection)),
    ]


async def checks(connection: asyncpg.Connection) -> dict[str, str]:
    """Return what differs of all that holds at every commit."""
    return {
        "every written letter has a message": await questions.find_without_message(connection) or "",
        "nobody has a letter twice": await questions.find_twice(connection) or "",
        "every end of a message was said once": await questions.find_wrongly_said(connection) or "",
    }


def _check(name: str, exception: str | None, detail: str = "") -> Check:
    return Check(name, exception is None, exception or detail)
