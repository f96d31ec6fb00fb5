"""Settings of the billing service, and the shipped versions of its policies: all read once, at start."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import ClassVar

from pydantic import TypeAdapter
from pydantic_settings import SettingsConfigDict

from services.billing.domain.allocation_policy import AllocationOrder, Criterion
from services.billing.domain.direct_debits import DirectDebitPolicy
from services.billing.domain.liability import Liability, OwedOn
from services.billing.domain.schedules import KINDS, SchedulePolicy
from services.billing.domain.write_off_policy import WriteOffPolicy
from shared.auth import ROLES
from shared.events.housing import ChargeKind
from shared.settings import ServiceSettings

SHIPPED_ALLOCATION = Path(__file__).parent / "domain" / "allocation_policy.json"
SHIPPED_DIRECT_DEBIT = Path(__file__).parent / "domain" / "direct_debit_policy.json"
SHIPPED_LIABILITY = Path(__file__).parent / "domain" / "liability.json"
SHIPPED_SCHEDULES = Path(__file__).parent / "domain" / "schedule_policy.json"
SHIPPED_WRITE_OFFS = Path(__file__).parent / "domain" / "write_off_policy.json"


class Settings(ServiceSettings):
    """What billing is told; its own names start with ``BILLING_``."""

    model_config = SettingsConfigDict(env_prefix="BILLING_")

    service: ClassVar[str] = "billing"


@cache
def read_liability(path: Path = SHIPPED_LIABILITY) -> tuple[Liability, ...]:
    """Return every version of who owes a charge; a file that is wrong stops the process with the field's name.

    Each version has a rule for every kind, and each rule ends with the day that every charge has; the first is in force
    from the first day of the calendar on, because no charge is too old to be somebody's.
    """
    policies = TypeAdapter(tuple[Liability, ...]).validate_json(path.read_text(encoding="utf-8"))
    assert min(policy.effective_from for policy in policies) == date.min, (
        "one version is in force from the first day on"
    )
    for policy in policies:
        assert set(policy.kinds) == set(ChargeKind), f"{policy.version}: a rule for every kind of charge"
        assert all(OwedOn.RAISED in rule.owed_on for rule in policy.kinds.values()), f"{policy.version}: raised_on ends"
    return policies


@cache
def read_write_off_policies(path: Path = SHIPPED_WRITE_OFFS) -> tuple[WriteOffPolicy, ...]:
    """Return every version of who may approve a write-off; a wrong file or an unknown role stops the process."""
    policies = TypeAdapter(tuple[WriteOffPolicy, ...]).validate_json(path.read_text(encoding="utf-8"))
    for policy in policies:
        assert set(policy.limits) <= ROLES, f"{policy.version}: roles that exist"
    return policies


@cache
def read_schedule_policy(path: Path = SHIPPED_SCHEDULES) -> SchedulePolicy:
    """Return how long before an increase owners are told, and the tax of fees and premiums; a wrong file stops it."""
    policy = TypeAdapter(SchedulePolicy).validate_json(path.read_text(encoding="utf-8"))
    for kind in KINDS:
        policy.tax_on(kind, date(1970, 1, 1))
    return policy


@cache
def read_allocation(path: Path = SHIPPED_ALLOCATION) -> tuple[AllocationOrder, ...]:
    """Return every version of the order in which money settles what is open; a wrong file stops the process.

    The first is in force from the first day of the calendar on, because no money is too old to settle something.  An
    order says when, and fees or charges, at most once each.
    """
    orders = TypeAdapter(tuple[AllocationOrder, ...]).validate_json(path.read_text(encoding="utf-8"))
    assert min(order.effective_from for order in orders) == date.min, "one version is in force from the first day on"
    assert len({order.version for order in orders}) == len(orders), "each version has a name of its own"
    for order in orders:
        assert not {Criterion.OLDEST_DUE, Criterion.NEWEST_DUE} <= set(order.order), (
            f"{order.version}: oldest or newest"
        )
        assert not {Criterion.CHARGES_FIRST, Criterion.FEES_FIRST} <= set(order.order), f"{order.version}: which first?"
    return orders


@cache
def read_direct_debit(path: Path = SHIPPED_DIRECT_DEBIT) -> tuple[DirectDebitPolicy, ...]:
    """Return every version of how long before a collection owners are told and its file goes out."""
    policies = TypeAdapter(tuple[DirectDebitPolicy, ...]).validate_json(path.read_text(encoding="utf-8"))
    for policy in policies:
        assert 0 < policy.submit_bank_days < policy.notice_bank_days, f"{policy.version}: told before it is submitted"
    return policies
