"""Write-offs: given up by two people, and derived anew whenever a fact of their account is learnt."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import asyncpg
from pydantic import BaseModel, ConfigDict

from services.billing.db import charges, ledger, registry
from services.billing.db import write_offs as stored
from services.billing.db.questions import AccountRow
from services.billing.db.write_offs import Reason
from services.billing.domain import division, prescription, refs, write_offs
from services.billing.domain.position import as_known, position
from services.billing.domain.write_offs import Ground, WriteOff
from services.billing.settings import read_write_off_policies
from services.billing.usecases.accounts import lock_account
from services.billing.usecases.allocation import rules_of
from services.billing.usecases.items import say_items
from services.billing.usecases.journal import Journal, Named
from services.billing.usecases.kinds import APPROVE, PROPOSE, applying
from services.billing.usecases.prescription import debts_of
from shared.auth import Caller
from shared.bus.bodies import Body
from shared.bus.commands import Command, Json
from shared.bus.proposals import Kind, Proposal
from shared.bus.refusals import NotAllowedError, NotNowError, NotValidError, understood
from shared.bus.work import OPENING_BOOK, Work
from shared.dated import in_force
from shared.db.engine import driver
from shared.events.types import Id, PositivePence, Text
from shared.money import as_pounds

NAME = "write-off"
_NOBODY_CARRIES = "{} is no shared cost: there are no other owners to carry it."


class Debt(Body):
    """What is given up of one charge, in pence."""

    model_config = ConfigDict(extra="forbid", strict=True)

    charge_id: Id
    amount_pence: PositivePence


class Asked(BaseModel):
    """What a proposal gives up on one account: why, what proves it (where the papers are), and which debts."""

    account_ref: Id
    ground: Ground
    evidence: Text
    debts: list[Debt]

    @property
    def total_pence(self) -> int:
        """All debts together."""
        return sum(debt.amount_pence for debt in self.debts)


async def give_up(work: Work, content: Json) -> Json:
    """Give debts up that are open still; more than that is refused whole.  A rebuild does the same again."""
    asked, row = await _checked(work, content)
    connection = await driver(work.session)
    command, new = Command.of(work), _new(work, asked, row)
    why = Reason(asked.ground, asked.evidence, in_force(read_write_off_policies(), work.book).version)
    await stored.add(connection, work.book, command.uid, new, why)
    await follow(connection, Journal(work), {row.account_id: command})
    await say_items(work, {row.account_id: work.cause})
    return {"account_ref": row.account_ref, "write_offs": [one.write_off_id for one in new], "pence": asked.total_pence}


def _new(work: Work, asked: Asked, row: AccountRow) -> list[WriteOff]:
    return [
        WriteOff(f"WO-{work.cause.id}/{debt.charge_id}", row.account_id, debt.charge_id, debt.amount_pence, work.book)
        for debt in asked.debts
    ]


async def _check(work: Work, proposal: Proposal) -> None:
    """Refuse a proposal that could not take effect now."""
    asked, row = await _checked(work, proposal.body)
    await _weigh(work, asked, row)


async def _authorise(work: Work, proposal: Proposal, caller: Caller) -> None:
    """Refuse an approval above the limits of the caller's roles (domain.md 9.64), or of what can no longer be."""
    asked, row = await _understood(work, proposal.body)
    policy = in_force(read_write_off_policies(), work.book)
    since = work.book - timedelta(days=policy.within_days)
    total = asked.total_pence + await stored.sum_since(await driver(work.session), row.account_id, since)
    if not policy.may_approve(caller.roles, total):
        raise NotAllowedError(
            f"This brings what is written off on {row.account_ref} within {policy.within_days} days to"
            f" {as_pounds(total)}, which is above the limit of your roles."
        )
    await _weigh(work, asked, row)


def _subject_of(content: Json) -> str:
    return refs.normalised(understood(Asked, content).account_ref)


WRITE_OFF = Kind(NAME, PROPOSE, APPROVE, _subject_of, applying(give_up), _check, authorise=_authorise)
"""Declared to the bus: routes and the list of proposals come with it."""


async def follow(connection: asyncpg.Connection, journal: Journal, causes: Mapping[str, Named]) -> list[str]:
    """Derive anew what stands of the write-offs of accounts touched, post the differences, return where there are any.

    The accounts are locked, and what touched them is posted.  ``causes`` names for each the one that did it last.
    """
    known = await stored.load_of_accounts(connection, causes)
    if not known:
        return []
    lines = await ledger.load_lines(connection, known)
    changed: list[str] = []
    for account_id, own in known.items():
        rows = lines.get(account_id, ())
        changes = write_offs.difference(write_offs.posted(rows), write_offs.movements(rows, own))
        if changes:
            journal.post(causes[account_id], write_offs.postings(account_id, changes, write_offs.kinds_of(rows)))
            changed.append(account_id)
    named = {causes[account_id].uid: causes[account_id] for account_id in changed}
    await ledger.add_causes(connection, ((uid, one.source, one.id, one.type) for uid, one in named.items()))
    await journal.write(connection)
    return changed


