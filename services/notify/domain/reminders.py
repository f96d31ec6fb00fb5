"""What a reminder says: what is overdue, since when, and by when to pay or talk to us."""

from collections.abc import Mapping
from datetime import date, timedelta

from services.notify.domain import spoken
from services.notify.domain.letter import Headline, ItemRow, ItemsTable, Subject
from services.notify.domain.wording import Facts, Wording, fill
from shared.events.arrears import OverdueItem, StageReached
from shared.money import as_pounds

BILLED_BEFORE = "Balance from an earlier statement"
"""What an item is called when no statement of ours describes it."""


def facts_of(stage: StageReached, wording: Wording) -> dict[str, str]:
    """Return the facts that a reminder's wording may name.

    A reminder may leave long after it was written, so its deadline is never said without the days that whoever gets it
    late has from then.  It is not written anew instead: its bytes follow from the events, and a rebuild repeats them.
    """
    deadline = stage.stage_on + timedelta(days=wording.deadline_days)
    return {
        "overdue": as_pounds(stage.overdue_pence),
        "deadline": spoken.day(deadline),
        "deadline_days": str(wording.deadline_days),
    }


def describe(stage: StageReached, wording: Wording, facts: Facts, descriptions: Mapping[str, str]) -> Subject:
    """Return what the reminder adds to a letter; ``descriptions`` come from the same account's own statements."""
    return Subject(
        title_facts=(),
        headline=Headline(
            wording.headline["label"], as_pounds(stage.overdue_pence), fill(wording.headline["note"], facts)
        ),
        tables={"items": lambda: table(stage, wording, facts, descriptions)},
    )


def table(stage: StageReached, wording: Wording, facts: Facts, descriptions: Mapping[str, str]) -> ItemsTable:
    """Return the overdue items, oldest first, with their age on the letter's day."""
    ordered = sorted(stage.items, key=lambda item: (item.due_on, item.charge_id))
    return ItemsTable(
        rows=tuple(_row(item, stage.stage_on, descriptions) for item in ordered),
        total_label=fill(wording.items["total"], facts),
        total=as_pounds(stage.overdue_pence),
    )


def _row(item: OverdueItem, on: date, descriptions: Mapping[str, str]) -> ItemRow:
    return ItemRow(
        text=descriptions.get(item.charge_id, BILLED_BEFORE),
        due_on=spoken.short_day(item.due_on),
        days=str((on - item.due_on).days),
        amount=as_pounds(item.open_pence),
    )
