"""The work of a day: every letter due is written to each of its recipients and queued."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated
from uuid import UUID

from pydantic import Field, TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from services.notify.db import address_book, letters, messages
from services.notify.db.letters import DueLetter, Postponed
from services.notify.db.messages import NewMessage
from services.notify.domain import identity, plans, welcome
from services.notify.domain.letter import Letter
from services.notify.domain.liability_notices import known
from services.notify.domain.recipients import Contacts, Recipient, recipients
from services.notify.domain.standing_plans import StandingPlan
from services.notify.domain.welcome import Timing
from services.notify.domain.wording import Stationery
from services.notify.domain.writing import Case, EventMatter, Matter, OtherMatter, Welcome, write
from services.notify.templates.mail import Envelope, UnsafeHeaderError, compose
from services.notify.templates.pages import Pages
from services.notify.templates.pdf import PdfPress
from services.notify.usecases import standing_plans
from shared.bus.day import DaySlice
from shared.db.engine import driver
from shared.events.arrears import NoticeChanged, PlanChanged, StageReached
from shared.events.billing import (
    AnnualStatementIssued,
    CollectionAnnounced,
    FeeNoticeGiven,
    FinalAccountIssued,
    ReliefEnded,
    ShareCarried,
    StatementIssued,
)
from shared.events.mandates import MandateEnded, MandateWithdrawn
from shared.events.notify import MessageChannel
from shared.events.owners import ContactKind
from shared.log_events import LogEvent
from shared.logs import log

LETTERS_IN_A_SLICE = 32
"""About a second of rendering: what a crash costs at most."""


@dataclass(frozen=True)
class Press:
    """Everything that turns a case into bytes; built once."""

    stationery: Stationery
    pdf: PdfPress
    pages: Pages
    sender_name: str
    sender_mailbox: str
    threads: Executor
    files: Path | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A letter that is due, ready to be written to each recipient."""

    letter: DueLetter
    cases: tuple[tuple[Recipient, Case], ...]


async def work_day(piece: DaySlice, press: Press, on_queued: Callable[[], None]) -> None:
    """Do one slice of a day: load, write outside the transaction, store and note the progress inside it."""
    after = int(piece.progress or 0)
    async with piece.sessions.begin() as session:
        due = await letters.list_due_letters(await driver(session), piece.day, after, LETTERS_IN_A_SLICE)
        outcomes = await _decide(session, due, piece.day) if due else []
    jobs = [outcome for outcome in outcomes if isinstance(outcome, Job)]
    later = [outcome for outcome in outcomes if isinstance(outcome, Postponed)]
    rendered = await _render(jobs, piece.day, press)
    following = str(due[-1].letter_no) if len(due) == LETTERS_IN_A_SLICE else None
    async with piece.open(following) as work:
        if due:
            await messages.add_messages(work.session, rendered)
            connection = await driver(work.session)
            await letters.mark_rendered(connection, [job.letter.letter_no for job in jobs], piece.day)
            await letters.postpone(connection, later)
    _tell(jobs, rendered)
    if following is None and (rendered or piece.progress):
        on_queued()


def _tell(jobs: Sequence[Job], rendered: Sequence[NewMessage]) -> None:
    """Say which messages are queued now: their transaction has committed."""
    stories = {job.letter.letter_no: job.letter.correlation_id for job in jobs}
    for message in rendered:
        log(
            LogEvent.LETTER_RENDERED, message_id=str(message.message_id), account_id=message.account_id,
            template=message.template, correlation_id=stories[message.letter_no], channel=str(message.channel),
            day=message.created_on.isoformat(),
        )  # fmt: skip


async def _decide(session: AsyncSession, due: Sequence[DueLetter], day: date) -> list[Job | Postponed]:
    """Return which letters are written today and to whom, and why the others are not."""
    connection = await driver(session)
    keys = {key for letter in due for key in _contact_keys(letter)}
    contacts = await address_book.load_contacts(connection, keys) if keys else {}
    reminded = {letter.account_id for letter in due if letter.template.startswith("reminder")}
    charges = await letters.describe_charges(connection, reminded) if reminded else {}
    stated = {letter.account_id for letter in due if letter.template == "statement"}
    plan_of = await standing_plans.load(connection, stated, day) if stated else {}
    jobs = [_job(letter, day, contacts, charges.get(letter.account_id, {})) for letter in due]
    return [_with_plan(job, plan_of) for job in jobs]


def _with_plan(job: Job | Postponed, plan_of: Mapping[str, StandingPlan]) -> Job | Postponed:
    """Return a quarter's statement with the plan that stands on its account; any other letter as it is."""
    if isinstance(job, Postponed) or job.letter.template != "statement":
        return job
    plan = plan_of.get(job.letter.account_id)
    return replace(job, cases=tuple((person, replace(case, plan=plan)) for person, case in job.cases))


def _contact_keys(letter: DueLetter) -> list[tuple[ContactKind, str]]:
    if letter.ownership is None:
        return []
    parties = [(ContactKind.PARTY, party_id) for party_id in letter.ownership.party_ids]
    return [(ContactKind.BILLING_CONTACT, letter.ownership.ownership_id), *parties]


