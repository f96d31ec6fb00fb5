"""Whose float is asked, and when it goes back; what a reserve fund may spend."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain import refs
from services.billing.domain.attribution import Account
from services.billing.domain.facts import FactKind
from services.billing.domain.final_accounts import timetable
from services.billing.domain.floats import (
    PREFIX,
    Asking,
    FloatState,
    FloatTerms,
    Managed,
    Newcomer,
    Step,
    again,
    credit_id,
    first_asked,
    step,
    terms_on,
)
from services.billing.domain.owners_money import Kept, kept, refuse_spending, spending_postings, together
from services.billing.domain.scopes import Place, Scope
from services.billing.settings import read_statement_policies
from shared.events.housing import ChargeKind
from tests.unit.billing.builders import a_statement, charge_line, day, payment_line, shipped

PLACE = Place("U1", "B1", "D1")
COMES = day("2026-03-01")
POLICIES = read_statement_policies()
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


def terms(scope: Scope, scope_id: str, pence: int, since: str = "2026-01-01", version: int = 1) -> FloatTerms:
    return FloatTerms(scope, scope_id, version, day(since), pence)


def owner(chain: str = "A", come: date | None = COMES, left: date | None = None) -> Account:
    names = refs.account_id("U1", chain), refs.account_ref("U1", chain)
    return Account(*names, "U1", chain, False, come, left)


def standing(charge_id: str, holder: Account | None, left: int = 150_00, returned: int = 0) -> FloatState:
    owner_ref = charge_id.split(":")[1] if charge_id.startswith(PREFIX) else None
    return FloatState(charge_id, owner_ref, "U1", holder.account_ref if holder else None, left, returned)


def stepped(one: FloatState, *owners: Account, on: date, made: Any = (), managed: str = "2020-01-01") -> Step:
    accounts = {account.account_ref: account for account in owners}
    return step([one], accounts, {"U1": Managed(day(managed))}, made, POLICIES, on)


def test_the_narrowest_scope_says_what_is_asked_and_its_last_version() -> None:
    asked = [
        terms(Scope.DEVELOPMENT, "D1", 100_00), terms(Scope.BLOCK, "B1", 150_00), terms(Scope.BLOCK, "B2", 1),
        terms(Scope.BLOCK, "B1", 200_00, "2026-02-01", 2), terms(Scope.BLOCK, "B1", 210_00, "2026-02-01", 3),
        terms(Scope.BLOCK, "B1", 300_00, "2026-03-02", 4),
    ]  # fmt: skip
    found = terms_on(asked, PLACE, COMES)
    assert found is not None
    assert found.amount_pence == 210_00
    assert terms_on(asked, Place("U9", None, "D1"), COMES) == asked[0]
    assert terms_on(asked, PLACE, day("2025-12-31")) is None


@pytest.mark.parametrize(
    ("pence", "on", "asked"),
    [(150_00, "2026-03-01", True), (150_00, "2026-02-28", False), (0, "2026-03-01", False)],
)
def test_an_owner_is_asked_on_the_day_they_come_and_not_for_nothing(pence: int, on: str, asked: bool) -> None:
    one = Newcomer(owner(), PLACE, COMES)
    found = first_asked([one], [terms(Scope.BLOCK, "B1", pence)], POLICIES, day(on))
    name = f"{PREFIX}{one.account.account_ref}"
    assert found == ((Asking(name, "U1", COMES, 150_00),) if asked else ())


def test_who_has_left_and_is_accounted_for_is_not_asked_any_more() -> None:
    one = Newcomer(owner(left=day("2026-04-01")), PLACE, COMES)
    due = timetable(day("2026-04-01"), POLICIES).due_on
    asked = [terms(Scope.BLOCK, "B1", 1)]
    assert first_asked([one], asked, POLICIES, due - timedelta(days=1))
    assert first_asked([one], asked, POLICIES, due) == ()


@pytest.mark.parametrize("name", ["HOUSING-7", f"{PREFIX}{owner().account_ref}"])
def test_a_float_goes_back_with_the_final_account_and_never_before(name: str) -> None:
    leaver = owner(left=day("2026-04-15"))
    due = timetable(day("2026-04-15"), POLICIES).due_on
    assert stepped(standing(name, leaver), leaver, on=due - timedelta(days=1)) == Step((), ())
    assert stepped(standing(name, leaver), leaver, on=due) == Step((), (name,))
    assert stepped(standing(name, leaver, 0, 150_00), leaver, on=due + timedelta(days=1)) == Step((), ())


def test_a_float_that_a_corrected_line_puts_on_somebody_else_goes_back_at_once_and_is_asked_of_its_owner() -> None:
    seller, buyer = owner("A", left=day("2026-05-01")), owner("B", come=day("2026-05-01"))
    own = f"{PREFIX}{buyer.account_ref}"
    found = stepped(standing(own, seller), seller, buyer, on=day("2026-05-02"))
    assert found == Step((Asking(again(buyer.account_ref, own), "U1", day("2026-05-01"), 150_00),), (own,))
    void = owner("B", come=None)
    assert stepped(standing(own, seller), owner("A"), void, on=day("2026-05-02")) == Step((), (own,))
    later = standing(own, None), buyer
    assert stepped(*later, on=day("2026-05-06"), managed="2026-05-07") == Step((), (own,))
    assert [one.first_on for one in stepped(*later, on=day("2026-05-07"), managed="2026-05-07").asked] == [
        day("2026-05-07")
    ]


def test_who_stays_after_all_is_asked_again_once_for_what_went_back() -> None:
    stays, gone = owner(), standing("HOUSING-7", owner(), 0, 150_00)
    name = again(stays.account_ref, "HOUSING-7")
    assert stepped(gone, stays, on=COMES) == Step((Asking(name, "U1", COMES, 150_00),), ())
    assert stepped(gone, stays, on=COMES, made={name}) == Step((), ())


@given(st.lists(st.tuples(DAYS, st.none() | DAYS), max_size=6), DAYS, st.integers(0, 200_00))
def test_any_exits_moved_and_cancelled_end_in_one_float_or_none(
    lines: list[tuple[date, date | None]], last: date, pence: int
) -> None:
    """Each day an owner's exit may change; what stands is the float while they stay, nothing once accounted for."""
    exits = sorted(lines, key=lambda pair: pair[0])
    charges: dict[str, list[int]] = {"HOUSING-7": [pence, 0]}
    account = owner(come=date(2025, 1, 1))
    for on, left in [*exits, (max([last, *(on for on, _ in exits)]), None)]:
        account = owner(come=date(2025, 1, 1), left=left)
        for _ in range(2):
            rows = [standing(name, account, *sums) for name, sums in charges.items()]
            found = step(rows, {account.account_ref: account}, {"U1": Managed(date(2020, 1, 1))}, charges, POLICIES, on)
            for name in found.back:
                charges[name] = [0, charges[name][0]]
            charges |= {one.charge_id: [one.amount_pence, 0] for one in found.asked}
        left_pence = sum(left_pence for left_pence, _ in charges.values())
        gone = left is not None and timetable(left, POLICIES).due_on <= on
        assert left_pence == (0 if gone else pence)
    assert len({credit_id(name) for name in charges}) == len(charges)


