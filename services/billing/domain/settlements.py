"""What an owner would have to pay at settlement: what stands on the account, and what a sale would change of it.

The sale is supposed, never learnt: the rules that a registered one goes by say what it would do, so that the figure is
what the final account will say if nothing else happens.  Source: domain.md 8 points 1-3 and 5.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from services.billing.domain import floats, items, position, write_offs
from services.billing.domain.allocation import Rules
from services.billing.domain.attribution import Account
from services.billing.domain.chart import RECEIVABLE
from services.billing.domain.facts import Charge, FactKind
from services.billing.domain.items import StatementHead
from services.billing.domain.lines import Line, summed
from services.billing.domain.owners_money import paid_of
from services.billing.domain.position import Open
from services.billing.domain.postings import Posting
from services.billing.domain.settlement_policy import SettlementPolicy
from services.billing.domain.write_offs import WriteOff
from shared.events.housing import ChargeKind
from shared.events.owners import OwnershipLineChanged, OwnershipPeriod


class Group(StrEnum):
    """Why a row is on a settlement figure."""

    OVERDUE = "overdue"
    DUE_LATER = "due-later"
    DISPUTED = "disputed"
    NOT_BILLED = "not-billed"
    CREDIT = "credit"
    AFTER_ENTRY = "after-entry"
    """What is raised already and divided anew by the sale: days, works and money from the entry on are the buyer's."""
    TO_COME = "to-come"
    """An estimate: what schedules will raise until the day before the entry."""
    FLOAT_HELD = "float-held"
    FLOAT_UNPAID = "float-unpaid"
    WRITTEN_BACK = "written-back"
    """What was given up and is paid after all by what the owner gets back."""


class Row(NamedTuple):
    """Pence of one source, owed positive."""

    group: Group
    amount_pence: int
    charge_id: str | None = None
    payment_id: str | None = None
    statement_no: str | None = None
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """An account as it stands: everything posted to it, its statements, what its money goes by, what was given up."""

    lines: Sequence[Line]
    issued: Sequence[StatementHead]
    rules: Rules
    write_offs: Sequence[WriteOff]


@dataclass(frozen=True, slots=True)
class Figure:
    """A settlement figure: the rows make the total, of which so much is disputed; below nothing it is the owner's."""

    rows: tuple[Row, ...]
    disputed_pence: int

    @property
    def total_pence(self) -> int:
        """All rows together."""
        return sum(row.amount_pence for row in self.rows)


def refuse(account: Account, entry_on: date, valid_until: date, today: date, policy: SettlementPolicy) -> str | None:
    """Return why no figure can be given for an owner's account and a day of entry; None: it can."""
    if account.from_on is None or account.from_on > today:
        return f"{account.account_ref} is not the present owner's account."
    if entry_on <= account.from_on:
        return f"The owner of {account.account_ref} came on {account.from_on}: an entry comes after that day."
    furthest = today + timedelta(days=policy.most_days_ahead)
    if entry_on > furthest:
        return f"{entry_on} is too far ahead to say what fees will be: {furthest} is the last day of entry to ask for."
    if valid_until < today:
        return f"A figure cannot hold until {valid_until}: that day has passed."
    return None


def sold(line: OwnershipLineChanged, ownership_id: str, entry_on: date) -> OwnershipLineChanged:
    """Return an ownership line as it would be if the owner sold with entry on a day: somebody has the days from then.

    Who that is plays no part, so the days are given to the association: its account is never the seller's.
    """
    [own] = (period for period in line.line if period.ownership_id == ownership_id and not period.internal)
    before = (period for period in line.line if period.from_ < own.from_)
    somebody = OwnershipPeriod(from_=entry_on, internal=True)
    return line.model_copy(update={"line": (*before, own.model_copy(update={"to": entry_on}), somebody)})


def lines_of(postings: Iterable[Posting], account_id: str, book: date, charge: Charge | None = None) -> list[Line]:
    """Return what postings would put on an account in a book; ``charge`` is the one they are of, if of one."""
    kind, due_on = (charge.kind, charge.due_on) if charge is not None else (None, None)
    return [
        Line(
            one.kind, one.fact_id, one.amount_pence, one.value_on, book, one.charge_id, one.payment_id, one.tax_pence,
            kind, due_on,
        )
        for one in postings
        if one.ledger == RECEIVABLE and one.account_id == account_id
    ]  # fmt: skip


