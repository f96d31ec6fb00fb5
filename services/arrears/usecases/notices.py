"""What officers do to notices of potential liability: two approve one, the rest is noted; a rebuild repeats it."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated

from pydantic import Field

from services.arrears.db import notices as rows
from services.arrears.db.notices import Owing
from services.arrears.domain import notice_steps
from services.arrears.domain.notice_policy import NoticePolicy
from services.arrears.domain.notice_steps import Deed, Noted
from services.arrears.domain.notices import UNDER_WAY, Changed, Notice, name_of
from services.arrears.settings import read_notice_policies
from services.arrears.usecases.notice_changes import keep
from shared.bus.bodies import Body
from shared.bus.commands import Command, Json
from shared.bus.proposals import Kind, Proposal, named_in
from shared.bus.refusals import NotKnownError, NotNowError, NotValidError, understood
from shared.bus.work import OPENING_BOOK, Work
from shared.dated import in_force
from shared.db.engine import driver
from shared.events.arrears import NoticeForm, NoticeState, NoticeStep
from shared.events.types import Id, Text

APPROVE, NOTE = "notice", "notice-note"
_SHOWN = (
    "notice_id", "state", "registered_on", "renewed_on", "last_on", "reference", "left_to_expire",
    "seen_to_on", "renews",
)  # fmt: skip


class AskedNotice(Body):
    """What two people approve: a candidate, or without one a notice that officers want; and what its deed says.

    With ``registered_on`` it is on the register since then, as ``reference``, and taken over.
    """

    account_ref: Id
    notice_id: Id | None = None
    form: NoticeForm
    title_number: Text
    headings: Annotated[tuple[Text, ...], Field(min_length=1, max_length=20)]
    registered_on: date | None = None
    reference: Text | None = None
    reason: Text

    @property
    def registration(self) -> Noted | None:
        """How it was registered, if it was."""
        if self.registered_on is None:
            return None
        return Noted(NoticeStep.REGISTERED, self.registered_on, self.reference, self.reason)


class AskedNote(Body):
    """What an officer notes of a notice; without ``on`` it happened in the book it is noted in."""

    notice_id: Id
    step: NoticeStep
    on: date | None = None
    reference: Text | None = None
    reason: Text
    by: Text


async def approve(work: Work, content: Json) -> Json:
    """Approve an account's candidate, or a notice that officers want without one.  A rebuild does the same again."""
    asked, owing, known = await check(work, content)
    policy = in_force(read_notice_policies(), work.book)
    candidate = _under_way(known) or Notice(
        name_of(owing.account_ref, len(known)), owing.account_id, NoticeState.CANDIDATE, owing.cycle, work.book,
        policy.version, asked.reason,
    )  # fmt: skip
    deed, registered = Deed(asked.form, asked.title_number, asked.headings), asked.registration
    if registered is not None:
        change = notice_steps.take_over(candidate, deed, registered, policy, work.book)
    else:
        change = notice_steps.approve(candidate, deed, asked.reason, work.book)
    return await keep_and_answer(work, owing, [change], policy)


async def check(work: Work, content: Json) -> tuple[AskedNotice, Owing, tuple[Notice, ...]]:
    """Refuse what cannot be approved; returns what is asked, its account, locked, and the account's notices."""
    asked = understood(AskedNotice, content)
    owing = await rows.find_owing(await driver(work.session), asked.account_ref)
    if owing is None:
        raise NotKnownError(f"No account has the reference {asked.account_ref}.")
    if owing.internal:
        raise NotValidError(f"{asked.account_ref} is the association's own account: it owes nobody.")
    known = await _locked(work, owing)
    if asked.reference is not None and asked.registered_on is None:
        raise NotValidError(f"Name the day on which it was registered as {asked.reference}.")
    refusal = notice_steps.refuse_another(asked.account_ref, asked.notice_id, _under_way(known))
    refusal = refusal or await _refuse_day(work, asked, owing)
    if refusal is not None:
        raise NotNowError(refusal)
    return asked, owing, known


async def _refuse_day(work: Work, asked: AskedNotice, owing: Owing) -> str | None:
    """Return why a registration cannot be noted, or why none can follow any more (domain.md 8.7)."""
    if asked.registration is not None:
        return notice_steps.refuse_registration(
            asked.registration, in_force(read_notice_policies(), work.book), work.book
        )
    aside = (await rows.asides_of(await driver(work.session), [owing.account_id]))[owing.account_id]
    if aside.entry_on is None or aside.entry_on > work.book:
        return None
    return f"The ownership of {asked.account_ref} ended on {aside.entry_on}: the property is another's."


async def note(work: Work, content: Json) -> Json:
    """Note what happened to a notice, or what was decided of it.  A rebuild does the same again."""
    asked = understood(AskedNote, content)
    owing, notice, known = await locked(work, asked.notice_id)
    policy = in_force(read_notice_policies(), work.book)
    noted = Noted(asked.step, asked.on or work.book, asked.reference, asked.reason)
    refusal = notice_steps.refuse(notice, noted, policy, work.book, known)
    if refusal is not None:
        raise NotNowError(refusal)
    changes = notice_steps.take(notice, noted, policy, name_of(owing.account_ref, len(known)))
    return await keep_and_answer(work, owing, changes, policy)


async def locked(work: Work, notice_id: str) -> tuple[Owing, Notice, tuple[Notice, ...]]:
    """Return a notice's account, it, and all of the account, which nobody else changes until the transaction ends.

    Raises ``NotKnownError``, and ``NotNowError`` before the first day.
    """
    owing = await rows.find_owing_of_notice(await driver(work.session), notice_id)
    if owing is None:
        raise NotKnownError(f"There is no notice {notice_id}.")
    known = await _locked(work, owing)
    return owing, next(one for one in known if one.notice_id == notice_id), known


async def _locked(work: Work, owing: Owing) -> tuple[Notice, ...]:
    """Return the notices of an account, which nobody else changes until the transaction ends."""
    if work.book == OPENING_BOOK:
        raise NotNowError("No business day has ended yet: there is no day to note it on.")
    await work.lock(exclusive=[f"account:{owing.account_id}"])
    known = await rows.of_accounts(await driver(work.session), [owing.account_id])
    return known.get(owing.account_id, ())


def _under_way(known: Iterable[Notice]) -> Notice | None:
    return next((one for one in known if one.state in UNDER_WAY), None)


async def keep_and_answer(work: Work, owing: Owing, changes: Sequence[Changed], policy: NoticePolicy) -> Json:
    """Keep what a command changed and answer with the last; the book's day looks at the account."""
    told = [(owing.account_ref, change) for change in changes]
    await keep(work, told, policy, Command.of(work).uid)
    await rows.look_on(await driver(work.session), {owing.account_id: work.book})
    last = changes[-1].notice
    return {"account_ref": owing.account_ref} | {name: getattr(last, name) for name in _SHOWN}


async def _check(work: Work, proposal: Proposal) -> None:
    """Refuse a proposal that could not take effect now."""
    await check(work, proposal.body)


async def _apply(work: Work, proposal: Proposal) -> Json:
    return await approve(work, proposal.body)


NOTICE = Kind(
    APPROVE,
    may_propose=frozenset({"assistant", "lead-officer"}),
    may_approve=frozenset({"lead-officer"}),
    subject_of=named_in(AskedNotice, "account_ref"),
    apply=_apply,
    check=_check,
)
"""Declared to the bus: a lead officer lets another's proposal of a notice take effect."""
