"""Door 2, people: what officers ask arrears and tell it, one module for each kind of question."""

from fastapi import APIRouter

from services.arrears.api import accounts, holds, notices, plans
from services.arrears.domain.ladder_policy import LadderPolicy
from services.arrears.domain.notice_policy import NoticePolicy
from shared.bus.transaction import Doors


def routes(doors: Doors, policies: tuple[LadderPolicy, ...], notice_policies: tuple[NoticePolicy, ...]) -> APIRouter:
    """Return the staff API of arrears."""
    router = APIRouter(tags=["arrears"])
    accounts.add(router, doors, policies)
    holds.add(router, doors, policies)
    plans.add(router, doors)
    notices.add(router, doors, notice_policies)
    return router
