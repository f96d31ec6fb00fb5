"""Whose days a cost is: the shipped policy, dated versions of it, and sales within a quarter."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.billing.domain import charges
from services.billing.domain.liability import KindRule, OwedOn, asked, owed, owed_as_kept
from services.billing.settings import SHIPPED_LIABILITY, read_liability_policies
from shared.dated import in_force
from shared.events.housing import ChargeKind, ChargeRaised
from tests.unit.billing.builders import a_charge, a_unit, account, amounts, day, units_of

(SHIPPED,) = read_liability_policies()
BY_COMPLETION = replace(
    SHIPPED,
    version="by-completion",
    effective_from=date(2027, 1, 1),
    kinds={**SHIPPED.kinds, ChargeKind.REPAIR: KindRule(False, (OwedOn.COMPLETED, OwedOn.RAISED))},
)
BY_DECISION = replace(
    SHIPPED,
    version="by-decision",
    kinds={
        **SHIPPED.kinds,
        ChargeKind.REPAIR: KindRule(True, (OwedOn.DECIDED, *SHIPPED.kinds[ChargeKind.REPAIR].owed_on)),
    },
)


def raised(raised_on: str, kind: str = "repair", **facts: Any) -> ChargeRaised:
    given_ = {
        "charge_id": "C1", "kind": kind, "unit_id": "U1", "amount_pence": 100_00, "description": "Roof",
        "raised_on": raised_on, **facts,
    }  # fmt: skip
    return ChargeRaised.model_validate(given_, strict=False)


DAYS = {"instructed_on": "2026-01-01", "completed_on": "2026-02-01", "invoiced_on": "2026-03-01"}


@pytest.mark.parametrize("kind", ChargeKind)
def test_the_shipped_policy_takes_instructed_completed_invoiced_raised_for_every_kind(kind: ChargeKind) -> None:
    given_, found = dict(DAYS), []
    for name in [*DAYS, "raised_on"]:
        found.append((owed(raised("2026-04-01", kind, **given_), (SHIPPED,)).decided_by, name))
        given_.pop(name, None)
    assert all(decided == name for decided, name in found)


@pytest.mark.parametrize("kind", [kind for kind in ChargeKind if kind is not ChargeKind.FLOAT])
def test_a_cost_with_a_period_accrues_day_by_day(kind: ChargeKind) -> None:
    days = owed(raised("2026-04-01", kind, **DAYS, period={"from": "2026-01-01", "to": "2026-03-31"}), (SHIPPED,))
    assert (days.first_on, days.last_on, days.decided_by) == (day("2026-01-01"), day("2026-03-31"), "period")


def test_a_float_is_never_shared_between_owners() -> None:
    days = owed(raised("2026-04-01", "float", period={"from": "2026-01-01", "to": "2026-03-31"}), (SHIPPED,))
    assert (days.first_on, days.last_on) == (day("2026-04-01"), day("2026-04-01"))


@pytest.mark.parametrize(
    ("raised_on", "version", "liable_on"),
    [("2026-12-31", SHIPPED.version, "2026-01-01"), ("2027-01-01", "by-completion", "2026-02-01")],
)
def test_the_version_in_force_on_the_day_raised_decides(raised_on: str, version: str, liable_on: str) -> None:
    days = owed(raised(raised_on, **DAYS), (BY_COMPLETION, SHIPPED))
    assert (days.version, days.first_on) == (version, day(liable_on))


def test_a_kind_that_does_not_accrue_is_owed_on_one_day_whatever_its_period() -> None:
    data = raised("2027-02-01", period={"from": "2027-01-01", "to": "2027-01-31"})
    assert owed(data, (SHIPPED, BY_COMPLETION)).decided_by == "raised_on"


@given(st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.sampled_from(sorted(DAYS)))
def test_a_rebuild_under_a_later_version_decides_old_charges_the_same(raised_on: date, name: str) -> None:
    data = raised(raised_on.isoformat(), **{name: DAYS[name]})
    assert charges.charge_of(data, (SHIPPED, BY_COMPLETION)) == charges.charge_of(data, (SHIPPED,))


SOME_DAYS = st.dictionaries(st.sampled_from(["decided_on", *DAYS]), st.dates(date(2025, 1, 1), date(2026, 12, 31)))
"""Any of the days that a charge may come with, in any order of the calendar."""


@given(SOME_DAYS)
def test_a_policy_of_decided_takes_that_day_and_without_it_the_next_of_its_rule(days: dict[str, Any]) -> None:
    found = owed(raised("2027-01-01", **days), (BY_DECISION,))
    name = next((name for name in ["decided_on", *DAYS] if name in days), "raised_on")
    liable_on = days.get(name, date(2027, 1, 1))
    assert found == (liable_on, liable_on, name, "by-decision")


@given(SOME_DAYS, st.sampled_from(ChargeKind))
def test_the_day_decided_changes_nothing_under_a_rule_that_does_not_ask_for_it(
    days: dict[str, Any], kind: ChargeKind
) -> None:
    without = {name: given_ for name, given_ in days.items() if name != "decided_on"}
    told = charges.charge_of(raised("2027-01-01", kind, **days), (SHIPPED,))
    assert told == charges.charge_of(raised("2027-01-01", kind, **without), (SHIPPED,))


@given(SOME_DAYS)
def test_a_cost_of_a_kind_that_accrues_does_so_whoever_decided_it(days: dict[str, Any]) -> None:
    found = owed(raised("2027-01-01", **days, period={"from": "2026-01-01", "to": "2026-03-31"}), (BY_DECISION,))
    assert (found.first_on, found.last_on, found.decided_by) == (day("2026-01-01"), day("2026-03-31"), "period")


SOME_PERIOD = st.none() | st.tuples(st.dates(date(2025, 1, 1), date(2026, 12, 31)), st.sampled_from((0, 1, 90)))


@given(SOME_DAYS, SOME_PERIOD)
def test_what_decided_a_charge_is_told_from_what_is_kept_of_it(
    days: dict[str, Any], period: tuple[date, int] | None
) -> None:
    """A period of one day that would be the day without it, too, may be told by that day's name."""
    first_on, more = period or (None, 0)
    over: dict[str, Any] = {"period": {"from": first_on, "to": first_on + timedelta(days=more)}} if first_on else {}
    data = raised("2026-06-01", **days, **over)
    kept = {str(name): getattr(data, name) for name in OwedOn}
    told = owed_as_kept(charges.charge_of(data, (SHIPPED,)), kept, (SHIPPED,))
    assert told in (owed(data, (SHIPPED,)), owed(raised("2026-06-01", **days), (SHIPPED,)))


