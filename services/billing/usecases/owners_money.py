"""What two people decide about owners' own money: the float asked of owners who come, and what a fund is spent on."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated

from pydantic import Strict

from services.billing.db import floats as stored_floats
from services.billing.db import ledger
from services.billing.db import owners_money as stored
from services.billing.db.owners_money import Spending
from services.billing.domain.floats import FloatTerms
from services.billing.domain.owners_money import kept, refuse_spending, spending_postings, together
from services.billing.domain.position import as_known
from services.billing.domain.scopes import Scope
from services.billing.usecases.allocation import rules_of
from services.billing.usecases.journal import Journal
from services.billing.usecases.kinds import as_kind
from shared.bus.bodies import Body
from shared.bus.commands import Command, Json
from shared.bus.proposals import named_in
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError, understood
from shared.bus.work import Work
from shared.db.engine import driver
from shared.events.housing import ChargeKind
from shared.events.types import Id, NaturalPence, SignedPence, Text

TERMS, SPENDING = "float-terms", "fund-spending"


class AskedTerms(Body):
    """The float asked of every owner who comes from a day on; 0: none."""

    scope: Scope
    scope_id: Id
    effective_from: date
    amount_pence: Annotated[NaturalPence, Strict()]


class AskedSpending(Body):
    """What a fund pays for: negative pence came back to it.  The evidence says where the invoice is."""

    fund_id: Id
    amount_pence: Annotated[SignedPence, Strict()]
    spent_on: date
    description: Text
    evidence: Text


async def set_terms(work: Work, content: Json) -> Json:
    """Add what is asked of owners who come; a rebuild does the same again."""
    terms = await _terms(work, content)
    await stored_floats.add_terms(await driver(work.session), Command.of(work).uid, work.book, terms)
    return {"scope": terms.scope, "scope_id": terms.scope_id, "version": terms.version}


async def spend(work: Work, content: Json) -> Json:
    """Post what a fund paid for; a rebuild does the same again."""
    spending = await _spending(work, content)
    connection, command, journal = await driver(work.session), Command.of(work), Journal(work)
    await stored.add_spending(connection, command.uid, work.book, spending)
    await ledger.add_causes(connection, [(command.uid, command.source, command.id, command.type)])
    journal.post(command, spending_postings(spending.spending_id, spending.amount_pence, spending.spent_on))
    await journal.write(connection)
    return {"spending_id": spending.spending_id, "fund_id": spending.fund_id, "amount_pence": spending.amount_pence}


async def _terms(work: Work, content: Json) -> FloatTerms:
    """Return the terms asked for, if nothing speaks against them."""
    asked = understood(AskedTerms, content)
    await work.lock(exclusive=("float-terms",))
    if asked.scope is Scope.SHARE_SET:
        raise NotValidError("A float is one owner's own money: ask it for a unit, a block or a development.")
    if asked.effective_from < work.book:
        raise NotValidError(f"{asked.effective_from} is past; ask it of owners who come from {work.book} on.")
    known = await stored_floats.load_terms(await driver(work.session))
    earlier = [one for one in known if (one.scope, one.scope_id) == (asked.scope, asked.scope_id)]
    return FloatTerms(asked.scope, asked.scope_id, len(earlier) + 1, asked.effective_from, asked.amount_pence)


async def _spending(work: Work, content: Json) -> Spending:
    """Return the spending asked for, if the fund has the money."""
    asked = understood(AskedSpending, content)
    if not asked.amount_pence:
        raise NotValidError("Nothing is spent: name the sum.")
    if asked.spent_on > work.book:
        raise NotNowError(f"{asked.spent_on} has not come yet: record a spending when the money has gone.")
    await work.lock(exclusive=[f"fund:{asked.fund_id}"], shared=("structure",))
    connection = await driver(work.session)
    accounts = await stored.list_accounts(connection, asked.fund_id)
    if not accounts:
        raise NotKnownError(f"No owner of a unit in {asked.fund_id} is known.")
    lines = await ledger.load_lines(connection, accounts)
    heads = await ledger.load_heads(connection, accounts)
    rules = await rules_of(connection, accounts)
    # Neither then nor now may a fund pay what had not come in.  An internal account gets no statement to wait for.
    held_pence = min(
        together(
            kept(
                *as_known(own, heads.get(name, ()), day, None), ChargeKind.RESERVE_FUND, day, rules[name],
                ahead=accounts[name],
            )
            for name, own in lines.items()
        ).held_pence
        for day in (asked.spent_on, work.book)
    )  # fmt: skip
    refusal = refuse_spending(asked.amount_pence, held_pence, await stored.sum_spent(connection, asked.fund_id))
    if refusal is not None:
        raise NotValidError(refusal)
    return Spending(f"FS-{work.cause.id}", **asked.model_dump())


MONEY_KINDS = (
    as_kind(TERMS, named_in(AskedTerms, "scope_id"), set_terms, _terms),
    as_kind(SPENDING, named_in(AskedSpending, "fund_id"), spend, _spending, frozenset({"finance", "board"})),
)
"""Declared to the bus: routes and the list of proposals come with them."""

MONEY_DEEDS: Mapping[str, Callable[[Work, Json], Awaitable[Json]]] = MappingProxyType(
    {TERMS: set_terms, SPENDING: spend}
)
"""How a rebuild repeats them."""
