"""An officer says whose money a payment is: the whole, parts of it, or nobody's yet."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import asyncpg

from services.billing.db import ledger, matches, registry
from services.billing.db import payments as stored
from services.billing.db.payments import Placed
from services.billing.domain import charges, payments, postings, refs, rules
from services.billing.domain.facts import SUSPENSE, Match, Part, Reversal
from services.billing.usecases.items import say_items
from services.billing.usecases.journal import Journal
from services.billing.usecases.payment_events import say_change
from services.billing.usecases.payments import accounts_in
from services.billing.usecases.write_offs import follow
from shared.bus.commands import Command, Json
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError
from shared.bus.work import Work
from shared.db.engine import driver

MATCH, SPLIT, UNMATCH = "payment-match", "payment-split", "payment-unmatch"
KINDS = (MATCH, SPLIT, UNMATCH)
"""The commands that give a person's word; all take effect by ``say_whose``."""

Shares = Sequence[tuple[str, int | None]]
"""Each account_ref named and what it gets, in pence; None: the whole payment."""


def content_of(payment_id: str, shares: Shares) -> Json:
    """Return all that ``say_whose`` needs, now or in a rebuild."""
    named = [{"account_ref": refs.normalised(ref), "amount_pence": pence} for ref, pence in shares]
    return {"payment_id": payment_id, "shares": named}


async def say_whose(work: Work, content: Json) -> Json:
    """Let a payment stand where a person says, with its own value date; what is not named stands in suspense.

    The word holds against every reference until another is said.  Refuses what is not known, shares that do not fit
    the payment, and a word that changes nothing.
    """
    payment_id: str = content["payment_id"]
    await work.lock(exclusive=[f"payment:{payment_id}"], shared=("structure",))
    connection = await driver(work.session)
    placed = (await stored.load_payments(connection, [payment_id])).get(payment_id)
    if placed is None:
        raise NotKnownError(f"There is no payment {payment_id}.")
    reversals = (await stored.load_reversals(connection, [payment_id])).get(payment_id, [])
    accounts = await _accounts(connection, content["shares"])
    match = _word(placed, content["shares"], accounts)
    await matches.add(connection, match, Command.of(work).uid, work.book)
    new = await _follow(work, connection, placed, match, reversals)
    return _answer(payment_id, new, {account_id: ref for ref, account_id in accounts.items()})


async def _accounts(connection: asyncpg.Connection, shares: Sequence[Json]) -> dict[str, str]:
    """Return the account_id of each reference named; one that is not known is refused."""
    named = [share["account_ref"] for share in shares]
    accounts = await registry.accounts_by_ref(connection, named)
    missing = [ref for ref in named if ref not in accounts]
    if missing:
        raise NotKnownError(f"No account has the reference {missing[0]}.")
    return accounts


def _word(placed: Placed, shares: Sequence[Json], accounts: Mapping[str, str]) -> Match:
    """Return what was said as the next word about a payment."""
    whole = placed.payment.amount_pence
    named = tuple(
        (accounts[share["account_ref"]], whole if share["amount_pence"] is None else share["amount_pence"])
        for share in shares
    )
    refusal = rules.refuse_match(placed.payment, named)
    if refusal is not None:
        raise NotValidError(refusal.detail)
    if placed.match is not None and placed.match.shares == named:
        raise NotNowError(f"Payment {placed.payment.payment_id} stands so already, by a person's word.")
    return Match(placed.payment.payment_id, placed.match.match_no + 1 if placed.match else 1, named)


async def _follow(
    work: Work, connection: asyncpg.Connection, placed: Placed, match: Match, reversals: Sequence[Reversal]
) -> Sequence[Part]:
    """Post and say the difference that a word makes; return where the payment stands now."""
    cause, journal = Command.of(work), Journal(work)
    old, new = placed.target(reversals), replace(placed, match=match).target(reversals)
    changes = charges.difference(old, new)
    if changes:
        journal.post(cause, postings.payment_postings(placed.payment, reversals, changes))
        await ledger.add_causes(connection, [cause])
        await journal.write(connection)
    say_change(work, work.cause, placed.payment, reversals, old, new)
    touched = accounts_in(changes)
    await work.lock(exclusive=(f"account:{account_id}" for account_id in touched))
    await follow(connection, journal, dict.fromkeys(touched, cause))
    await say_items(work, dict.fromkeys(touched, work.cause))
    return new


def _answer(payment_id: str, parts: Sequence[Part], refs_of: Mapping[str, str]) -> Json:
    held = payments.by_holder(parts)
    rest = held.pop(SUSPENSE, payments.NOTHING)
    shares = [{"account_ref": refs_of[holder], "amount_pence": one.left_pence} for holder, one in held.items()]
    return {"payment_id": payment_id, "shares": shares, "suspense_pence": rest.left_pence}