@given(st.integers(-3, 3), st.booleans())
def test_who_owned_on_the_day_decided_pays_work_that_was_instructed_after_the_sale(away: int, asked: bool) -> None:
    entry, later = date(2026, 2, 10), date(2026, 2, 20)
    sold = units_of(a_unit("U1", ("SELLER", "2020-01-01", str(entry)), ("BUYER", str(entry))))
    data = raised("2026-04-01", decided_on=entry + timedelta(days=away), instructed_on=later)
    charge = charges.charge_of(data, (BY_DECISION if asked else SHIPPED,))
    payer = "SELLER" if asked and away < 0 else "BUYER"
    assert amounts(charges.target(charge, (), None, sold)) == {account("U1", payer): 100_00}


@given(st.permutations([*OwedOn][:-1]), st.integers(0, 3), SOME_DAYS)
def test_the_day_that_a_rule_asks_for_first_decides_whatever_else_is_given(
    order: list[OwedOn], count: int, days: dict[str, Any]
) -> None:
    rule = KindRule(True, (*order[: count + 1], OwedOn.RAISED))
    policies = (replace(SHIPPED, kinds={**SHIPPED.kinds, ChargeKind.REPAIR: rule}),)
    liable_on = date(2024, 2, 29)
    days[asked(ChargeKind.REPAIR, date(2027, 1, 1), policies)] = liable_on
    assert owed(raised("2027-01-01", **days), policies)[:2] == (liable_on, liable_on)


