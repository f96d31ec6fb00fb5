"""Charges raised and credited: divided, attributed, posted whole, whether their owners are known yet or not."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import asyncpg

from services.billing.db import charges as stored
from services.billing.db import registry
from services.billing.db.registry import Versions
from services.billing.db.waiting import overtaken
from services.billing.domain import charges, division, postings, rules
from services.billing.domain.facts import Charge, Credit, FactKind, Part, ShareVersion, Unit, is_waiting
from services.billing.settings import read_liability_policies
from services.billing.usecases.claims import claim
from services.billing.usecases.items import say_items
from services.billing.usecases.journal import Journal
from services.billing.usecases.write_offs import follow
from shared.bus.work import Cause, Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.billing import AccountCharged, ShareReason
from shared.events.housing import ChargeCredited, ChargeRaised
from shared.events.topics import ACCOUNT_CHARGED
from shared.log_events import LogEvent

Accepted = Sequence[tuple[Event[ChargeRaised], Charge]]

PORTION = 5_000
"""Parts of charges that are posted together: less than a second's work."""


class Surroundings:
    """What charges are attributed by: the share versions of their sets and the units these name."""

    __slots__ = ("_versions", "units")

    def __init__(self, versions: Mapping[str, Versions], units: Mapping[str, Unit]) -> None:
        self._versions = versions
        self.units = units

    def version_of(self, charge: Charge) -> ShareVersion | None:
        """Return the share version that divides a charge."""
        if charge.share_set_id is None:
            return None
        return division.version_on(self._versions.get(charge.share_set_id, {}), charge.liable_from)

    def target(self, charge: Charge, credits_: Sequence[Credit]) -> tuple[Part, ...]:
        """Return where a charge and its credits belong."""
        return charges.target(charge, credits_, self.version_of(charge), self.units)

    def supposing(self, units: Mapping[str, Unit]) -> "Surroundings":
        """Return the same with other units than are registered."""
        return Surroundings(self._versions, units)


async def surroundings_of(
    connection: asyncpg.Connection, subjects: Iterable[Charge], only: Collection[str] | None = None
) -> Surroundings:
    """Load what the charges are attributed by; ``only``: of their units these."""
    share_set_ids: set[str] = set()
    unit_ids: set[str] = set()
    ranges = list(subjects)
    for charge in ranges:
        if charge.unit_id is not None:
            unit_ids.add(charge.unit_id)
        else:
            assert charge.share_set_id is not None
            share_set_ids.add(charge.share_set_id)
    versions = await registry.load_versions(connection, share_set_ids)
    for charge in ranges if only is None else ():
        if charge.share_set_id is not None:
            version = division.version_on(versions.get(charge.share_set_id, {}), charge.liable_from)
            unit_ids.update(version.unit_ids if version is not None else ())
    return Surroundings(versions, await registry.load_units(connection, unit_ids if only is None else only))


async def raise_charges(work: Work, events: Sequence[Event[ChargeRaised]]) -> None:
    """Divide and post new charges; what has no owner yet waits in suspense."""
    await work.lock(exclusive=(f"charge:{event.data.charge_id}" for event in events), shared=("structure",))
    connection = await driver(work.session)
    accepted = await _new_charges(work, connection, events)
    if not accepted:
        return
    around = await surroundings_of(connection, (charge for _, charge in accepted))
    await stored.add_charges(connection, work.book, accepted)
    journal = Journal(work)
    touched: dict[str, Event[ChargeRaised]] = {}
    due: dict[str, Event[ChargeRaised]] = {}
    for portion in _portions(accepted, around):
        for holder, event in await _post_charges(work, connection, portion, around, journal):
            touched[holder] = event
            # Only an opening balance is due without a statement; others leave the open items as they are.
            if event.data.due_on is not None:
                due[holder] = event
    await work.lock(exclusive=(f"account:{account_id}" for account_id in touched))
    given_up = await follow(connection, journal, touched)
    await say_items(work, {**due, **{account_id: touched[account_id] for account_id in given_up}})
    work.known(*(f"charge:{charge.charge_id}" for _, charge in accepted))