async def worklist(connection: asyncpg.Connection) -> list[dict[str, Any]]:
    """Return every write-off with what still stands of it, and the proposal that has who and why."""
    return [asdict(row) | {"written_back_pence": row.amount_pence - row.standing_pence} for row in
            await stored.list_write_offs(connection)]  # fmt: skip


async def _understood(work: Work, content: Json) -> tuple[Asked, AccountRow]:
    """Return what is asked, and the account it is about, locked."""
    asked = understood(Asked, content)
    row = await lock_account(work, asked.account_ref)
    return asked, row


async def _checked(work: Work, content: Json) -> tuple[Asked, AccountRow]:
    """Refuse what cannot be given up; afterwards the debts asked are open."""
    asked, row = await _understood(work, content)
    named = [debt.charge_id for debt in asked.debts]
    if not named or len(set(named)) < len(named):
        raise NotValidError("Name at least one charge, and each once.")
    if not row.ownership_id:
        raise NotValidError(f"{row.account_ref} is the association's own account: it owes nobody.")
    if work.book == OPENING_BOOK:
        raise NotNowError("No business day has ended yet: there is no day to write the debt off on.")
    if asked.ground is Ground.RULE_5:
        await _must_be_shared(work, named)
    opened = await _open_pence(work, row.account_id)
    for debt in asked.debts:
        if debt.amount_pence > opened.get(debt.charge_id, 0):
            raise NotNowError(
                f"{as_pounds(opened.get(debt.charge_id, 0))} of {debt.charge_id} is billed and open on"
                f" {row.account_ref}; {as_pounds(debt.amount_pence)} cannot be written off."
            )
    return asked, row


async def _must_be_shared(work: Work, charge_ids: Sequence[str]) -> None:
    """Refuse what no share set divided: nobody else carries it."""
    known = await charges.load_charges(await driver(work.session), charge_ids)
    own = [charge_id for charge_id, charge in known.items() if charge.share_set_id is None]
    if own:
        raise NotValidError(_NOBODY_CARRIES.format(", ".join(own)))


async def _weigh(work: Work, asked: Asked, row: AccountRow) -> None:
    """Refuse what would not be given up whole, nobody would carry, or has not prescribed: only of who decides now.

    A rebuild repeats what took effect before this was refused.
    """
    connection = await driver(work.session)
    if asked.ground is Ground.RULE_5:
        await _must_have_carriers(connection, asked)
    if asked.ground is Ground.PRESCRIBED:
        await _must_have_prescribed(work, asked, row)
    known = (await stored.load_of_accounts(connection, [row.account_id])).get(row.account_id, [])
    lines = (await ledger.load_lines(connection, [row.account_id])).get(row.account_id, [])
    new = _new(work, asked, row)
    by_now = [line for line in lines if line.value_on <= work.book]
    standing = write_offs.standing(by_now, [*known, *new])
    for one in new:
        possible = standing.get(one.write_off_id, 0)
        if possible < one.amount_pence:
            raise NotNowError(
                f"{as_pounds(possible)} of {one.charge_id} can be written off on"
                f" {row.account_ref}, which owes no more: it is in credit beside what is disputed."
            )


async def _must_have_carriers(connection: asyncpg.Connection, asked: Asked) -> None:
    """Refuse what a share set divided among one unit alone."""
    known = await charges.load_charges(connection, [debt.charge_id for debt in asked.debts])
    versions = await registry.load_versions(connection, {one.share_set_id or "" for one in known.values()})
    for charge_id, charge in known.items():
        version = division.version_on(versions.get(charge.share_set_id or "", {}), charge.liable_from)
        if version is not None and len(version.unit_ids) <= 1:
            raise NotValidError(_NOBODY_CARRIES.format(charge_id))


async def _must_have_prescribed(work: Work, asked: Asked, row: AccountRow) -> None:
    """Refuse what can be claimed still: it is open to be given up on another ground."""
    debts = await debts_of(await driver(work.session), row.account_id, work.book)
    for debt in asked.debts:
        why = prescription.refuse_as_prescribed(debt.charge_id, debt.amount_pence, debts, work.book)
        if why is not None:
            raise NotNowError(f"{why}: {as_pounds(debt.amount_pence)} cannot be written off as prescribed.")


async def _open_pence(work: Work, account_id: str) -> dict[str, int]:
    """Return what is billed and open of each charge on an account, counting what is dated by now."""
    connection = await driver(work.session)
    lines = (await ledger.load_lines(connection, [account_id])).get(account_id, [])
    heads = (await ledger.load_heads(connection, [account_id])).get(account_id, [])
    rules = (await rules_of(connection, [account_id]))[account_id]
    opened: dict[str, int] = {}
    for one in position(*as_known(lines, heads, work.book, None), work.book, rules).items:
        opened[one.item.charge_id] = opened.get(one.item.charge_id, 0) + one.open_pence
    return opened
