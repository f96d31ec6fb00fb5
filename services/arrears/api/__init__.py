"""Door 2, people: what officers ask arrears and tell it, one module for each kind of question."""

from fastapi import APIRouter

from services.arrears.api import accounts, holds, notices, plans
from shared.bus.transaction import Doors


def routes(doors: Doors) -> APIRouter:
    """Return the staff API of arrears."""
    router = APIRouter(tags=["arrears"])
    accounts.add(router, doors)
    holds.add(router, doors)
    plans.add(router, doors)
    notices.add(router, doors)
    return router
