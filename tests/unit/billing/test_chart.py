"""The chart of accounts names every account that something posts to."""

from pathlib import Path

import pytest

from services.billing.domain import charges
from services.billing.domain.chart import BY_CODE, CHART, OPENING, AccountType, income_ledger
from services.billing.domain.postings import charge_postings
from shared.events.housing import ChargeKind
from tests.architecture.source import ROOT
from tests.unit.billing.builders import a_charge, a_unit, units_of


@pytest.mark.parametrize("kind", ChargeKind)
def test_every_kind_of_charge_is_posted_to_accounts_of_the_chart(kind: ChargeKind) -> None:
    charge = a_charge(net=100_00, tax=20_00, kind=kind)
    changes = charges.difference((), charges.target(charge, (), None, units_of(a_unit("U1"))))
    assert {posting.ledger for posting in charge_postings(charge, (), changes)} <= set(BY_CODE)


def test_a_balance_taken_over_is_nobodys_income() -> None:
    assert income_ledger(ChargeKind.OPENING_BALANCE) == OPENING
    assert BY_CODE[OPENING].type is AccountType.EQUITY


@pytest.mark.parametrize("kind", [ChargeKind.FLOAT, ChargeKind.RESERVE_FUND])
def test_owners_own_money_is_owed_to_them(kind: ChargeKind) -> None:
    assert BY_CODE[income_ledger(kind)].type is AccountType.LIABILITY


def test_codes_are_told_once_and_listed_for_people() -> None:
    page = Path(ROOT / "services" / "billing" / "README.md").read_text(encoding="utf-8")
    assert len(BY_CODE) == len(CHART)
    assert [account.code for account in CHART if f"`{account.code}`" not in page] == []
