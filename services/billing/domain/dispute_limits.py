"""How much of a charge its owner may dispute, and in which words more than that is refused."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.billing.domain.allocation import Rules
from services.billing.domain.disputes import Dispute, credited_of
from services.billing.domain.items import StatementHead
from services.billing.domain.lines import Line
from services.billing.domain.position import position
from shared.money import as_pounds


@dataclass(frozen=True, slots=True)
class Limit:
    """What of a charge is billed, open and not disputed, and the most that may be disputed from a day on, in pence.

    Money that came since that day and settled the charge is set free by the dispute, so the second may be more.
    ``credited_pence`` is what is credited of the charge by now.
    """

    open_pence: int
    most_pence: int
    credited_pence: int


def limit_of(
    lines: Sequence[Line], statements: Sequence[StatementHead], book: date, rules: Rules, charge_id: str, since: date
) -> Limit:
    """Return how much of an account's charge may be disputed from the day ``since`` on, in the book ``book``."""
    billed = sum(line.amount_pence for line in lines if line.charge_id == charge_id and line.amount_pence > 0)
    whole = Dispute("", charge_id, max(billed, 1), since, book)
    credited = credited_of(lines, [whole])[charge_id]
    ringed_whole = replace(rules, disputes=(*rules.disputes, replace(whole, credited_pence=credited)))
    now, then = (
        [one for one in position(lines, statements, book, known).items if one.item.charge_id == charge_id]
        for known in (rules, ringed_whole)
    )
    already = sum(one.disputed_pence for one in now)
    opened = sum(one.open_pence for one in now)
    return Limit(opened - already, sum(one.disputed_pence for one in then) - already, credited)


def refuse_dispute(asked_pence: int, limit: Limit, charge_id: str, account_ref: str, since: date) -> str | None:
    """Return why an owner may not dispute so much of a charge; None: they may.  0: all that is open was asked."""
    if 0 < asked_pence <= limit.most_pence:
        return None
    if not limit.most_pence:
        return f"Nothing of {charge_id} on {account_ref} was billed, open and not disputed on {since} or later."
    if not asked_pence:
        return (
            f"{charge_id} on {account_ref} is paid; of what was paid since {since},"
            f" up to {as_pounds(limit.most_pence)} may be disputed: name the sum."
        )
    return f"At most {as_pounds(limit.most_pence)} of {charge_id} on {account_ref} may be disputed from {since} on."
