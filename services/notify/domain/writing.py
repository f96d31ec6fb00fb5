"""Write a letter: one account, one recipient, one business fact in; a whole letter out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from services.notify.domain import (
    annual_statements,
    collections,
    direct_debits,
    fee_notices,
    final_accounts,
    liability_notices,
    mandate_ends,
    missing_shares,
    plans,
    reliefs,
    reminders,
    safety,
    spoken,
    standing_plans,
    statements,
    welcome,
)
from services.notify.domain.letter import (
    Addressee,
    Advice,
    Block,
    Fact,
    Heading,
    Letter,
    Pay,
    Points,
    Small,
    Subject,
    Text,
)
from services.notify.domain.recipients import Recipient
from services.notify.domain.standing_plans import StandingPlan
from services.notify.domain.wording import BlockWords, CommonWords, Facts, Letterhead, Stationery, Wording, fill
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
from shared.events.housing import Address
from shared.events.mandates import MandateEnded, MandateWithdrawn


@dataclass(frozen=True, slots=True)
class Welcome:
    """A new owner's account was opened; the ownership holds since ``from_on``."""

    from_on: date


OtherMatter = (
    FeeNoticeGiven
    | ReliefEnded
    | CollectionAnnounced
    | MandateEnded
    | MandateWithdrawn
    | ShareCarried
    | PlanChanged
    | NoticeChanged
)
"""What an owner is told beside statements and the ladder."""

EventMatter = StatementIssued | AnnualStatementIssued | StageReached | OtherMatter
Matter = EventMatter | Welcome
"""The business fact a letter is about."""


@dataclass(frozen=True, slots=True)
class Case:
    """Everything one message may speak of: one account and one recipient of it (reliability.md S38).

    ``plan``: of a quarter's statement, the repayment plan that stands on the account.
    """

    template: str
    account_ref: str
    dated_on: date
    unit_address: Address
    recipient: Recipient
    matter: Matter
    descriptions: Mapping[str, str] = field(default_factory=dict)
    plan: StandingPlan | None = None


def write(case: Case, stationery: Stationery) -> Letter:
    """Return the letter for one case."""
    wording = stationery.wordings[case.template]
    facts = _facts(case, wording, stationery.letterhead)
    subject = _describe(case, wording, facts)
    blocks = [_block(words, facts, subject, stationery) for words in wording.blocks if _printed(words, subject)]
    return Letter(
        template=case.template,
        template_version=wording.version,
        title=fill(wording.title, facts),
        subject=safety.header_text(fill(wording.subject, facts)),
        preview=_preview(subject),
        letterhead=stationery.letterhead,
        recipient=Addressee(case.recipient.name, case.recipient.address_lines),
        account_ref=case.account_ref,
        dated_on=facts["dated_on"],
        headline=subject.headline,
        facts=(Fact("Account", case.account_ref), *subject.title_facts, Fact("Date", facts["dated_on"]), _home(facts)),
        blocks=tuple(blocks),
        alternative_formats=fill(stationery.common.alternative_formats, facts),
    )


def _home(facts: Facts) -> Fact:
    return Fact("Property", facts["property"])


def _preview(subject: Subject) -> str:
    headline = subject.headline
    return f"{headline.label}: {headline.figure}. {headline.note}." if headline else ""


def _facts(case: Case, wording: Wording, head: Letterhead) -> Facts:
    common = {
        "name": case.recipient.name,
        "account_ref": case.account_ref,
        "dated_on": spoken.day(case.dated_on),
        "property": safety.clean(", ".join(spoken.address_lines(case.unit_address)), 300),
        "phone": head.phone,
        "out_of_hours": head.out_of_hours,
        "email": head.email,
        "address": ", ".join((head.name, *head.address_lines)),
    }
    match case.matter:
        case FinalAccountIssued():
            own = final_accounts.facts_of(case.matter)
        case StatementIssued():
            own = statements.facts_of(case.matter) | direct_debits.facts_of(case.matter)
            own |= standing_plans.facts_of(case.plan) if case.plan else {}
        case AnnualStatementIssued():
            own = annual_statements.facts_of(case.matter)
        case StageReached():
            own = reminders.facts_of(case.matter, wording)
        case Welcome(from_on):
            own = welcome.facts_of(from_on, head.name)
        case _:
            own = _facts_of_other(case.matter)
    return common | own


