"""Rule 5 in the day's work: the others carry what stands of a share that was given up, no more and no less."""

import asyncpg

from services.billing.db import charges as stored_charges
from services.billing.db import ledger
from services.billing.db import redistribution as stored
from services.billing.db.redistribution import GivenUp
from services.billing.domain import redistribution
from services.billing.domain.facts import Charge
from services.billing.domain.redistribution import Step
from services.billing.domain.write_offs import Ground
from services.billing.usecases.charges import credit_charges, raise_charges, surroundings_of
from services.billing.usecases.own_events import own_event
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.housing import ChargeCredited, ChargeRaised
from shared.events.topics import CHARGE_CREDITED, CHARGE_RAISED

SOURCE = "closebook/rule-5"
_CHARGED, _GIVEN_BACK = "billing.share-redistributed.v1", "billing.share-given-back.v1"


async def settle(work: Work) -> None:
    """Charge the others what stands and they do not carry yet; give back what the missing owner has paid."""
    connection = await driver(work.session)
    given_up = await stored.list_given_up(connection, Ground.RULE_5)
    carried = await stored.load_carried(connection, (redistribution.set_of(one.write_off_id) for one in given_up))
    raised: list[Event[ChargeRaised]] = []
    back: list[Event[ChargeCredited]] = []
    for one in given_up:
        own = carried.get(redistribution.set_of(one.write_off_id), [])
        step = redistribution.step(one.standing_pence, own)
        if step.charge_pence:
            raised.append(await _charge(work, connection, one, step, len(own) + 1))
        back += [_credit(work, taken) for taken in step.back]
    for events in (raised, back):
        await ledger.add_causes(connection, ((event.uid, event.source, event.id, event.type) for event in events))
    if raised:
        await raise_charges(work, raised)
    if back:
        await credit_charges(work, back)


async def _charge(
    work: Work, connection: asyncpg.Connection, one: GivenUp, step: Step, number: int
) -> Event[ChargeRaised]:
    """Return the charge on the others, for the days of the first one; who they are is kept as a share set."""
    charge = (await stored_charges.load_charges(connection, [one.charge_id]))[one.charge_id]
    version = (await surroundings_of(connection, [charge])).version_of(charge)
    assert version is not None, "only what a share set divided is redistributed"
    set_id = redistribution.set_of(one.write_off_id)
    await stored.add_set(connection, set_id, version.effective_from, redistribution.others(version, one.unit_id))
    data = ChargeRaised.model_validate(
        {
            "charge_id": f"{set_id}:{number}",
            "kind": charge.kind,
            "share_set_id": set_id,
            "amount_pence": step.charge_pence,
            "description": f"Unrecoverable share of {one.charge_id}, carried by the other owners (rule 5)",
            "raised_on": work.book,
            **_days(charge),
        },
        strict=False,
    )
    return own_event(SOURCE, data.charge_id, _CHARGED, CHARGE_RAISED.topic, work.book, data)


def _days(charge: Charge) -> dict[str, object]:
    """Return whose days it is owed for: those of the charge whose share is missing."""
    if charge.liable_from == charge.liable_to:
        return {"instructed_on": charge.liable_from}
    return {"period": {"from": charge.liable_from, "to": charge.liable_to}}


def _credit(work: Work, taken: redistribution.Taken) -> Event[ChargeCredited]:
    data = ChargeCredited(
        credit_id=f"{taken.charge_id}:{work.book}", charge_id=taken.charge_id, amount_pence=taken.pence,
        reason="The missing share was paid after all", credited_on=work.book,
    )  # fmt: skip
    return own_event(SOURCE, data.credit_id, _GIVEN_BACK, CHARGE_CREDITED.topic, work.book, data)
