"""The composition root of the billing service: the only place that puts its parts together."""

from services.billing import api, handlers
from services.billing.db.likeness import COMPARED
from services.billing.settings import (
    Settings,
    read_allocation_policies,
    read_direct_debit_policies,
    read_liability_policies,
    read_schedule_policy,
    read_settlement_policies,
    read_statement_policies,
    read_write_off_policies,
)
from services.billing.usecases import (
    annual_statements,
    bank_imports,
    cost_model,
    direct_debits,
    disputes,
    figures,
    interruptions,
    mandates,
    matches,
    refunds,
    verify,
)
from services.billing.usecases.day import work_day
from services.billing.usecases.fee_letters import LETTER_KIND, LETTERS, tell_owners
from services.billing.usecases.owners_money import MONEY_DEEDS, MONEY_KINDS
from services.billing.usecases.relief_ends import END_KIND, RELIEF_END, end_relief
from services.billing.usecases.schedules import DEEDS, FEE_KINDS
from services.billing.usecases.statement_reviews import RUN_DEEDS, RUN_KINDS
from services.billing.usecases.write_offs import WRITE_OFF, give_up
from shared.bus.service import Service
from shared.rebuild.likeness import Likeness


def build(_settings: Settings) -> Service:
    """Return the service as the bus runs it; a policy that is wrong stops it here."""
    read_allocation_policies()
    read_direct_debit_policies()
    read_liability_policies()
    read_write_off_policies()
    read_schedule_policy()
    read_settlement_policies()
    read_statement_policies()
    return Service(
        name="billing",
        router=handlers.router,
        day_work=work_day,
        api=lambda running: api.routes(running.api_doors),
        kinds=(
            refunds.REFUND,
            WRITE_OFF,
            *FEE_KINDS,
            LETTER_KIND,
            END_KIND,
            *MONEY_KINDS,
            *RUN_KINDS,
            direct_debits.RELEASE,
        ),
        likeness=Likeness(
            COMPARED,
            deeds=dict.fromkeys(matches.KINDS, matches.say_whose)
            | {
                refunds.KIND: refunds.refund,
                WRITE_OFF.name: give_up,
                cost_model.COST: cost_model.record,
                annual_statements.ASK: annual_statements.ask,
                bank_imports.NOTE: bank_imports.note,
                LETTERS: tell_owners,
                RELIEF_END: end_relief,
                **DEEDS,
                **MONEY_DEEDS,
                **RUN_DEEDS,
                **disputes.DEEDS,
                **interruptions.DEEDS,
                **mandates.DEEDS,
                **direct_debits.DEEDS,
            },
        ),
        figures=lambda running: figures.refresh(running.doors.sessions),
        checks=verify.checks,
    )
