"""The composition root of the billing service: the only place that puts its parts together."""

from services.billing import api, handlers
from services.billing.db.likeness import COMPARED
from services.billing.settings import Settings, read_liability
from services.billing.usecases import figures, matching, refunds
from services.billing.usecases.day import work_day
from shared.bus.service import Service
from shared.rebuild.likeness import Likeness


def build(_settings: Settings) -> Service:
    """Return the service as the bus runs it; a wrong policy of who owes a charge stops it here."""
    read_liability()
    return Service(
        name="billing",
        router=handlers.router,
        day_work=work_day,
        api=lambda running: api.routes(running.doors),
        kinds=(refunds.REFUND,),
        likeness=Likeness(
            COMPARED, deeds=dict.fromkeys(matching.KINDS, matching.say_whose) | {refunds.KIND: refunds.refund}
        ),
        figures=lambda running: figures.refresh(running.doors.sessions),
    )
