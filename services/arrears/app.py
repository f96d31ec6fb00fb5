"""The composition root of arrears: the only place that builds things."""

from services.arrears import api, handlers
from services.arrears.db.likeness import COMPARED
from services.arrears.settings import read_ladder_policies, read_notice_policies, read_plan_policies
from services.arrears.usecases import holds, notice_corrections, notices, plans
from services.arrears.usecases.day import work_day
from services.arrears.usecases.plan_proposals import PLAN
from services.arrears.usecases.verify import checks
from shared.bus.service import Service
from shared.rebuild.likeness import Likeness
from shared.settings import ServiceSettings


def build(_settings: ServiceSettings) -> Service:
    """Return the service as the bus runs it, under the shipped versions of the ladder, of plans and of notices."""
    # Whoever needs one reads it; a version that cannot be read ends the process here, before it serves.
    read_ladder_policies()
    read_notice_policies()
    read_plan_policies()
    return Service(
        name="arrears",
        router=handlers.router,
        day_work=work_day,
        api=lambda running: api.routes(running.api_doors),
        kinds=(PLAN, notices.NOTICE),
        checks=checks,
        likeness=Likeness(
            COMPARED,
            deeds={
                "hold-set": holds.give_hold,
                "hold-lift": holds.end_hold,
                plans.NAME: plans.agree,
                plans.END: plans.end,
                notices.APPROVE: notices.approve,
                notice_corrections.TAKE_BACK: notice_corrections.take_back,
                notices.NOTE: notices.note,
            },
        ),
    )
