"""Settlement figures: the examples by hand, and that a sale supposed is worth what the same sale is once registered."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.db.schedules import Schedules, UnitRow
from services.billing.domain import charges, payments, postings, settlement_policy, settlements, write_offs
from services.billing.domain.attribution import Account, accounts_of, unit_with_line
from services.billing.domain.facts import Charge, Credit, FactKind, Payment, Unit
from services.billing.domain.instalments import Days
from services.billing.domain.lines import Line
from services.billing.domain.reliefs import WHOLE, Relief
from services.billing.domain.schedules import Terms
from services.billing.domain.scopes import Scope
from services.billing.domain.settlements import Figure, Group, Standing
from services.billing.domain.write_offs import WriteOff
from services.billing.settings import read_settlement_policies
from services.billing.usecases.instalments import coming
from shared.events.housing import ChargeKind, ChargeRaised, Tenure
from shared.events.owners import OwnershipLineChanged, OwnershipPeriod
from tests.unit.billing.builders import (
    MANAGED_FROM,
    a_charge,
    a_credit,
    a_dispute,
    a_payment,
    a_statement,
    account,
    charge_line,
    day,
    payment_line,
    shipped,
    units_of,
)
from tests.unit.billing.exact import accrued

SELLER = account("U1", "A")
TODAY = day("2026-02-10")
(POLICY,) = read_settlement_policies()


def a_line(*periods: tuple[str, str | date]) -> OwnershipLineChanged:
    """A line of ``(ownership_id, day of entry)``."""
    starts = [day(str(start)) for _, start in periods]
    rows = zip(periods, starts, [*starts[1:], None], strict=True)
    periods_ = tuple(OwnershipPeriod(ownership_id=name, from_=start, to=end) for (name, _), start, end in rows)
    return OwnershipLineChanged(unit_id="U1", version=1, line=periods_)


def a_unit_of(line: OwnershipLineChanged) -> dict[str, Unit]:
    return units_of(unit_with_line("U1", MANAGED_FROM, None, Tenure.OWNED, line))


OWNED = a_line(("Z", "2020-05-01"), ("A", "2025-06-01"))

Told = Sequence[tuple[Charge, Sequence[Credit]]]


def lines_on(
    told: Told, paid: Iterable[Payment], line: OwnershipLineChanged, since: OwnershipLineChanged | None = None
) -> list[Line]:
    """The seller's lines of charges, credits and payments under a line; ``since``: what it changes of another's."""
    units, before = a_unit_of(line), a_unit_of(since) if since is not None else None
    found: list[Line] = []
    for charge, own in told:
        was = charges.target(charge, own, None, before) if before is not None else ()
        changes = charges.difference(was, charges.target(charge, own, None, units))
        found += settlements.lines_of(postings.charge_postings(charge, own, changes), SELLER, TODAY, charge)
    for one in paid:
        was = payments.target(one, (), payments.place(one, {}, before)) if before is not None else ()
        changes = charges.difference(was, payments.target(one, (), payments.place(one, {}, units)))
        found += settlements.lines_of(postings.payment_postings(one, (), changes), SELLER, TODAY)
    return found if since is not None else [line._replace(book=line.value_on) for line in found]


def figure_of(told: Told, paid: Iterable[Payment], entry: str | date, *given_up: WriteOff, **facts: Any) -> Figure:
    """The figure of the present owner, asked on 10 February 2026."""
    sold = settlements.sold(OWNED, "A", day(str(entry)))
    known = list(paid)
    lines = lines_on(told, known, OWNED)
    lines += [
        Line(FactKind.WRITE_OFF, one.write_off_id, one.amount_pence, one.value_on, TODAY, one.charge_id)
        for one in write_offs.movements(lines, given_up)
    ]
    standing = Standing(lines, facts.get("issued", ()), shipped(*facts.get("disputes", ())), given_up)
    return settlements.figure(standing, lines_on(told, known, sold, OWNED), facts.get("coming", ()), TODAY)


def groups(figure: Figure) -> list[tuple[str, int]]:
    return [(row.group, row.amount_pence) for row in figure.rows]


FEE = a_charge("FEE", 35_00, 7_00, "2026-01-01", to="2026-03-31", kind=ChargeKind.MANAGEMENT_FEE)


def test_3_4_a_fee_of_the_quarter_is_the_sellers_to_the_day_before_the_entry() -> None:
    figure = figure_of([(FEE, ())], (), "2026-02-17")
    assert groups(figure) == [("not-billed", 42_00), ("after-entry", -20_06)]
    assert figure.total_pence == 18_28 + 3_66


def test_3_5_a_premium_of_the_year_is_the_sellers_for_138_days() -> None:
    premium = a_charge("INS", 525_00, 0, "2026-04-01", to="2027-03-31", kind=ChargeKind.INSURANCE)
    assert figure_of([(premium, ())], (), "2026-08-17").total_pence == 198_49


@pytest.mark.parametrize(("repair", "ends"), [(37_04, -28_52), (97_04, 31_48)])
def test_3_8_the_float_comes_off_and_the_rest_goes_back_or_is_payable(repair: int, ends: int) -> None:
    deposit = a_charge("FLOAT", 150_00, on="2026-01-02", kind=ChargeKind.FLOAT)
    owed = [(a_charge("OLD", 62_50 + 21_94 + repair, on="2026-01-05"), ())]
    money = [a_payment(150_00, on="2026-01-09", unit_id="U1", for_statement="F-2026-01-06")]
    issued = [a_statement("2026-01-06", "2026-02-03")]
    figure = figure_of([(deposit, ()), *owed], money, "2026-02-17", issued=issued)
    assert figure.total_pence == ends
    held = {row.group: row.amount_pence for row in figure.rows if row.charge_id == "FLOAT"}
    assert held == {Group.FLOAT_HELD: -150_00}


def test_9_56_a_float_that_was_never_paid_comes_off_what_is_owed_and_nothing_else() -> None:
    deposit = a_charge("FLOAT", 150_00, on="2026-01-02", kind=ChargeKind.FLOAT)
    figure = figure_of([(deposit, ())], [a_payment(60_00, on="2026-01-09", unit_id="U1")], "2026-02-17")
    assert groups(figure) == [
        ("not-billed", 150_00), ("credit", -60_00), ("float-held", -60_00), ("float-unpaid", -90_00),
    ]  # fmt: skip
    assert figure.total_pence == -60_00


def test_what_is_billed_is_told_by_its_due_day_and_what_is_disputed_apart() -> None:
    issued = [a_statement("2026-01-02", "2026-01-30"), a_statement("2026-02-01", "2026-03-01")]
    told = [(a_charge("OLD", 80_00, on="2026-01-01"), ()), (a_charge("NEW", 50_00, on="2026-01-20"), ())]
    figure = figure_of(told, (), "2026-02-17", issued=issued, disputes=[a_dispute(30_00, "OLD", "2026-02-02")])
    assert groups(figure) == [("overdue", 50_00), ("disputed", 30_00), ("due-later", 50_00)]
    assert (figure.total_pence, figure.disputed_pence) == (130_00, 30_00)


def test_of_a_disputed_cost_only_what_the_sale_leaves_is_disputed_in_the_total() -> None:
    issued = [a_statement("2026-02-01", "2026-03-01")]
    figure = figure_of([(FEE, ())], (), "2026-02-17", issued=issued, disputes=[a_dispute(42_00, "FEE", "2026-02-02")])
    assert (figure.total_pence, figure.disputed_pence) == (21_94, 21_94)


def test_works_and_money_from_the_entry_on_are_the_buyers() -> None:
    told = [
        (a_charge("MINE", 10_00, on="2026-02-16"), ()),
        (a_charge("THEIRS", 7_00, on="2026-02-17"), [a_credit(2_00, charge_id="THEIRS")]),
    ]
    money = [a_payment(1_00, "P1", "2026-02-16", unit_id="U1"), a_payment(4_00, "P2", "2026-02-17", unit_id="U1")]
    figure = figure_of(told, money, "2026-02-17")
    assert figure.total_pence == 10_00 - 1_00
    theirs = [row for row in figure.rows if row.group is Group.AFTER_ENTRY]
    assert [(row.charge_id or row.payment_id, row.amount_pence) for row in theirs] == [("THEIRS", -5_00), ("P2", 4_00)]


def test_what_was_given_up_is_paid_by_what_goes_back() -> None:
    deposit = a_charge("FLOAT", 150_00, on="2026-01-02", kind=ChargeKind.FLOAT)
    issued = [a_statement("2026-01-06", "2026-02-03")]
    money = [a_payment(150_00, on="2026-01-09", unit_id="U1", for_statement="F-2026-01-06")]
    lost = WriteOff("W1", SELLER, "OLD", 30_00, day("2026-02-01"))
    told = [(deposit, ()), (a_charge("OLD", 30_00, on="2026-01-07"), ())]
    figure = figure_of(told, money, "2026-02-17", lost, issued=issued)
    assert ("written-back", 30_00) in groups(figure)
    assert figure.total_pence == 30_00 - 150_00


def test_the_days_from_the_entry_on_are_somebodys_and_those_before_as_they_were() -> None:
    sold = settlements.sold(
        a_line(("Z", "2020-05-01"), ("A", "2025-06-01"), ("B", "2026-09-01")), "A", day("2026-05-16")
    )
    stays = a_unit_of(sold)["U1"].stays
    assert [(stay.from_on.isoformat(), str(stay.to_on)) for stay in stays] == [
        ("2020-05-01", "2025-06-01"), ("2025-06-01", "2026-05-16"), ("2026-05-16", "None"),
    ]  # fmt: skip
    assert [stay.account_id for stay in stays][:2] == [account("U1", "Z"), SELLER]


def the_account(line: OwnershipLineChanged, ownership_id: str = "A") -> Account:
    return next(one for one in accounts_of("U1", Tenure.OWNED, line) if one.ownership_id == ownership_id)


@pytest.mark.parametrize(
    ("entry", "until", "words"),
    [
        ("2025-06-01", "2026-02-10", "came on 2025-06-01"),
        ("2027-02-12", "2026-02-10", "2027-02-11 is the last day of entry"),
        ("2026-05-16", "2026-02-09", "that day has passed"),
    ],
)
def test_no_figure_is_given_where_it_would_mean_nothing(entry: str, until: str, words: str) -> None:
    told = settlements.refuse(the_account(OWNED), day(entry), day(until), TODAY, POLICY)
    assert told is not None
    assert words in told


def test_a_figure_is_given_for_the_next_day_and_for_a_year_ahead_and_holds_today_at_least() -> None:
    for entry in ("2025-06-02", "2026-02-10", "2027-02-11"):
        assert settlements.refuse(the_account(OWNED), day(entry), TODAY, TODAY, POLICY) is None


def test_who_has_not_come_yet_is_not_the_present_owner() -> None:
    coming_owner = the_account(a_line(("A", "2025-06-01"), ("B", "2026-02-11")), "B")
    assert settlements.refuse(coming_owner, day("2026-05-01"), TODAY, TODAY, POLICY) is not None


@pytest.mark.parametrize(("entry", "until"), [("2026-03-31", "2026-03-31"), ("2026-02-10", "2026-02-24")])
def test_a_figure_holds_until_the_entry_and_fourteen_days_when_that_has_come(entry: str, until: str) -> None:
    assert POLICY.valid_until(day(entry), TODAY) == day(until)


def test_a_policy_that_cannot_be_meant_is_refused() -> None:
    for wrong, words in (
        (replace(POLICY, effective_from=day("2026-01-01")), "from the first day on"),
        (replace(POLICY, valid_days=0), "holds for a day"),
        (replace(POLICY, most_days_ahead=0), "before the entry"),
    ):
        with pytest.raises(AssertionError, match=words):
            settlement_policy.check([wrong])
    with pytest.raises(AssertionError, match="name of its own"):
        settlement_policy.check([POLICY, replace(POLICY, effective_from=day("2026-01-01"))])


DAYS = st.integers(0, 400).map(lambda ahead: day("2025-06-02") + timedelta(days=ahead))
KINDS = st.sampled_from((ChargeKind.REPAIR, ChargeKind.CLEANING, ChargeKind.FLOAT, ChargeKind.RESERVE_FUND))
costs = st.lists(
    st.tuples(KINDS, st.integers(1, 9_999), st.integers(0, 999), DAYS, st.integers(0, 120), st.integers(0, 99)),
    max_size=6,
)
money = st.lists(st.tuples(st.integers(1, 9_999), DAYS), max_size=5)
given_up = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9_999), DAYS), max_size=3)
statements = st.sets(st.sampled_from([f"2025-{month}-01" for month in ("07", "10")] + ["2026-01-01"])).map(
    lambda firsts: [a_statement(first, str(day(first) + timedelta(days=28))) for first in sorted(firsts)]
)


def told_of(rows: list[tuple[ChargeKind, int, int, date, int, int]]) -> list[tuple[Charge, list[Credit]]]:
    """Charges over a day or more with a credit of some per cent; a float is of one day and without tax."""
    told = []
    for number, (kind, net, tax, first, length, percent) in enumerate(rows):
        is_float = kind is ChargeKind.FLOAT
        last = first if is_float else first + timedelta(days=length)
        charge = a_charge(f"C{number}", net, 0 if is_float else tax, str(first), to=str(last), kind=kind)
        pence = charge.gross_pence * percent // 100
        told.append((charge, [a_credit(pence, f"K{number}", f"C{number}")] if pence else []))
    return told


def sellers_part(charge: Charge, credits_: Iterable[Credit], entry: date) -> int:
    """What the seller bears of a charge, by the words of the contract alone."""
    days = [
        max(0, (min(charge.liable_to + timedelta(days=1), until) - max(charge.liable_from, since)).days)
        for since, until in ((date.min, day("2025-06-01")), (day("2025-06-01"), entry), (entry, date.max))
    ]
    owed = [(charge.net_pence, charge.tax_pence)]
    owed += [(-one.net_pence, -one.tax_pence) for one in charges.taken_by(charge, list(credits_))]
    return sum((1 if pence >= 0 else -1) * accrued(abs(pence), days)[1] for pair in owed for pence in pair)


@given(costs, money, given_up, DAYS, statements)
def test_the_total_is_what_is_the_sellers_less_what_they_paid_and_floats_count_for_nothing(
    rows: Any, paid: list[tuple[int, date]], ups: list[tuple[int, int, date]], entry: date, issued: Any
) -> None:
    """Owed by the contract's words; what is given up lowers it, unless money would be left over."""
    told = told_of(rows)
    offs = [WriteOff(f"W{n}", SELLER, f"C{of}", pence, on) for n, (of, pence, on) in enumerate(ups)]
    payments_ = [a_payment(pence, f"P{n}", str(on), unit_id="U1") for n, (pence, on) in enumerate(paid)]
    figure = figure_of(told, payments_, entry, *offs, issued=issued)
    owed = sum(sellers_part(charge, own, entry) for charge, own in told if charge.kind is not ChargeKind.FLOAT)
    plain = owed - sum(pence for pence, on in paid if on < entry)
    assert figure.total_pence <= plain
    assert figure.total_pence == plain if not offs or plain <= 0 else figure.total_pence >= 0


