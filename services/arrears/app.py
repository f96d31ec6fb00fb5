"""The composition root of arrears: the only place that builds things."""

from functools import partial

from services.arrears import api, handlers
from services.arrears.db.likeness import COMPARED
from services.arrears.settings import read_plan_policies, read_policies
from services.arrears.usecases import holds, plans
from services.arrears.usecases.day import work_day
from services.arrears.usecases.plan_proposals import PLAN
from services.arrears.usecases.verify import checks
from shared.bus.service import Service
from shared.rebuild.likeness import Likeness
from shared.settings import ServiceSettings


def build(_settings: ServiceSettings) -> Service:
    """Return the service as the bus runs it, under the shipped versions of the ladder and of the terms of plans."""
    policies = read_policies()
    read_plan_policies()
    return Service(
        name="arrears",
        router=handlers.router,
        day_work=partial(work_day, policies=policies),
        api=lambda running: api.routes(running.api_doors, policies),
        kinds=(PLAN,),
        checks=partial(checks, policies=policies),
        likeness=Likeness(
            COMPARED,
            deeds={
                "hold-set": partial(holds.give_hold, policies=policies),
                "hold-lift": partial(holds.end_hold, policies=policies),
                plans.NAME: plans.agree,
                plans.END: plans.end,
            },
        ),
    )
