"""Dated data that cannot be meant stop the process before they decide anything."""

from dataclasses import replace
from datetime import date

import pytest

from services.billing.domain import allocation_policy, direct_debit_policy, liability, schedule_policy, write_off_policy
from services.billing.domain.schedules import KINDS
from services.billing.settings import (
    read_allocation_policies,
    read_direct_debit_policies,
    read_liability_policies,
    read_schedule_policy,
    read_write_off_policies,
)
from shared.auth import ROLES
from shared.events.housing import ChargeKind


def test_a_file_goes_out_after_owners_were_told() -> None:
    (shipped,) = read_direct_debit_policies()
    with pytest.raises(AssertionError, match="told before it is submitted"):
        direct_debit_policy.check([shipped, replace(shipped, submit_bank_days=shipped.notice_bank_days)])


def test_each_kind_that_schedules_raise_has_a_tax() -> None:
    shipped = read_schedule_policy()
    taxes = tuple(rate for rate in shipped.taxes if rate.kind is not ChargeKind.INSURANCE)
    with pytest.raises(AssertionError, match="no tax of insurance"):
        schedule_policy.check(replace(shipped, taxes=taxes), KINDS)


def test_only_roles_that_exist_write_off() -> None:
    shipped = read_write_off_policies()[0]
    with pytest.raises(AssertionError, match="roles that exist"):
        write_off_policy.check([shipped, replace(shipped, limits={"landlord": 100_00})], ROLES)


def test_each_rule_of_who_owes_ends_with_the_day_every_charge_has() -> None:
    (shipped,) = read_liability_policies()
    rule = liability.KindRule(accrues=False, owed_on=(liability.OwedOn.COMPLETED,))
    with pytest.raises(AssertionError, match="raised_on ends"):
        liability.check([replace(shipped, kinds={**shipped.kinds, ChargeKind.LIFT: rule})])


def test_no_charge_is_too_old_to_be_somebodys() -> None:
    (shipped,) = read_liability_policies()
    with pytest.raises(AssertionError, match="from the first day on"):
        liability.check([replace(shipped, effective_from=date(1970, 1, 1))])


def test_two_versions_of_an_order_have_two_names() -> None:
    (shipped,) = read_allocation_policies()
    with pytest.raises(AssertionError, match="name of its own"):
        allocation_policy.check([shipped, replace(shipped, effective_from=date(2027, 1, 1))])
