"""What a statement says: period, brought forward, every line with whole cost and share, payments, balance, due day."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from services.notify.domain import safety, spoken
from services.notify.domain.letter import Fact, Headline, StatementGroup, StatementRow, StatementTable, Subject
from services.notify.domain.wording import Facts, Wording, fill
from shared.calendar import quarter_days, quarter_start
from shared.events.billing import LineKind, StatementIssued, StatementLine
from shared.events.housing import ChargeKind
from shared.money import as_pounds

GROUPS: tuple[tuple[str, frozenset[LineKind]], ...] = (
    ("charges", frozenset({LineKind.CHARGE})),
    ("fees", frozenset({LineKind.FEE, LineKind.INTEREST})),
    ("credits", frozenset({LineKind.CREDIT})),
    ("payments", frozenset({LineKind.PAYMENT, LineKind.REVERSAL})),
    ("adjustments", frozenset({LineKind.ADJUSTMENT, LineKind.WRITE_OFF, LineKind.REFUND})),
)
"""The order of a statement; fees stand apart and are named as such (Code of Conduct 4.3)."""

_Line = TypeVar("_Line", bound=StatementLine)

PLAIN_WORDS = {
    LineKind.CHARGE: "Charge",
    LineKind.FEE: "Fee",
    LineKind.INTEREST: "Interest",
    LineKind.CREDIT: "Credit",
    LineKind.PAYMENT: "Payment received, thank you",
    LineKind.REVERSAL: "Payment returned by the bank",
    LineKind.ADJUSTMENT: "Adjustment",
    LineKind.WRITE_OFF: "Amount written off",
    LineKind.REFUND: "Refund to you",
}


def facts_of(statement: StatementIssued) -> dict[str, str]:
    """Return the facts that a statement's wording may name."""
    before = statement.issued_on if statement.known_at is None else quarter_start(statement.issued_on)
    return {
        "period": spoken.quarter(statement.quarter),
        "due_on": spoken.day(statement.due_on),
        "closed_on": spoken.day(before - timedelta(days=1)),
        "known_on": spoken.day(statement.known_at or statement.issued_on),
        "float_held": as_pounds(statement.float_held_pence or 0),
    }


def describe(statement: StatementIssued, wording: Wording, facts: Facts) -> Subject:
    """Return what the statement adds to a letter."""
    case = balance_case(statement.balance_pence)
    holds = {case} | ({"older"} if case == "pay" and statement.brought_forward_pence > 0 else set())
    holds |= {"reviewed"} if statement.known_at is not None else set()
    holds |= {"float"} if statement.float_held_pence else set()
    return Subject(
        title_facts=(Fact("Statement", statement.statement_no),),
        headline=Headline(
            wording.headline[f"{case}_label"],
            as_pounds(abs(statement.balance_pence)),
            fill(wording.headline[f"{case}_note"], facts),
        ),
        tables={"statement": lambda: table(statement, wording, facts)},
        holds=frozenset(holds),
    )


def balance_case(balance_pence: int) -> str:
    """Return whether there is something to ``pay``, ``nothing``, or a ``credit``."""
    if balance_pence > 0:
        return "pay"
    return "credit" if balance_pence < 0 else "nothing"


def table(statement: StatementIssued, wording: Wording, facts: Facts) -> StatementTable:
    """Return the statement's lines in groups; groups and brought forward add up to the balance."""
    return StatementTable(
        from_on=spoken.short_day(quarter_days(statement.quarter)[0]),
        brought_forward=as_pounds(statement.brought_forward_pence),
        groups=groups_of(statement.lines, wording, title_of),
        balance_label=fill(wording.balance[balance_case(statement.balance_pence)], facts),
        balance=as_pounds(statement.balance_pence),
    )


def groups_of(lines: Sequence[_Line], wording: Wording, title: Callable[[_Line], str]) -> tuple[StatementGroup, ...]:
    """Return lines in the groups of a statement, each with its sum; ``title`` says what a line is for."""
    groups = (_group(name, kinds, lines, wording, title) for name, kinds in GROUPS)
    return tuple(group for group in groups if group is not None)


def _group(
    name: str, kinds: frozenset[LineKind], lines: Sequence[_Line], wording: Wording, title: Callable[[_Line], str]
) -> StatementGroup | None:
    inside = sorted((line for line in lines if line.kind in kinds), key=_order)
    if not inside:
        return None
    rows = tuple(_row(line, title(line)) for line in inside)
    return StatementGroup(
        wording.groups[name], rows, wording.group_total, as_pounds(sum(line.amount_pence for line in inside))
    )


def _order(line: StatementLine) -> tuple[str, ...]:
    names = (line.charge_id, line.credit_id, line.payment_id, line.reversal_id)
    return (line.value_on.isoformat(), *(name or "" for name in names), line.book.isoformat())


def _row(line: StatementLine, title: str) -> StatementRow:
    return StatementRow(
        date=spoken.short_day(line.value_on),
        text=title,
        pool=as_pounds(line.pool_pence) if line.pool_pence is not None else "",
        share=line.share or "",
        tax=as_pounds(line.tax_pence) if line.tax_pence else "",
        amount=as_pounds(line.amount_pence),
        note=note_of(line),
    )


def note_of(line: StatementLine) -> str:
    """Return what a line says of itself: a credit's reason and earlier statement, and which days are the owner's."""
    why = f": {safety.clean(line.reason)}" if line.reason else ""
    where = f", of {line.billed_on_statement}" if line.billed_on_statement else ""
    credit = f"Credit{why}{where}" if why or where else ""
    return ". ".join(part for part in (credit, _days_of(line)) if part)


def _days_of(line: StatementLine) -> str:
    """Return the daily calculation of a cost whose days are not all the owner's: ``47 of 90 days``."""
    if line.owned_from is None or line.owned_to is None or line.period_from is None or line.period_to is None:
        return ""
    own, all_ = (line.owned_to - line.owned_from).days + 1, (line.period_to - line.period_from).days + 1
    return f"Your days: {spoken.short_day(line.owned_from)} to {spoken.short_day(line.owned_to)}, {own} of {all_}"


def title_of(line: StatementLine) -> str:
    """Return what a line is for: its own description, else plain words."""
    if line.description:
        return safety.clean(line.description)
    if line.charge_kind is not None and line.kind in {LineKind.CHARGE, LineKind.FEE}:
        return kind_in_words(line.charge_kind)
    return PLAIN_WORDS[line.kind]


def kind_in_words(kind: ChargeKind) -> str:
    """Return a kind of charge as a heading: ``Management fee``."""
    return kind.value.replace("-", " ").capitalize()