@given(st.lists(st.tuples(st.none() | DAYS, st.none() | DAYS), min_size=1, max_size=6))
def test_a_float_that_no_day_can_carry_goes_back_and_is_not_asked_again(
    ends: list[tuple[date | None, date | None]],
) -> None:
    """The end of management and the exit move about; a charge of a day that is not managed or not the owner's waits."""
    come = date(2026, 3, 1)
    name = f"{PREFIX}{owner().account_ref}"
    charges: dict[str, tuple[date, int, int]] = {name: (come, 150_00, 0)}
    for managed_to, left in ends:
        account, managed = owner(come=come, left=left), Managed(date(2020, 1, 1), managed_to)
        asked = []
        for _ in range(4):
            rows = [
                standing(one, account if _carries(first_on, account, managed) else None, *sums)
                for one, (first_on, *sums) in charges.items()
            ]
            found = step(rows, {account.account_ref: account}, {"U1": managed}, charges, POLICIES, date(2030, 1, 1))
            for one in found.back:
                charges[one] = (charges[one][0], 0, charges[one][1])
            charges |= {one.charge_id: (one.first_on, one.amount_pence, 0) for one in found.asked}
            asked.append(len(found.asked))
        assert sum(asked) <= 1
        carried = _carries(come, account, managed) and left is None
        assert sum(left_pence for _, left_pence, _ in charges.values()) == (150_00 if carried else 0)


def _carries(on: date, account: Account, managed: Managed) -> bool:
    return (managed.to_on is None or on <= managed.to_on) and (account.to_on is None or on < account.to_on)


def test_a_fund_that_overspent_takes_money_back() -> None:
    assert refuse_spending(-10_00, 50_00, 100_00) is None
    assert refuse_spending(1, 50_00, 100_00) is not None


def test_only_what_is_paid_is_held() -> None:
    heads = [a_statement("2026-04-01", "2026-04-29")]
    lines = [
        charge_line(150_00, "F", on="2026-03-01", charge_kind=ChargeKind.FLOAT),
        charge_line(60_00, "A-roof", on="2026-03-01"), payment_line(100_00, on="2026-04-02"),
    ]  # fmt: skip
    asked = day("2026-05-01"), shipped()
    assert kept(lines, heads, ChargeKind.FLOAT, *asked) == Kept(150_00, 40_00)
    assert kept(lines, heads, ChargeKind.FLOAT, *asked).unpaid_pence == 110_00
    assert kept(lines, heads, ChargeKind.RESERVE_FUND, *asked) == Kept()
    assert together([Kept(3, 2, 1), Kept(10, 0, 0)]) == Kept(13, 2, 1)


@pytest.mark.parametrize(
    ("asked", "refused"), [(70_00, None), (70_01, "paid in"), (-30_00, None), (-30_01, "cannot come back")]
)
def test_a_fund_spends_what_is_paid_in_and_takes_back_what_was_spent(asked: int, refused: str | None) -> None:
    found = refuse_spending(asked, 100_00, 30_00)
    assert found is None if refused is None else refused in (found or "")


@given(st.integers(-(10**9), 10**9))
def test_a_spending_balances(pence: int) -> None:
    posted = spending_postings("FS-1", pence, COMES)
    assert sum(one.amount_pence for one in posted) == 0
    assert {one.kind for one in posted} == {FactKind.FUND_SPENDING}