def _job(letter: DueLetter, day: date, contacts: Contacts, charges: Mapping[str, str]) -> Job | Postponed:
    tomorrow = day + timedelta(days=1)
    if letter.account_ref is None:
        return Postponed(letter.letter_no, "wanted", tomorrow, "missing account")
    if letter.unit_address is None:
        return Postponed(letter.letter_no, "wanted", tomorrow, "missing unit")
    if letter.template == "welcome":
        match welcome.timing(letter.ownership, day):
            case Timing.LATER:
                assert letter.ownership is not None
                return Postponed(letter.letter_no, "wanted", letter.ownership.from_on, "begins later")
            case Timing.NOT_WHILE_IT_STANDS_SO:
                return Postponed(letter.letter_no, "waiting", tomorrow, "no current period")
    people = recipients(letter.ownership, contacts, letter.unit_address, day) if letter.ownership else []
    if not people:
        return Postponed(letter.letter_no, "waiting", tomorrow, "nobody to write to")
    matter = _matter(letter)
    dated_on = _dated_on(matter, day)
    cases = (
        Case(letter.template, letter.account_ref, dated_on, letter.unit_address, person, matter, charges)
        for person in people
    )
    return Job(letter, tuple(zip(people, cases, strict=True)))


_LADDER: TypeAdapter[EventMatter] = TypeAdapter(StageReached)
_MATTERS: Mapping[str, TypeAdapter[EventMatter]] = {
    "statement": TypeAdapter(StatementIssued),
    "final-account": TypeAdapter(FinalAccountIssued),
    "annual-statement": TypeAdapter(AnnualStatementIssued),
    "fee-increase": TypeAdapter(FeeNoticeGiven),
    "missing-share": TypeAdapter(ShareCarried),
    "relief-ended": TypeAdapter(ReliefEnded),
    "collection-notice": TypeAdapter(CollectionAnnounced),
    # The first that has all its fields: what came back is only in the first.
    "mandate-ended": TypeAdapter(Annotated[MandateEnded | MandateWithdrawn, Field(union_mode="left_to_right")]),
    **dict.fromkeys(plans.STAGE_OF, TypeAdapter(PlanChanged)),
    **dict.fromkeys(("notice-warning", "notice-registered", "notice-consent"), TypeAdapter(NoticeChanged)),
}
"""What each letter's event is; all others are stages of the ladder."""


def _matter(letter: DueLetter) -> Matter:
    if letter.template == "welcome":
        assert letter.ownership is not None
        return Welcome(letter.ownership.from_on)
    return _MATTERS.get(letter.template, _LADDER).validate_json(letter.matter)


def _dated_on(matter: Matter, day: date) -> date:
    match matter:
        case StatementIssued() | AnnualStatementIssued():
            return matter.issued_on
        case StageReached():
            return matter.stage_on
        case Welcome():
            return day
        case _:
            return _given_on(matter)


def _given_on(matter: OtherMatter) -> date:
    match matter:
        case FeeNoticeGiven() | ReliefEnded():
            on = matter.notified_on
        case CollectionAnnounced():
            on = matter.announced_on
        case MandateEnded():
            on = matter.noted_on
        case MandateWithdrawn():
            on = matter.ended_on
        case ShareCarried():
            on = matter.carried_on
        case PlanChanged():
            on = plans.day_of(matter)
        case NoticeChanged():
            on = known(matter.changed_on)
    return on


async def _render(jobs: Sequence[Job], day: date, press: Press) -> list[NewMessage]:
    """Write every case, several at once: the PDF compiler leaves the interpreter free."""
    loop = asyncio.get_running_loop()
    tasks = [
        loop.run_in_executor(press.threads, render, press, job.letter, person, case, day)
        for job in jobs
        for person, case in job.cases
    ]
    return list(await asyncio.gather(*tasks))


def render(press: Press, due: DueLetter, person: Recipient, case: Case, day: date) -> NewMessage:
    """Return one recipient's message: an e-mail with the PDF in it, or the PDF alone to print."""
    message_id = identity.message_id(due.dedup_key, person.kind, person.contact_id)
    letter = write(case, press.stationery)
    pdf = press.pdf.press(letter, case.dated_on)
    mailbox, body = _mail(press, letter, case, message_id, pdf)
    if mailbox is None:
        body = pdf
    if press.files is not None:
        _keep_copy(press.files, case, message_id, pdf)
    return NewMessage(
        message_id=UUID(message_id),
        letter_no=due.letter_no,
        account_id=due.account_id,
        account_ref=case.account_ref,
        template=case.template,
        template_version=letter.template_version,
        channel=MessageChannel.EMAIL if mailbox else MessageChannel.PRINT,
        contact_kind=person.kind,
        contact_id=person.contact_id,
        mailbox=mailbox,
        dated_on=case.dated_on,
        created_on=day,
        sha256=hashlib.sha256(body).digest(),
        media_type="message/rfc822" if mailbox else "application/pdf",
        body=body,
    )


def _mail(press: Press, letter: Letter, case: Case, message_id: str, pdf: bytes) -> tuple[str | None, bytes]:
    """Return the mailbox and the composed e-mail; what cannot safely be an e-mail is printed."""
    person = case.recipient
    if person.mailbox is None:
        return None, b""
    envelope = Envelope(
        message_id=message_id,
        sender_name=press.sender_name,
        sender_mailbox=press.sender_mailbox,
        reply_to=press.stationery.letterhead.email,
        recipient_name=person.name,
        recipient_mailbox=person.mailbox,
        dated_on=case.dated_on,
    )
    name = identity.file_name(case.account_ref, case.template, case.dated_on)
    text, html = press.pages.text(letter), press.pages.html(letter)
    try:
        return person.mailbox, compose(letter, envelope, text=text, html=html, pdf=pdf, file_name=name)
    except UnsafeHeaderError:
        return None, b""


def _keep_copy(files: Path, case: Case, message_id: str, pdf: bytes) -> None:
    """Keep the PDF where a visitor of the demonstration finds it; not for production: erasure does not reach it."""
    name = identity.file_name(case.account_ref, case.template, case.dated_on).removesuffix(".pdf")
    files.mkdir(parents=True, exist_ok=True)
    (files / f"{name}-{message_id[:8]}.pdf").write_bytes(pdf)