def test_a_policy_file_may_ask_for_the_day_decided(tmp_path: Path) -> None:
    versions = json.loads(SHIPPED_LIABILITY.read_text())
    versions[0]["kinds"]["repair"] = {"accrues": False, "owed_on": ["decided_on", "raised_on"]}
    path = tmp_path / "liability.json"
    path.write_text(json.dumps(versions))
    (policy,) = read_liability_policies(path)
    assert policy.kinds[ChargeKind.REPAIR] == KindRule(False, (OwedOn.DECIDED, OwedOn.RAISED))


def test_the_shipped_policy_is_in_force_for_every_day() -> None:
    assert in_force(read_liability_policies(), date.min).version == SHIPPED.version


@pytest.mark.parametrize("rule", [{"accrues": True}, {"accrues": True, "owed_on": ["paid_on"]}])
def test_a_wrong_rule_stops_the_process(tmp_path: Path, rule: dict[str, object]) -> None:
    versions = json.loads(SHIPPED_LIABILITY.read_text())
    versions[0]["kinds"]["lift"] = rule
    path = tmp_path / "liability.json"
    path.write_text(json.dumps(versions))
    with pytest.raises(ValidationError):
        read_liability_policies(path)


def test_a_policy_that_forgets_a_kind_stops_the_process(tmp_path: Path) -> None:
    versions = json.loads(SHIPPED_LIABILITY.read_text())
    del versions[0]["kinds"]["lift"]
    path = tmp_path / "liability.json"
    path.write_text(json.dumps(versions))
    with pytest.raises(AssertionError, match="every kind"):
        read_liability_policies(path)


def quarter(first: str, last: str, *entries: str) -> dict[str, int]:
    """What each owner of U1 owes of a pound for every day of a quarter, in pounds: their days."""
    starts = ["2020-01-01", *entries]
    stays = [(f"O{n}", start, *ends) for n, (start, *ends) in enumerate(zip(starts, entries, strict=False))]
    unit = a_unit("U1", *stays, (f"O{len(entries)}", starts[-1]))
    length = (day(last) - day(first)).days + 1
    owing = amounts(charges.target(a_charge(net=length * 100, on=first, to=last), (), None, units_of(unit)))
    return {name: owing.get(account("U1", name), 0) // 100 for name in (f"O{n}" for n in range(len(starts)))}


@pytest.mark.parametrize(("year", "days"), [(2026, 90), (2028, 91)])
def test_case_48_50_two_sales_in_one_quarter_are_three_periods_that_total_its_days(year: int, days: int) -> None:
    owing = quarter(f"{year}-01-01", f"{year}-03-31", f"{year}-02-01", f"{year}-03-01")
    assert owing == {"O0": 31, "O1": days - 62, "O2": 31}


def test_case_49_entry_on_the_first_day_leaves_the_seller_none() -> None:
    assert quarter("2026-01-01", "2026-03-31", "2026-01-01") == {"O0": 0, "O1": 90}


def test_case_49_entry_on_the_last_day_leaves_the_buyer_one() -> None:
    assert quarter("2026-01-01", "2026-03-31", "2026-03-31") == {"O0": 89, "O1": 1}


@given(
    st.integers(0, 10**9),
    st.lists(st.integers(1, 365), unique=True, max_size=6),
    st.sampled_from([date(2027, 1, 1), date(2028, 1, 1)]),
)
def test_any_sales_in_a_year_share_its_cost_whole(pence: int, sold: list[int], first: date) -> None:
    entries = [first + timedelta(days=count) for count in sorted(sold)]
    starts = [date(2020, 1, 1), *entries]
    stays = [(f"O{n}", str(a), str(b)) for n, (a, b) in enumerate(zip(starts, entries, strict=False))]
    unit = a_unit("U1", *stays, ("O-last", str(starts[-1])))
    last = first.replace(month=12, day=31)
    parts = charges.target(a_charge(net=pence, on=str(first), to=str(last)), (), None, units_of(unit))
    assert sum(part.net_pence for part in parts) == pence
