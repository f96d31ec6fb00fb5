"""Notices of potential liability: the day finds who warrants one and which are over, officers do the rest."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

import asyncpg
from pydantic import Field

from services.arrears.db import notices as rows
from services.arrears.db.notices import Owing
from services.arrears.domain import notice_days, notice_steps
from services.arrears.domain.account import Account, overdue
from services.arrears.domain.notice_candidates import Case
from services.arrears.domain.notice_policy import NoticePolicy
from services.arrears.domain.notice_steps import Noted
from services.arrears.domain.notices import UNDER_WAY, Changed, Notice, name_of
from services.arrears.domain.policy import Policy
from shared.bus.bodies import Body
from shared.bus.commands import Command, Json
from shared.bus.proposals import Kind, Proposal
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError, understood
from shared.bus.work import OPENING_BOOK, Work
from shared.dated import in_force
from shared.db.engine import driver
from shared.events.arrears import NoticeChanged, NoticeForm, NoticeState, NoticeStep
from shared.events.topics import NOTICE_CHANGED
from shared.events.types import Id, Text
from shared.rebuild.likeness import Deed

APPROVE, NOTE = "notice", "notice-note"
Policies = tuple[NoticePolicy, ...]
_SHOWN = ("notice_id", "state", "registered_on", "renewed_on", "last_on", "reference", "left_to_expire", "renews")


class AskedNotice(Body):
    """What two people approve: a candidate, or without one a notice that officers want; and what its deed says."""

    account_ref: Id
    notice_id: Id | None = None
    form: NoticeForm
    title_number: Text
    headings: Annotated[tuple[Text, ...], Field(min_length=1, max_length=20)]
    reason: Text


class AskedNote(Body):
    """What an officer notes of a notice; without ``on`` it happened in the book it is noted in."""

    notice_id: Id
    step: NoticeStep
    on: date | None = None
    reference: Text | None = None
    reason: Text
    by: Text


async def look_after(work: Work, accounts: Sequence[Account], ladder: Policy, policies: Policies) -> None:
    """Look at the notices of accounts as the day's ladder left them; store and say what was decided."""
    connection = await driver(work.session)
    policy = in_force(policies, work.book)
    cases = await _cases(connection, accounts, work.book)
    if not cases:
        return
    looks = [(one.account.account_ref, notice_days.look(one, policy, ladder, work.book)) for one in cases]
    await _keep(work, [(ref, change) for ref, found in looks for change in found.changes], policy)
    await rows.look_on(connection, {found.account_id: found.next_on for _, found in looks if found.next_on is not None})


async def _cases(connection: asyncpg.Connection, accounts: Sequence[Account], day: date) -> list[Case]:
    """Return the cases of accounts that have had a notice or have anything overdue."""
    known = await rows.of_accounts(connection, [one.account_id for one in accounts])
    asked = [one for one in accounts if one.account_id in known or overdue(one.items, day)]
    if not asked:
        return []
    asides = await rows.asides_of(connection, [one.account_id for one in asked])
    late = [(one.account_id, item.charge_id) for one in asked for item in overdue(one.items, day)]
    kinds = await rows.kinds_of(connection, late)
    return [
        Case(one, kinds.get(one.account_id, {}), *asides[one.account_id], known.get(one.account_id, ()))
        for one in asked
    ]


async def approve(work: Work, content: Json, policies: Policies) -> Json:
    """Approve an account's candidate, or a notice that officers want without one.  A rebuild does the same again."""
    asked, owing, known = await check(work, content)
    policy = in_force(policies, work.book)
    candidate = _under_way(known) or Notice(
        name_of(owing.account_ref, len(known)), owing.account_id, NoticeState.CANDIDATE, owing.cycle, work.book,
        policy.version, asked.reason,
    )  # fmt: skip
    approved = notice_steps.approve(
        candidate, asked.form, asked.title_number, asked.headings, asked.reason, work.book
    )  # fmt: skip
    return await _keep_and_answer(work, owing, [approved], policy)


async def check(work: Work, content: Json) -> tuple[AskedNotice, Owing, tuple[Notice, ...]]:
    """Refuse what cannot be approved; returns what is asked, its account, locked, and the account's notices."""
    asked = understood(AskedNotice, content)
    owing = await rows.account_of_ref(await driver(work.session), asked.account_ref)
    if owing is None:
        raise NotKnownError(f"No account has the reference {asked.account_ref}.")
    if owing.internal:
        raise NotValidError(f"{asked.account_ref} is the association's own account: it owes nobody.")
    known = await _locked(work, owing)
    pending = _under_way(known)
    if pending is not None and pending.state is not NoticeState.CANDIDATE:
        raise NotNowError(f"{pending.notice_id} is {pending.state.value}: {asked.account_ref} has a notice under way.")
    if asked.notice_id is not None and (pending is None or pending.notice_id != asked.notice_id):
        raise NotNowError(f"{asked.notice_id} is no candidate of {asked.account_ref}.")
    return asked, owing, known