@given(costs, money, given_up, DAYS, statements)
def test_a_sale_supposed_is_worth_what_it_is_once_it_is_registered(
    rows: Any, paid: list[tuple[int, date]], ups: list[tuple[int, int, date]], entry: date, issued: Any
) -> None:
    """Asked of the real line, nothing is left to be changed by the sale, and the total is the same."""
    told = told_of(rows)
    offs = [WriteOff(f"W{n}", SELLER, f"C{of}", pence, on) for n, (of, pence, on) in enumerate(ups)]
    payments_ = [a_payment(pence, f"P{n}", str(on), unit_id="U1") for n, (pence, on) in enumerate(paid)]
    supposed = figure_of(told, payments_, entry, *offs, issued=issued)
    real = lines_on(told, payments_, a_line(("Z", "2020-05-01"), ("A", "2025-06-01"), ("B", entry)))
    real += [
        Line(FactKind.WRITE_OFF, one.write_off_id, one.amount_pence, one.value_on, TODAY, one.charge_id)
        for one in write_offs.movements(real, offs)
    ]
    registered = settlements.figure(Standing(real, issued, shipped(), offs), (), (), TODAY)
    assert supposed.total_pence == registered.total_pence
    assert supposed.disputed_pence == registered.disputed_pence == 0


U1 = UnitRow("U1", "B1", "D1", MANAGED_FROM, None, learnt=False)
prices = st.lists(
    st.tuples(st.integers(0, 50_000), st.sampled_from((1, 2, 4)), st.integers(1, 12)), min_size=1, max_size=3
)
letoff = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from((500, 2_500, WHOLE)), DAYS, st.integers(0, 200)), max_size=4
)


