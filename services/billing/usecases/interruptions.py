"""An officer records what set the prescription of debts back, and withdraws what was recorded by mistake."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from services.billing.db import ledger
from services.billing.db import prescription as stored
from services.billing.db.questions import AccountRow
from services.billing.domain import prescription
from services.billing.domain.prescription import Debt, Interruption, InterruptionGround
from services.billing.usecases.accounts import account_named
from services.billing.usecases.prescription import debts_of
from shared.bus.bodies import Body
from shared.bus.commands import Command, Json
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError, understood
from shared.bus.work import OPENING_BOOK, Work
from shared.db.engine import driver
from shared.events.types import Id, Text

INTERRUPT, WITHDRAW = "prescription-interrupt", "prescription-withdraw"


class AskedInterruption(Body):
    """A claim or an admission on a day, what proves it, and the charges it names (none: all that was due by then)."""

    account_ref: Id
    interrupted_on: date
    ground: InterruptionGround
    evidence: Text
    charge_ids: tuple[Id, ...] = ()


class AskedWithdrawal(Body):
    """An interruption that was recorded by mistake."""

    interruption_id: Id


async def interrupt(work: Work, content: Json) -> Json:
    """Let the five years of open debts count anew from a day; of each the charge is kept by its name.

    What has prescribed by that day is not revived: named, it is refused; else it is left out.
    """
    asked, row = await _account(work, content)
    _refuse_day(work, asked)
    connection = await driver(work.session)
    debts = await debts_of(connection, row.account_id, work.book)
    if asked.charge_ids:
        await _must_be_on(work, row, asked.charge_ids)
    named = _interrupted(asked, row, debts)
    command = Command.of(work)
    one = Interruption(
        f"I-{command.uid.hex[:16]}", asked.interrupted_on, asked.ground, frozenset(named), work.book
    )  # fmt: skip
    await stored.add(connection, command.uid, row.account_id, one, asked.evidence)
    return {
        "interruption_id": one.interruption_id, "account_ref": row.account_ref, "interrupted_on": one.interrupted_on,
        "ground": one.ground, "charge_ids": sorted(named),
        "prescribes_on": prescription.prescribed_from(one.interrupted_on),
    }  # fmt: skip


async def withdraw(work: Work, content: Json) -> Json:
    """Take back an interruption: from now on it counts as never made."""
    asked = understood(AskedWithdrawal, content)
    connection = await driver(work.session)
    found = await stored.find(connection, asked.interruption_id)
    if found is None:
        raise NotKnownError(f"There is no interruption {asked.interruption_id}.")
    account_id, account_ref, _ = found
    await work.lock(exclusive=[f"account:{account_id}"], shared=("structure",))
    found = await stored.find(connection, asked.interruption_id)
    if found is None or found[2]:
        raise NotNowError(f"Interruption {asked.interruption_id} is withdrawn already.")
    await stored.withdraw(connection, Command.of(work).uid, work.book, asked.interruption_id)
    return {"interruption_id": asked.interruption_id, "account_ref": account_ref, "withdrawn_on": work.book}


DEEDS: Mapping[str, Callable[[Work, Json], Awaitable[Json]]] = MappingProxyType(
    {INTERRUPT: interrupt, WITHDRAW: withdraw}
)
"""How a rebuild repeats them."""


async def _account(work: Work, content: Json) -> tuple[AskedInterruption, AccountRow]:
    """Return what is asked, and the account it is about, locked."""
    asked = understood(AskedInterruption, content)
    row = await account_named(await driver(work.session), asked.account_ref)
    if not row.ownership_id:
        raise NotValidError(f"{row.account_ref} is the association's own account: it owes nobody.")
    await work.lock(exclusive=[f"account:{row.account_id}"], shared=("structure",))
    return asked, row


def _refuse_day(work: Work, asked: AskedInterruption) -> None:
    if work.book == OPENING_BOOK:
        raise NotNowError("No business day has ended yet: there is no day to record the interruption on.")
    if asked.interrupted_on > work.book:
        raise NotValidError(f"{asked.interrupted_on} has not come yet.")


async def _must_be_on(work: Work, row: AccountRow, charge_ids: Sequence[str]) -> None:
    """Refuse charges that were never on the account."""
    lines = (await ledger.load_lines(await driver(work.session), [row.account_id])).get(row.account_id, ())
    unknown = sorted(set(charge_ids) - {line.charge_id for line in lines})
    if unknown:
        raise NotKnownError(f"There is no charge {', '.join(unknown)} on {row.account_ref}.")


def _interrupted(asked: AskedInterruption, row: AccountRow, debts: Sequence[Debt]) -> set[str]:
    """Return the charges whose debts are set back; refuses one that is named and cannot be, and when there is none."""
    on = asked.interrupted_on
    wanted = set(asked.charge_ids) or {debt.open.item.charge_id for debt in debts if debt.open.item.due_on <= on}
    refused = {
        charge_id: why
        for charge_id in sorted(wanted)
        if (why := prescription.refuse_interruption(charge_id, debts, on)) is not None
    }
    if (asked.charge_ids and refused) or refused.keys() == wanted:
        why = "; ".join(refused.values()) or f"nothing is open that was due by {on}"
        raise NotNowError(f"On {row.account_ref} {why}.")
    return wanted - refused.keys()
