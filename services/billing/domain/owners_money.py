"""Money that is the owners' own: what was asked for it, what of that is paid and so held, and what a fund spent."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from services.billing.domain.allocation import Rules
from services.billing.domain.chart import BANK, RESERVE_FUNDS
from services.billing.domain.facts import FactKind
from services.billing.domain.items import NEXT, StatementHead
from services.billing.domain.lines import Line
from services.billing.domain.position import position
from services.billing.domain.postings import Posting
from shared.events.housing import ChargeKind
from shared.money import as_pounds


class Kept(NamedTuple):
    """Pence of one kind: asked for (less credits), paid of it, and given up; the rest is unpaid."""

    asked_pence: int = 0
    held_pence: int = 0
    written_off_pence: int = 0

    @property
    def unpaid_pence(self) -> int:
        """What was asked for and neither paid nor given up."""
        return self.asked_pence - self.held_pence - self.written_off_pence


def kept(
    lines: Sequence[Line], statements: Sequence[StatementHead], kind: ChargeKind, day: date, rules: Rules,
    *, ahead: bool = True,
) -> Kept:  # fmt: skip
    """Return what an account has paid of a kind: held is what its allocation sets against charges of that kind.

    Money that is there ``ahead`` of the statement is held as it would be if all were billed: the owner has paid it.
    Without, only what was billed counts: what a statement to come may still set against something else is not spent.
    """
    own = [line for line in lines if line.charge_kind is kind]
    paid = paid_of(lines, statements, day, rules, ahead=ahead)
    held = sum(paid.get(charge_id, 0) for charge_id in {line.charge_id or "" for line in own})
    given_up = -sum(line.amount_pence for line in own if line.kind is FactKind.WRITE_OFF)
    return Kept(sum(line.amount_pence for line in own) + given_up, held, given_up)


def paid_of(
    lines: Sequence[Line], statements: Sequence[StatementHead], day: date, rules: Rules, *, ahead: bool = True
) -> dict[str, int]:
    """Return what an account's allocation sets against each charge; ``ahead``: as it would be if all were billed."""
    paid: dict[str, int] = {}
    for one in position(lines, [*statements, NEXT] if ahead else statements, day, rules).allocated:
        paid[one.charge_id] = paid.get(one.charge_id, 0) + one.pence
    return paid


def together(parts: Iterable[Kept]) -> Kept:
    """Return the sums of several accounts."""
    columns = list(zip(*parts, strict=True))
    return Kept(*map(sum, columns)) if columns else Kept()


def fund_of(development_id: str, block_id: str | None) -> str:
    """Return the fund that a unit pays into: its block's, else its development's."""
    return block_id or development_id


def refuse_spending(amount_pence: int, held_pence: int, spent_pence: int) -> str | None:
    """Return why a fund may not spend (or, negative, take back) so much; None: it may.

    It spends what owners have paid of what they were billed, never what they still owe; and no more comes back than was
    spent.
    """
    left = held_pence - spent_pence
    if amount_pence > 0 and amount_pence > left:
        asked = as_pounds(amount_pence)
        return f"{as_pounds(left)} of the fund is paid in, billed and not spent; {asked} is asked."
    if amount_pence < -spent_pence:
        return f"{as_pounds(spent_pence)} was spent; {as_pounds(-amount_pence)} cannot come back."
    return None


def spending_postings(spending_id: str, amount_pence: int, on: date) -> tuple[Posting, ...]:
    """Return the postings of a spending: the fund owes the owners less, and the bank has less."""
    return tuple(
        Posting(ledger, None, pence, 0, on, FactKind.FUND_SPENDING, spending_id)
        for ledger, pence in ((RESERVE_FUNDS, amount_pence), (BANK, -amount_pence))
    )
