"""What all doors of billing for people share: who may ask about accounts, and how an answer is written."""

import json
from typing import Annotated, Any

from fastapi import Response

from shared.auth import Caller, requires

STAFF = ("assistant", "lead-officer", "finance", "board", "admin-team", "auditor")
Staff = Annotated[Caller, requires(*STAFF)]


def as_json(answer: Any) -> Response:
    """Write an answer as JSON; days become ISO dates."""
    return Response(json.dumps(answer, default=str, ensure_ascii=False), media_type="application/json")