def _facts_of_other(matter: OtherMatter) -> dict[str, str]:
    match matter:
        case FeeNoticeGiven():
            own = fee_notices.facts_of(matter)
        case ReliefEnded():
            own = reliefs.facts_of(matter)
        case CollectionAnnounced():
            own = collections.facts_of(matter)
        case MandateEnded():
            own = mandate_ends.facts_of(matter)
        case MandateWithdrawn():
            own = mandate_ends.facts_of_withdrawn(matter)
        case ShareCarried():
            own = missing_shares.facts_of(matter)
        case PlanChanged():
            own = plans.facts_of(matter)
        case NoticeChanged():
            own = liability_notices.facts_of(matter)
    return own


def _describe(case: Case, wording: Wording, facts: Facts) -> Subject:
    match case.matter:
        case FinalAccountIssued():
            subject = final_accounts.describe(case.matter, wording, facts)
        case StatementIssued():
            subject = statements.describe(case.matter, wording, facts)
            if case.plan is not None:
                subject = standing_plans.add_to(subject, case.plan, case.matter, wording, facts)
            subject = direct_debits.add_to(subject, case.matter, wording, facts)
        case AnnualStatementIssued():
            subject = annual_statements.describe(case.matter, wording, facts)
        case StageReached():
            subject = reminders.describe(case.matter, wording, facts, case.descriptions)
        case Welcome():
            subject = welcome.describe(wording, case.account_ref)
        case _:
            subject = _describe_other(case.matter, wording, facts)
    return subject


def _describe_other(matter: OtherMatter, wording: Wording, facts: Facts) -> Subject:
    match matter:
        case FeeNoticeGiven():
            subject = fee_notices.describe(matter, wording, facts)
        case ReliefEnded():
            subject = reliefs.describe(matter, wording, facts)
        case CollectionAnnounced():
            subject = collections.describe(matter, wording, facts)
        case MandateEnded():
            subject = mandate_ends.describe(matter, wording, facts)
        case MandateWithdrawn():
            subject = mandate_ends.describe_withdrawn(matter)
        case ShareCarried():
            subject = missing_shares.describe(matter, wording)
        case PlanChanged():
            subject = plans.describe(matter, wording, facts)
        case NoticeChanged():
            subject = liability_notices.describe(matter, wording, facts)
    return subject


def _printed(words: BlockWords, subject: Subject) -> bool:
    return not words.when or words.when in subject.holds


def _block(words: BlockWords, facts: Facts, subject: Subject, stationery: Stationery) -> Block:
    """Return one part of the letter; a kind that no rule here knows is one of the matter's own tables."""
    common = stationery.common
    made: dict[str, Callable[[], Block]] = {
        "text": lambda: Text(fill(words.text, facts)),
        "heading": lambda: Heading(fill(words.text, facts)),
        "points": lambda: Points(tuple(fill(point, facts) for point in words.points)),
        "small": lambda: Small(fill(words.title, facts), fill(words.text, facts)),
        "complaints": lambda: Small(f"{common.complaints_title}.", fill(common.complaints, facts)),
        "contact": lambda: Small(f"{common.contact_title}.", fill(common.contact, facts)),
        "advice": lambda: Advice(common.advice.title, common.advice.intro, common.advice.rows),
        "pay": lambda: _pay(stationery.letterhead, common, facts),
    }
    return {**made, **subject.tables}[words.kind]()


def _pay(head: Letterhead, common: CommonWords, facts: Facts) -> Pay:
    details = (
        Fact("Account name", head.bank_account_name),
        Fact("Sort code", head.bank_sort_code),
        Fact("Account number", head.bank_account_number),
        Fact(common.pay["reference_label"], facts["account_ref"]),
    )
    return Pay(common.pay["title"], details, fill(common.pay["note"], facts))
