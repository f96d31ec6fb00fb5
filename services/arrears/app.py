"""The composition root of arrears: the only place that builds things."""

from functools import partial

from services.arrears import api, handlers
from services.arrears.db.likeness import COMPARED
from services.arrears.settings import read_ladder_policies, read_notice_policies, read_plan_policies
from services.arrears.usecases import holds, notices, plans
from services.arrears.usecases.day import work_day
from services.arrears.usecases.plan_proposals import PLAN
from services.arrears.usecases.verify import checks
from shared.bus.service import Service
from shared.rebuild.likeness import Likeness
from shared.settings import ServiceSettings


def build(_settings: ServiceSettings) -> Service:
    """Return the service as the bus runs it, under the shipped versions of the ladder, of plans and of notices."""
    policies, notice_policies = read_ladder_policies(), read_notice_policies()
    read_plan_policies()
    return Service(
        name="arrears",
        router=handlers.router,
        day_work=partial(work_day, policies=policies, notice_policies=notice_policies),
        api=lambda running: api.routes(running.api_doors, policies, notice_policies),
        kinds=(PLAN, notices.as_kind(notice_policies)),
        checks=partial(checks, policies=policies),
        likeness=Likeness(
            COMPARED,
            deeds={
                "hold-set": partial(holds.give_hold, policies=policies),
                "hold-lift": partial(holds.end_hold, policies=policies),
                plans.NAME: plans.agree,
                plans.END: plans.end,
                notices.APPROVE: partial(notices.approve, policies=notice_policies),
                notices.NOTE: partial(notices.note, policies=notice_policies),
            },
        ),
    )
