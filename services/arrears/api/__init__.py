"""Door 2, people: what officers ask arrears and tell it, one module for each kind of question."""

from fastapi import APIRouter

from services.arrears.api import holds, questions
from services.arrears.domain.policy import Policy
from shared.bus.transaction import Doors


def routes(doors: Doors, policies: tuple[Policy, ...]) -> APIRouter:
    """Return the staff API of arrears."""
    router = APIRouter(tags=["arrears"])
    for room in (questions, holds):
        room.add(router, doors, policies)
    return router
