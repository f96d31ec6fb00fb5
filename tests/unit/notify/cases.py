"""Cases and pages for the unit tests: letters as the day's work would write them."""

from collections.abc import Mapping
from datetime import date
from functools import cache

from services.notify.domain import liability_notices, plans
from services.notify.domain.letter import Letter
from services.notify.domain.recipients import Recipient
from services.notify.domain.writing import Case, Matter, Welcome, write
from services.notify.templates.pages import Pages
from services.notify.templates.pdf import PdfPress
from services.notify.templates.stationery import load_stationery
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
from shared.events.owners import ContactKind
from tests.support.letters import ISSUED, an_address

stationery = cache(load_stationery)
pages = cache(Pages)
pdf_press = cache(PdfPress)
TEMPLATES: Mapping[type[Matter], str] = {
    StatementIssued: "statement",
    FinalAccountIssued: "final-account",
    AnnualStatementIssued: "annual-statement",
    FeeNoticeGiven: "fee-increase",
    ReliefEnded: "relief-ended",
    CollectionAnnounced: "collection-notice",
    MandateEnded: "mandate-ended",
    MandateWithdrawn: "mandate-ended",
    ShareCarried: "missing-share",
    Welcome: "welcome",
}
"""The letter about each matter but the stages of the ladder and the changes of plans and notices, which name theirs."""


def a_recipient(name: str = "Aileen MacDonald", mailbox: str | None = "aileen@example.org") -> Recipient:
    return Recipient(ContactKind.PARTY, "P1", name, mailbox, ("Flat 2/1", "14 Alder Street", "Glasgow G42 8AB"))


def a_case(
    matter: Matter,
    *,
    recipient: Recipient | None = None,
    ref: str = "F000000000A1",
    descriptions: Mapping[str, str] | None = None,
    unit_lines: tuple[str, ...] = (),
) -> Case:
    return Case(
        template=template_of(matter),
        account_ref=ref,
        dated_on=day_of(matter),
        unit_address=an_address(*unit_lines),
        recipient=recipient or a_recipient(),
        matter=matter,
        descriptions=descriptions or {},
    )


def template_of(matter: Matter) -> str:
    match matter:
        case StageReached():
            return matter.name
        case PlanChanged():
            return plans.letter_of(matter) or ""
        case NoticeChanged():
            return liability_notices.letter_of(matter) or ""
        case _:
            return TEMPLATES[type(matter)]


def day_of(matter: Matter) -> date:
    match matter:
        case StageReached():
            return matter.stage_on
        case CollectionAnnounced():
            return matter.announced_on
        case MandateEnded():
            return matter.noted_on
        case MandateWithdrawn():
            return matter.ended_on
        case AnnualStatementIssued() | FinalAccountIssued():
            return matter.issued_on
        case _:
            return ISSUED


def written(case: Case) -> Letter:
    return write(case, stationery())


def texts(case: Case) -> tuple[str, str]:
    """Return the text and the HTML of a case's letter."""
    letter = written(case)
    return pages().text(letter), pages().html(letter)