def reservation(entry_on: date) -> str:
    """Return what every figure reserves (domain.md 5, solicitor pack reply)."""
    return f"Contractors' bills for work instructed before {entry_on} may still follow; they are the seller's."


def figure(standing: Standing, moved: Sequence[Line], coming: Sequence[Line], day: date) -> Figure:
    """Return the figure of an account of which a sale moves some lines, and to which others are still to come.

    Overdue is counted to ``day``.  What is disputed is in the total: it is owed until a credit says otherwise.
    """
    sold_lines = [*standing.lines, *moved]
    back = _floats_back(sold_lines)
    paid = paid_of(sold_lines, standing.issued, day, standing.rules)
    rows = (
        *_standing_rows(standing, day),
        *_summed(Group.AFTER_ENTRY, moved),
        *_summed(Group.TO_COME, coming),
        *(row for line in back for row in _float_rows(line, paid)),
        *_written_back(standing, [*sold_lines, *coming, *back]),
    )
    disputed = position.position(sold_lines, standing.issued, day, standing.rules).disputed_pence
    return Figure(rows, disputed)


def _standing_rows(standing: Standing, day: date) -> list[Row]:
    """Return what stands on the account now; the rows make its balance."""
    now = position.position(standing.lines, standing.issued, day, standing.rules)
    rows = [row for one in now.items for row in _open_rows(one, day)]
    rows += [
        Row(Group.NOT_BILLED, item.amount_pence, item.charge_id)
        for item in items.not_billed(summed(standing.lines), standing.issued)
    ]
    if now.credit_pence:
        rows.append(Row(Group.CREDIT, -now.credit_pence))
    assert sum(row.amount_pence for row in rows) == now.balance_pence
    return rows


def _open_rows(one: Open, day: date) -> Iterable[Row]:
    group = Group.OVERDUE if one.item.due_on < day else Group.DUE_LATER
    for why, pence in ((group, one.open_pence - one.disputed_pence), (Group.DISPUTED, one.disputed_pence)):
        if pence:
            yield Row(why, pence, one.item.charge_id, None, one.item.statement_no, one.item.due_on)


def _summed(group: Group, lines: Iterable[Line]) -> Iterable[Row]:
    """Yield what lines of one charge, or one payment, come to together."""
    found: dict[tuple[str | None, str | None], int] = {}
    for line in lines:
        key = (line.charge_id, line.payment_id)
        found[key] = found.get(key, 0) + line.amount_pence
    yield from (Row(group, pence, *key) for key, pence in found.items() if pence)


def _floats_back(lines: Iterable[Line]) -> list[Line]:
    """Return the credits by which floats go back with the final account: each takes what is left of its charge."""
    own = [line for line in lines if line.charge_kind is ChargeKind.FLOAT and line.kind is not FactKind.WRITE_OFF]
    left: dict[str, int] = {}
    for line in own:
        left[line.charge_id or ""] = left.get(line.charge_id or "", 0) + line.amount_pence
    first = {line.charge_id or "": line for line in reversed(own)}
    return [
        first[charge_id]._replace(kind=FactKind.CREDIT, fact_id=floats.credit_id(charge_id), amount_pence=-pence)
        for charge_id, pence in left.items()
        if pence > 0
    ]


def _float_rows(line: Line, paid: Mapping[str, int]) -> Iterable[Row]:
    """Yield what of a float is held, and what was never paid: nobody gets that back, it is only no longer owed."""
    held = paid.get(line.charge_id or "", 0)
    for why, pence in ((Group.FLOAT_HELD, held), (Group.FLOAT_UNPAID, -line.amount_pence - held)):
        if pence:
            yield Row(why, -pence, line.charge_id)


def _written_back(standing: Standing, lines: Sequence[Line]) -> Iterable[Row]:
    """Yield what would stand less of each write-off than does now."""
    now: dict[str, int] = {}
    for movement in write_offs.posted(standing.lines):
        now[movement.write_off_id] = now.get(movement.write_off_id, 0) - movement.amount_pence
    then = write_offs.standing(lines, standing.write_offs)
    for one in standing.write_offs:
        pence = now.get(one.write_off_id, 0) - then.get(one.write_off_id, 0)
        if pence:
            yield Row(Group.WRITTEN_BACK, pence, one.charge_id)
