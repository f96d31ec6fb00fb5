"""What a final account says beyond a statement: which day was the owner's last.

Source: Code of Conduct 3.5; domain.md 5.
"""

from dataclasses import replace
from datetime import timedelta

from services.notify.domain import spoken, statements
from services.notify.domain.letter import Subject
from services.notify.domain.wording import Facts, Wording
from shared.events.billing import FinalAccountIssued


def facts_of(final: FinalAccountIssued) -> dict[str, str]:
    """Return the facts that a final account's wording may name; the days only where its event tells the exit."""
    facts = statements.facts_of(final)
    if final.exit_on is None:
        return facts
    last_on = final.exit_on - timedelta(days=1)
    return facts | {"last_on": spoken.day(last_on), "exit_on": spoken.day(final.exit_on)}


def describe(final: FinalAccountIssued, wording: Wording, facts: Facts) -> Subject:
    """Return what the final account adds to a letter: a statement's parts, and the days if they are known."""
    subject = statements.describe(final, wording, facts)
    return subject if final.exit_on is None else replace(subject, holds=subject.holds | {"exit"})