def schedules_of(rows: list[tuple[int, int, int]], off: list[tuple[int, int, date, int]]) -> Schedules:
    """Schedules of the unit's block, and what the unit is let off of them until a day."""
    terms = {
        f"S{n}": [
            Terms(f"S{n}", 1, ChargeKind.INSURANCE, Scope.BLOCK, "B1", date(2025, 6, 1), pence, parts, month, "Cover")
        ]
        for n, (pence, parts, month) in enumerate(rows)
    }
    reliefs: dict[tuple[str, str], list[Relief]] = {}
    for n, (of, points, since, length) in enumerate(off):
        until = since + timedelta(days=length)
        one = Relief(f"R{n}", f"S{of}", "U1", points, since, until, ended_on=until, ended_in=since)
        if one.schedule_id in terms:
            reliefs.setdefault((one.schedule_id, "U1"), []).append(one)
    return Schedules(terms, {}, reliefs, {})


def raised(known: Schedules, charged: list[ChargeRaised], first: date, last: date) -> list[ChargeRaised]:
    """What the days from ``first`` to ``last`` raise, one by one."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    own = [(one.charge_id, Days(one.period.from_, one.period.to)) for one in charged if one.period is not None]
    return list(coming(known, U1, MANAGED_FROM, own, first - timedelta(days=1), days))


@given(prices, letoff, DAYS, DAYS)
def test_asked_sooner_or_later_the_same_instalments_make_the_figure(
    rows: list[tuple[int, int, int]], off: list[tuple[int, int, date, int]], one: date, other: date
) -> None:
    """What is to come today is raised tomorrow: together they are the same on every day before the entry."""
    known, start = schedules_of(rows, off), date(2025, 6, 1)
    asked_on, entry = min(one, other), max(one, other)
    at_once = raised(known, [], start, entry - timedelta(days=1))
    before = raised(known, [], start, asked_on - timedelta(days=1))
    after = raised(known, before, asked_on, entry - timedelta(days=1))
    assert [*before, *after] == at_once
    assert len({one.charge_id for one in at_once}) == len(at_once)


def test_money_ahead_of_its_statement_is_credit_beside_what_is_not_billed() -> None:
    """As the account's page has it: each stands as a row of its own."""
    standing = Standing([charge_line(80_00), payment_line(100_00)], (), shipped(), ())
    figure = settlements.figure(standing, (), (), TODAY)
    assert groups(figure) == [("not-billed", 80_00), ("credit", -100_00)]


def test_what_every_figure_reserves_names_the_day_of_entry() -> None:
    assert "before 2026-05-16" in settlements.reservation(day("2026-05-16"))
