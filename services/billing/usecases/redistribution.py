"""Rule 5 in the day's work: the others carry what stands of a share that was given up, no more and no less."""

from collections.abc import Mapping
from datetime import date

import asyncpg

from services.billing.db import charges as stored_charges
from services.billing.db import ledger, registry
from services.billing.db import redistribution as stored
from services.billing.db.redistribution import GivenUp
from services.billing.domain import redistribution
from services.billing.domain.facts import Charge, Part, ShareVersion
from services.billing.domain.liability import asked
from services.billing.domain.redistribution import Step
from services.billing.domain.write_offs import Ground
from services.billing.settings import read_liability_policies
from services.billing.usecases.charges import credit_charges, raise_charges, surroundings_of
from services.billing.usecases.moves import Moves
from services.billing.usecases.own_events import own_event
from services.billing.usecases.share_notices import tell_carriers
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.base import Event, EventData
from shared.events.housing import ChargeCredited, ChargeRaised
from shared.events.topics import CHARGE_CREDITED, CHARGE_RAISED, OWNERS_SHARES

SOURCE = "closebook/rule-5"
_CHARGED, _GIVEN_BACK = "billing.share-redistributed.v1", "billing.share-given-back.v1"
CARRIERS = "billing.share-carriers-changed.v1"
"""The type of what says that others carry a share."""


class Carriers(EventData):
    """Who carries a share that was given up, from a day on: shares by unit."""

    share_set_id: str
    effective_from: date
    shares: dict[str, str]


async def settle(work: Work) -> None:
    """Charge the others what stands and they do not carry yet, and tell them; give back what was paid after all.

    Behind the day's statements; who the others are was kept before them (``follow_shares``).
    """
    connection = await driver(work.session)
    given_up = await stored.list_given_up(connection, Ground.RULE_5)
    charges = await stored_charges.load_charges(connection, {one.charge_id for one in given_up})
    carried = await stored.load_carried(connection, (redistribution.set_of(one.write_off_id) for one in given_up))
    raised: list[Event[ChargeRaised]] = []
    back: list[Event[ChargeCredited]] = []
    for one in given_up:
        own = carried.get(redistribution.set_of(one.write_off_id), [])
        step = redistribution.step(one.standing_pence, own)
        if step.charge_pence:
            raised.append(_charge(work, one, charges[one.charge_id], step, len(own) + 1))
        back += [_credit(work, taken) for taken in step.back]
    for events in (raised, back):
        await ledger.add_causes(connection, ((event.uid, event.source, event.id, event.type) for event in events))
    if raised:
        await raise_charges(work, raised)
    if back:
        await credit_charges(work, back)
    if given_up:
        await tell_carriers(work, connection, given_up)


async def follow_shares(work: Work) -> None:
    """Keep who carries each share, by the shares in force now; what they carry already is divided anew.

    Before the day's statements: what moves has the value date of what was charged, so they must list it.
    """
    connection = await driver(work.session)
    given_up = await stored.list_given_up(connection, Ground.RULE_5)
    charges = await stored_charges.load_charges(connection, {one.charge_id for one in given_up})
    around = await surroundings_of(connection, charges.values(), only=())
    named = {redistribution.set_of(one.write_off_id): one for one in given_up}
    kept = await registry.load_versions(connection, named)
    causes: dict[str, Event[Carriers]] = {}
    for set_id, one in named.items():
        version = around.version_of(charges[one.charge_id])
        if version is None or not version.is_complete or not (one.standing_pence or set_id in kept):
            continue
        wanted = redistribution.carriers(version, one.write_off_id, one.unit_id)
        if kept.get(set_id, {}).get(wanted.effective_from) != wanted:
            await stored.add_set(connection, wanted)
            causes[set_id] = _changed(work, wanted)
    await _divide_anew(work, connection, causes)


async def _divide_anew(work: Work, connection: asyncpg.Connection, causes: Mapping[str, Event[Carriers]]) -> None:
    """Let the charges of sets that changed follow them, as ``registry.learn_shares`` does."""
    if not causes:
        return

    def cause_of(charge: Charge, _part: Part) -> Event[Carriers]:
        return causes[charge.share_set_id or ""]

    await work.lock(exclusive=("structure",))
    since = {set_id: event.data.effective_from for set_id, event in causes.items()}
    moves = Moves(work, connection)
    await moves.charges(await stored_charges.charges_of_sets(connection, since), cause_of)
    await moves.settle()


def _changed(work: Work, version: ShareVersion) -> Event[Carriers]:
    """Return the cause of what moves when others carry a share."""
    data = Carriers(
        share_set_id=version.share_set_id, effective_from=version.effective_from, shares=dict(version.shares)
    )
    name = f"{version.share_set_id}:{version.effective_from}:{work.book}"
    return own_event(SOURCE, name, CARRIERS, OWNERS_SHARES.topic, work.book, data)


def _charge(work: Work, one: GivenUp, charge: Charge, step: Step, number: int) -> Event[ChargeRaised]:
    """Return the charge on the others, for the days of the first one."""
    set_id = redistribution.set_of(one.write_off_id)
    data = ChargeRaised.model_validate(
        {
            "charge_id": f"{set_id}:{number}",
            "kind": charge.kind,
            "share_set_id": set_id,
            "amount_pence": step.charge_pence,
            "description": f"Unrecoverable share of {one.charge_id}, carried by the other owners (rule 5)",
            **_days(charge, work.book),
            "raised_on": work.book,
        },
        strict=False,
    )
    return own_event(SOURCE, data.charge_id, _CHARGED, CHARGE_RAISED.topic, work.book, data)


def _days(charge: Charge, raised_on: date) -> dict[str, object]:
    """Return whose days it is owed for: those of the charge whose share is missing, under the name that decides."""
    if charge.liable_from == charge.liable_to:
        return {asked(charge.kind, raised_on, read_liability_policies()): charge.liable_from}
    return {"period": {"from": charge.liable_from, "to": charge.liable_to}}


def _credit(work: Work, taken: redistribution.Taken) -> Event[ChargeCredited]:
    data = ChargeCredited(
        credit_id=f"{taken.charge_id}:{work.book}", charge_id=taken.charge_id, amount_pence=taken.pence,
        reason="The missing share was paid after all", credited_on=work.book,
    )  # fmt: skip
    return own_event(SOURCE, data.credit_id, _GIVEN_BACK, CHARGE_CREDITED.topic, work.book, data)
