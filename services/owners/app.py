"""The composition root of the owners service: the only place that puts its parts together."""

from services.owners import api, handlers
from services.owners.usecases.day import work_day
from services.owners.usecases.erasing import ERASURE
from services.owners.usecases.verify import standing
from shared.bus.service import Service
from shared.settings import ServiceSettings


def build(_settings: ServiceSettings) -> Service:
    """Return the service as the bus runs it."""
    return Service(
        name="owners",
        router=handlers.router,
        day_work=work_day,
        api=lambda running: api.routes(running.api_doors.sessions),
        checks=standing,
        kinds=(ERASURE,),
    )
