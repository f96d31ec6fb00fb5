"""Builders for the rules of notices: an account in debt, its notices, and a day's look at them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from services.arrears.domain.account import Account, Hold, Item, Rung
from services.arrears.domain.notice_candidates import Case
from services.arrears.domain.notice_days import Look, look
from services.arrears.domain.notices import Notice
from services.arrears.settings import read_ladder_policies, read_notice_policies
from shared.events.arrears import HoldKind, NoticeForm, NoticeState
from shared.events.housing import ChargeKind

POLICY = read_notice_policies()[0]
LADDER = read_ladder_policies()[0]
REF = "F0000000001Z"
DUE = date(2026, 1, 29)
RIPE = DUE + timedelta(days=90)
"""The first day on which the oldest item is old enough."""
REMINDED = Rung(cycle=1, stage=2, stage_on=date(2026, 2, 19), letter_on=date(2026, 2, 19))


def item(pence: int = 250_00, charge: str = "C1", due_on: date = DUE, disputed: int = 0) -> Item:
    return Item(charge, due_on - timedelta(days=28), due_on, pence, disputed)


def case(*items: Item, kinds: Mapping[str, ChargeKind] | None = None, **more: Any) -> Case:
    """An owner reminded twice who owes a repair of £250.00, due on 29 January; ``more``: fields of case or account."""
    kept = items or (item(),)
    account = Account("A1", REF, False, sum(one.open_pence for one in kept), kept, rung=REMINDED)
    known = {one.charge_id: ChargeKind.REPAIR for one in kept} if kinds is None else kinds
    own = {name: more.pop(name) for name in ("entry_on", "resale_on", "notices", "written_off_pence") if name in more}
    return Case(replace(account, **more), known, **own)


def held(*kinds: HoldKind, charge: str | None = None) -> tuple[Hold, ...]:
    return tuple(Hold(kind, DUE, charge) for kind in kinds)


def registered(on: date, **more: Any) -> Notice:
    """A notice registered on a day."""
    notice = Notice(
        f"N-{REF}-1", "A1", NoticeState.REGISTERED, 1, on, POLICY.version, "", form=NoticeForm.TENEMENTS,
        title_number="GLA1", headings=("Repairs",), saw_debt=True, registered_on=on,
        last_on=POLICY.last_day(on), reference="R-1",
    )  # fmt: skip
    return replace(notice, **more)


def on(day: date, one: Case) -> Look:
    return look(one, POLICY, LADDER, day)


def after(one: Case, seen: Look) -> Case:
    """The case as the day left it."""
    known = {notice.notice_id: notice for notice in one.notices}
    return replace(one, notices=tuple((known | {it.notice.notice_id: it.notice for it in seen.changes}).values()))


def told(seen: Look) -> list[str]:
    """What is said of a day's look."""
    return [str(one.change) for one in seen.changes if one.change is not None]
