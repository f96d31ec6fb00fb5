"""What a quarter's statement says to an owner who pays by direct debit: what comes next, and to do nothing.

It tells what billing announced; no figure of the statement changes by it.  Source: domain.md 5; the Guarantee's notice.
"""

from collections.abc import Sequence
from dataclasses import replace

from services.notify.domain import safety, spoken
from services.notify.domain.letter import Block, StatementTable, Subject
from services.notify.domain.wording import Facts, Wording, fill
from shared.events.billing import StatementIssued
from shared.events.mandates import AnnouncedDebit
from shared.money import as_pounds


def facts_of(statement: StatementIssued) -> dict[str, str]:
    """Return the facts that a statement's wording may name of a direct debit; none where its account has no mandate."""
    debit = statement.direct_debit
    if debit is None:
        return {}
    coming, asked = _coming(statement), _asked(statement)
    return {
        "debit_mandate": safety.clean(debit.mandate_id),
        "debit_first": _in_words(coming[:1]),
        "debit_coming": _in_words(coming),
        "debit_asked": _in_words(asked),
    }


def add_to(subject: Subject, statement: StatementIssued, wording: Wording, facts: Facts) -> Subject:
    """Return a statement's part of a letter with what its direct debit changes of what its owner has to do.

    Beside a repayment plan, which a direct debit takes whole, nobody is told to do nothing: its mandate should have
    been cancelled, and the owner is asked to ring.
    """
    if statement.direct_debit is None:
        return subject
    asked = {"debit-asked"} if _asked(statement) else set()
    if "plan" in subject.holds:
        return replace(subject, holds=subject.holds | asked | {"debit-plan", _stage("debit-plan", statement)})
    holds = subject.holds | asked | {"debit"}
    if "pay" not in holds:
        return replace(subject, holds=holds | {"debit-idle", _stage("debit-idle", statement)})
    note = fill(wording.headline["next_debit_note" if _coming(statement) else "debit_note"], facts)
    return replace(
        subject.with_note(note),
        tables=dict(subject.tables) | {"statement": lambda: _collected(subject, wording, facts)},
        holds=holds - {"pay"} | {"debit-pay", _stage("debit-pay", statement)},
    )


def _stage(words: str, statement: StatementIssued) -> str:
    return f"{words}-{'next' if _coming(statement) else 'later'}"


def _coming(statement: StatementIssued) -> Sequence[AnnouncedDebit]:
    """Return what is announced for a day after the letter's."""
    debit = statement.direct_debit
    return [one for one in debit.announced if one.collect_on > statement.issued_on] if debit is not None else []


def _asked(statement: StatementIssued) -> Sequence[AnnouncedDebit]:
    """Return what banks were asked for by the letter's day, and that has not come."""
    debit = statement.direct_debit
    return [one for one in debit.announced if one.collect_on <= statement.issued_on] if debit is not None else []


def _in_words(debits: Sequence[AnnouncedDebit]) -> str:
    """Return amounts and days as a sentence has them: ``£1.00 on 1 May 2026, £2.00 on 4 May 2026 and …``."""
    said = [f"{as_pounds(one.amount_pence)} on {spoken.day(one.collect_on)}" for one in debits]
    return " and ".join([", ".join(said[:-1]), said[-1]]) if len(said) > 1 else "".join(said)


def _collected(subject: Subject, wording: Wording, facts: Facts) -> Block:
    """Return the statement's table, whose balance keeps its due day and asks nobody to pay."""
    table = subject.tables["statement"]()
    assert isinstance(table, StatementTable)
    return replace(table, balance_label=fill(wording.balance["debit"], facts))