def as_kind(effect: Deed) -> Kind:
    """Return the kind of proposal that lets ``effect`` approve a notice: a lead officer's, of another's proposal."""

    async def first(work: Work, proposal: Proposal) -> None:
        asked, _, _ = await check(work, proposal.body)
        if asked.account_ref != proposal.subject:
            raise NotValidError(f"The proposal's subject is {proposal.subject}, its notice is of {asked.account_ref}.")

    async def apply(work: Work, proposal: Proposal) -> Json:
        return await effect(work, proposal.body)

    return Kind(APPROVE, frozenset({"assistant", "lead-officer"}), frozenset({"lead-officer"}), apply, first)


async def note(work: Work, content: Json, policies: Policies) -> Json:
    """Note what happened to a notice, or what was decided of it.  A rebuild does the same again."""
    asked = understood(AskedNote, content)
    owing = await rows.account_of(await driver(work.session), asked.notice_id)
    if owing is None:
        raise NotKnownError(f"There is no notice {asked.notice_id}.")
    known = await _locked(work, owing)
    notice = next(one for one in known if one.notice_id == asked.notice_id)
    policy = in_force(policies, work.book)
    noted = Noted(asked.step, asked.on or work.book, asked.reference, asked.reason)
    refusal = notice_steps.refuse(notice, noted, policy, work.book, known)
    if refusal is not None:
        raise NotNowError(refusal)
    changes = notice_steps.take(notice, noted, policy, name_of(owing.account_ref, len(known)))
    return await _keep_and_answer(work, owing, changes, policy)


async def _locked(work: Work, owing: Owing) -> tuple[Notice, ...]:
    """Return the notices of an account, which nobody else changes until the transaction ends."""
    if work.book == OPENING_BOOK:
        raise NotNowError("No business day has ended yet: there is no day to note it on.")
    await work.lock(exclusive=[f"account:{owing.account_id}"])
    known = await rows.of_accounts(await driver(work.session), [owing.account_id])
    return known.get(owing.account_id, ())


def _under_way(known: Iterable[Notice]) -> Notice | None:
    return next((one for one in known if one.state in UNDER_WAY), None)


async def _keep_and_answer(work: Work, owing: Owing, changes: Sequence[Changed], policy: NoticePolicy) -> Json:
    """Keep what a command changed and answer with the last; the book's day looks at the account."""
    told = [(owing.account_ref, change) for change in changes]
    await _keep(work, told, policy, Command.of(work).uid)
    await rows.look_on(await driver(work.session), {owing.account_id: work.book})
    last = changes[-1].notice
    return {"account_ref": owing.account_ref} | {name: getattr(last, name) for name in _SHOWN}


async def _keep(
    work: Work, changes: Sequence[tuple[str | None, Changed]], policy: NoticePolicy, command_uid: UUID | None = None
) -> None:
    """Store changes, each with its account's reference, and say those that are said."""
    if not changes:
        return
    await rows.store(await driver(work.session), [change for _, change in changes], work.book, command_uid)
    for account_ref, change in changes:
        if change.change is not None:
            work.stage(NOTICE_CHANGED, _said(work, account_ref, change, policy))


def _said(work: Work, account_ref: str | None, told: Changed, policy: NoticePolicy) -> NoticeChanged:
    """Return a notice as it stands after a change."""
    notice = told.notice
    return NoticeChanged(
        account_id=notice.account_id,
        notice_id=notice.notice_id,
        state=notice.state,
        policy_version=notice.policy_version,
        reason=notice.reason,
        account_ref=account_ref,
        number=notice.number,
        change=told.change,
        changed_on=work.book,
        urgent=notice.urgent,
        eligible_pence=notice.eligible_pence,
        oldest_due_on=notice.oldest_due_on,
        form=notice.form,
        title_number=notice.title_number,
        headings=notice.headings,
        reference=notice.reference,
        approved_on=notice.approved_on,
        registered_on=notice.registered_on,
        renewed_on=notice.renewed_on,
        last_on=notice.last_on,
        binds_from=policy.binds_from(notice.registered_on) if notice.registered_on else None,
        entry_on=notice.entry_on,
        buyer_liable=notice.buyer_liable,
        breach=notice.breach,
        renews=notice.renews,
    )