def _portions(accepted: Accepted, around: Surroundings) -> Iterable[Accepted]:
    """Cut charges into portions of so many parts that no statement takes long, however wide their share sets."""
    portion: list[tuple[Event[ChargeRaised], Charge]] = []
    parts = 0
    for event, charge in accepted:
        version = around.version_of(charge)
        portion.append((event, charge))
        parts += len(version.unit_ids) if version is not None else 1
        if parts >= PORTION:
            yield portion
            portion, parts = [], 0
    if portion:
        yield portion


async def _post_charges(
    work: Work, connection: asyncpg.Connection, portion: Accepted, around: Surroundings, journal: Journal
) -> list[tuple[str, Event[ChargeRaised]]]:
    """Post new charges and say their shares; return the accounts touched, with the events that touched them."""
    parts, shares = {}, {}
    touched: list[tuple[str, Event[ChargeRaised]]] = []
    for event, charge in portion:
        parts[charge.charge_id] = target = around.target(charge, ())
        version = around.version_of(charge)
        if version is not None:
            shares[charge.charge_id] = version.shares
        journal.post(event, postings.charge_postings(charge, (), target))
        say_shares(work, Cause.of(event), charge, (), target, version, ShareReason.RAISED)
        touched += [(part.holder, event) for part in target if not is_waiting(part.holder)]
        _tell(work, event, target)
    await stored.add_parts(connection, parts, shares)
    await journal.write(connection)
    return touched


def _tell(work: Work, event: Event[ChargeRaised], target: Iterable[Part]) -> None:
    """Leave word of what of a charge waits in suspense for an owner, a unit or shares."""
    waiting_pence = sum(part.amount_pence for part in target if is_waiting(part.holder))
    if waiting_pence:
        work.tell(
            LogEvent.SUSPENSE_POSTED, event_id=event.id, correlation_id=Cause.of(event).correlation_id,
            charge_id=event.data.charge_id, pence=waiting_pence,
        )  # fmt: skip


async def _new_charges(
    work: Work, connection: asyncpg.Connection, events: Sequence[Event[ChargeRaised]]
) -> list[tuple[Event[ChargeRaised], Charge]]:
    """Return the charges that are new and that no rule refuses."""
    known = await stored.charge_shas(connection, (event.data.charge_id for event in events))
    accepted: list[tuple[Event[ChargeRaised], Charge]] = []
    for event in events:
        charge_id = event.data.charge_id
        if not claim(work, event, charge_id, known):
            continue
        refusal = rules.refuse_charge(event.data)
        if refusal is not None:
            work.refuse(event, refusal.rule, refusal.detail, refusal.field)
            continue
        known[charge_id] = event.sha
        accepted.append((event, charges.charge_of(event.data, read_liability_policies())))
    return accepted


async def credit_charges(work: Work, events: Sequence[Event[ChargeCredited]]) -> None:
    """Take charges back, in part or whole; a credit of a charge not known yet is held."""
    told = [event.data for event in events]
    things = (name for data in told for name in (f"charge:{data.charge_id}", f"credit:{data.credit_id}"))
    await work.lock(exclusive=things, shared=("structure",))
    connection = await driver(work.session)
    charge_ids = sorted({event.data.charge_id for event in events})
    known = await stored.load_charges(connection, charge_ids)
    credits_ = await stored.load_credits(connection, charge_ids)
    shas = await stored.credit_shas(connection, (event.data.credit_id for event in events))
    held = await overtaken(connection, (f"charge:{charge_id}" for charge_id in charge_ids), work.known_things)
    accepted: list[tuple[Event[ChargeCredited], stored.StoredCredit]] = []
    for event in events:
        charge, name = known.get(event.data.charge_id), f"charge:{event.data.charge_id}"
        if charge is None or name in held:
            work.hold(event, name)
            continue
        earlier = credits_.setdefault(charge.charge_id, [])
        credit = _accept(work, event, charge, earlier, shas)
        if credit is not None:
            earlier.append(credit)
            accepted.append((event, stored.StoredCredit(credit, len(earlier))))
    if accepted:
        await stored.add_credits(connection, work.book, accepted)
        await _post_credits(work, connection, accepted, known, credits_)


