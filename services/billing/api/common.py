"""What all of billing's routes share: who may ask, and how an answer is written."""

import json
from typing import Annotated, Any

from fastapi import Response

from shared.auth import Caller, requires

STAFF = ("assistant", "lead-officer", "finance", "board", "admin-team", "auditor")
MATCHERS = ("assistant", "lead-officer", "finance")

Staff = Annotated[Caller, requires(*STAFF)]
Matcher = Annotated[Caller, requires(*MATCHERS)]


def as_json(answer: Any) -> Response:
    """Write an answer as JSON; days become ISO dates."""
    return Response(json.dumps(answer, default=str, ensure_ascii=False), media_type="application/json")
