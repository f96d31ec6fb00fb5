"""Door 2, people: what officers ask arrears and tell it, one module for each kind of question."""

from fastapi import APIRouter

from services.arrears.api import holds, notices, questions
from services.arrears.domain.notice_policy import NoticePolicy
from services.arrears.domain.policy import Policy
from shared.bus.transaction import Doors


def routes(doors: Doors, policies: tuple[Policy, ...], notice_policies: tuple[NoticePolicy, ...]) -> APIRouter:
    """Return the staff API of arrears."""
    router = APIRouter(tags=["arrears"])
    questions.add(router, doors, policies)
    holds.add(router, doors, policies)
    notices.add(router, doors, notice_policies)
    return router
