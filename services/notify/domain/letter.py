"""A letter as all three renderings (PDF, HTML, text) show it: words and formatted figures of one account only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from services.notify.domain.wording import AdviceBody, Letterhead


@dataclass(frozen=True, slots=True)
class Fact:
    """A small label and its value."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Headline:
    """The one figure that matters."""

    label: str
    figure: str
    note: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a letter."""

    text: str
    kind: str = "heading"


@dataclass(frozen=True, slots=True)
class Points:
    """A list."""

    points: tuple[str, ...]
    kind: str = "points"


@dataclass(frozen=True, slots=True)
class Small:
    """Words in smaller print, after a title."""

    title: str
    text: str
    kind: str = "small"


@dataclass(frozen=True, slots=True)
class Pay:
    """How to pay, and the reference to quote."""

    title: str
    details: tuple[Fact, ...]
    note: str
    kind: str = "pay"


@dataclass(frozen=True, slots=True)
class Advice:
    """Free and independent advisers."""

    title: str
    intro: str
    rows: tuple[AdviceBody, ...]
    kind: str = "advice"


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One line of a statement; figures are already written out, empty where there is nothing to say."""

    date: str
    text: str
    pool: str
    share: str
    tax: str
    amount: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class StatementGroup:
    """Lines of one kind with their sum."""

    title: str
    rows: tuple[StatementRow, ...]
    total_label: str
    total: str


@dataclass(frozen=True, slots=True)
class StatementTable:
    """Brought forward, every line, and the balance."""

    from_on: str
    brought_forward: str
    groups: tuple[StatementGroup, ...]
    balance_label: str
    balance: str
    kind: str = "statement"


@dataclass(frozen=True, slots=True)
class HeadRow:
    """What one kind of cost came to in a year; figures are written out, empty where there is nothing to say."""

    text: str
    charged: str
    credited: str
    tax: str
    amount: str


@dataclass(frozen=True, slots=True)
class HeadsTable:
    """A year by kind of cost, and what it comes to."""

    rows: tuple[HeadRow, ...]
    total: HeadRow
    kind: str = "heads"


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One overdue item."""

    text: str
    due_on: str
    days: str
    amount: str


@dataclass(frozen=True, slots=True)
class ItemsTable:
    """What is overdue."""

    rows: tuple[ItemRow, ...]
    total_label: str
    total: str
    kind: str = "items"


@dataclass(frozen=True, slots=True)
class InstalmentRow:
    """One instalment of a plan."""

    number: str
    due_on: str
    amount: str


@dataclass(frozen=True, slots=True)
class ScheduleTable:
    """What is due of a plan when."""

    rows: tuple[InstalmentRow, ...]
    total_label: str
    total: str
    kind: str = "schedule"


Block = Text | Heading | Points | Small | Pay | Advice | StatementTable | HeadsTable | ItemsTable | ScheduleTable


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom the letter is for, as the envelope's window shows it."""

    name: str
    address_lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A whole letter to one recipient."""

    template: str
    template_version: str
    title: str
    subject: str
    preview: str
    letterhead: Letterhead
    recipient: Addressee
    account_ref: str
    dated_on: str
    headline: Headline | None
    facts: tuple[Fact, ...]
    blocks: tuple[Block, ...]
    alternative_formats: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What a template adds to the common parts of a letter: its facts, its figure, its tables, its conditions."""

    title_facts: tuple[Fact, ...]
    headline: Headline | None
    tables: Mapping[str, Callable[[], Block]] = field(default_factory=dict)
    holds: frozenset[str] = frozenset()

    def with_note(self, note: str) -> "Subject":
        """Return it with other words beneath its figure, if it has one."""
        return self if self.headline is None else replace(self, headline=replace(self.headline, note=note))
