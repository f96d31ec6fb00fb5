"""Door 2, people: what officers ask arrears and tell it, one module for each kind of question."""

from fastapi import APIRouter

from services.arrears.api import accounts, holds, plans
from services.arrears.domain.policy import Policy
from shared.bus.transaction import Doors


def routes(doors: Doors, policies: tuple[Policy, ...]) -> APIRouter:
    """Return the staff API of arrears."""
    router = APIRouter(tags=["arrears"])
    accounts.add(router, doors, policies)
    holds.add(router, doors, policies)
    plans.add(router, doors)
    return router
