"""What all of billing's routes share: who may ask, and how an answer is written."""

from datetime import date
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic_core import to_json

from shared.auth import EVERYBODY, STAFF, Caller, requires

MATCHERS = ("assistant", "lead-officer", "finance")
BOOKKEEPERS = ("lead-officer", "finance", "board", "auditor")

Staff = Annotated[Caller, requires(*STAFF)]
Everybody = Annotated[Caller, requires(*EVERYBODY)]
"""For what names nobody: operators prove the books and look for what an event waits for."""
Matcher = Annotated[Caller, requires(*MATCHERS)]
Bookkeeper = Annotated[Caller, requires(*BOOKKEEPERS)]
AsOf = Annotated[
    date | None, Query(description="Count what has this value date or an earlier one; absent: everything.")
]
KnownAt = Annotated[date | None, Query(description="As known at the end of this book (a business day); absent: now.")]
First = Annotated[date, Query(alias="from", description="The first day, by value date.")]
Last = Annotated[date, Query(alias="to", description="The last day, included.")]
QUARTER = r"^[1-9][0-9]{3}-?Q[1-4]$"
Quarter = Annotated[str, Query(pattern=QUARTER, description="A calendar quarter, like 2026-Q1.")]


def as_json(answer: Any) -> Response:
    """Write an answer as JSON; days become ISO dates."""
    return Response(to_json(answer, fallback=str), media_type="application/json")
