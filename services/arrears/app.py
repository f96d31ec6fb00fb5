"""The composition root of arrears: the only place that builds things."""

from functools import partial

from services.arrears import api, handlers
from services.arrears.db.likeness import COMPARED
from services.arrears.settings import read_policies
from services.arrears.usecases import holds, reports
from services.arrears.usecases.day import DayWork
from shared.bus.service import Service
from shared.rebuild.likeness import Likeness
from shared.settings import ServiceSettings


def build(_settings: ServiceSettings) -> Service:
    """Return the service as the bus runs it, under the shipped versions of the ladder."""
    policies = read_policies()
    return Service(
        name="arrears",
        router=handlers.router,
        day_work=DayWork(policies),
        api=lambda running: api.routes(running.api_doors, policies),
        checks=reports.standing,
        likeness=Likeness(
            COMPARED, deeds={"hold-set": holds.give_hold, "hold-lift": partial(holds.end_hold, policies=policies)}
        ),
    )
