"""Door 2, people: what officers ask billing and tell it, one module for each kind of question."""

from fastapi import APIRouter, Response

from services.billing.api import (
    accounts,
    books,
    direct_debits,
    disputes,
    fees,
    figures,
    prescription,
    receipts,
    statements,
)
from shared.bus.transaction import Doors


def routes(doors: Doors) -> APIRouter:
    """Return the questions the billing service answers, and what officers may tell it."""
    router = APIRouter(default_response_class=Response)
    for room in (accounts, receipts, figures, books, statements, fees, disputes, direct_debits, prescription):
        room.add(router, doors)
    return router