def _accept(
    work: Work, event: Event[ChargeCredited], charge: Charge, earlier: Sequence[Credit], shas: dict[str, bytes]
) -> Credit | None:
    """Return the credit an event brings, if it is new and no rule refuses it."""
    data = event.data
    if not claim(work, event, data.credit_id, shas):
        return None
    refusal = rules.refuse_credit(charge, earlier, data.amount_pence)
    if refusal is not None:
        work.refuse(event, refusal.rule, refusal.detail, refusal.field)
        return None
    shas[data.credit_id] = event.sha
    return charges.credit_of(data, charges.left_of(charge, earlier))


async def _post_credits(
    work: Work,
    connection: asyncpg.Connection,
    accepted: Sequence[tuple[Event[ChargeCredited], stored.StoredCredit]],
    known: Mapping[str, Charge],
    credits_: Mapping[str, Sequence[Credit]],
) -> None:
    """Post each credit's parts, and note where its charge stands with it."""
    causes = {placed.credit.credit_id: event for event, placed in accepted}
    subjects = {placed.credit.charge_id: known[placed.credit.charge_id] for _, placed in accepted}
    around = await surroundings_of(connection, subjects.values())
    journal, shares = Journal(work), {}
    parts: dict[str, list[Part]] = {}
    touched: dict[str, Event[ChargeCredited]] = {}
    for charge_id, charge in subjects.items():
        own, version = credits_[charge_id], around.version_of(charge)
        target, parts[charge_id] = around.target(charge, own), []
        shares[charge_id] = version.shares if version is not None else {}
        for credit in own:
            event = causes.get(credit.credit_id)
            if event is None:
                continue
            taken = [part for part in target if part.kind is FactKind.CREDIT and part.fact_id == credit.credit_id]
            parts[charge_id] += taken
            journal.post(event, postings.charge_postings(charge, own, taken))
            say_shares(work, Cause.of(event), charge, own, taken, version, ShareReason.CREDITED)
            touched.update((part.holder, event) for part in taken if not is_waiting(part.holder))
    await stored.append_parts(connection, parts, shares)
    await journal.write(connection)
    await work.lock(exclusive=(f"account:{account_id}" for account_id in touched))
    await follow(connection, journal, touched)
    await say_items(work, touched)


def say_shares(
    work: Work,
    cause: Cause,
    charge: Charge,
    credits_: Iterable[Credit],
    changes: Iterable[Part],
    version: ShareVersion | None,
    reason: ShareReason,
) -> None:
    """Say what a change puts on accounts (or takes from them) of a charge and its credits."""
    credited = {credit.credit_id: credit for credit in credits_}
    shares = version.shares if version is not None else {}
    for part in changes:
        if is_waiting(part.holder) or not part.amount_pence or part.unit_id is None:
            continue
        credit = credited.get(part.fact_id) if part.kind is FactKind.CREDIT else None
        data = AccountCharged(
            account_id=part.holder, charge_id=charge.charge_id, credit_id=credit.credit_id if credit else None,
            unit_id=part.unit_id, kind=charge.kind, amount_pence=part.amount_pence, tax_pence=part.tax_pence,
            share=shares.get(part.unit_id), pool_pence=-credit.amount_pence if credit else charge.gross_pence,
            value_on=credit.credited_on if credit else charge.raised_on, due_on=charge.due_on, reason=reason,
        )  # fmt: skip
        work.stage(ACCOUNT_CHARGED, data, cause=cause)
