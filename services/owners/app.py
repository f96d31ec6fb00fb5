"""The composition root of the owners service: the only place that puts its parts together."""

from services.owners import api, handlers
from services.owners.usecases.erasing import ERASURE
from services.owners.usecases.verify import checks
from shared.bus.day import nothing_to_do
from shared.bus.service import Service
from shared.settings import ServiceSettings


def build(_settings: ServiceSettings) -> Service:
    """Return the service as the bus runs it."""
    return Service(
        name="owners",
        router=handlers.router,
        day_work=nothing_to_do,
        api=lambda running: api.routes(running.api_doors.sessions),
        checks=checks,
        kinds=(ERASURE,),
    )
