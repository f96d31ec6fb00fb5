"""Settings of the billing service, and the shipped versions of its policies: all read once, at start.

A policy file that is wrong stops the process, with the field's name; what must hold of each, its own module says.
"""

from functools import cache
from pathlib import Path
from typing import ClassVar

from pydantic import TypeAdapter
from pydantic_settings import SettingsConfigDict

from services.billing.domain import (
    allocation_policy,
    direct_debit_policy,
    liability,
    schedule_policy,
    schedules,
    settlement_policy,
    statement_policy,
    write_off_policy,
)
from services.billing.domain.allocation_policy import AllocationOrder
from services.billing.domain.direct_debit_policy import DirectDebitPolicy
from services.billing.domain.liability import Liability
from services.billing.domain.schedule_policy import SchedulePolicy
from services.billing.domain.settlement_policy import SettlementPolicy
from services.billing.domain.statement_policy import StatementPolicy
from services.billing.domain.write_off_policy import WriteOffPolicy
from shared.auth import ROLES
from shared.settings import ServiceSettings

SHIPPED_ALLOCATION = Path(__file__).parent / "domain" / "allocation_policy.json"
SHIPPED_DIRECT_DEBIT = Path(__file__).parent / "domain" / "direct_debit_policy.json"
SHIPPED_LIABILITY = Path(__file__).parent / "domain" / "liability.json"
SHIPPED_SCHEDULES = Path(__file__).parent / "domain" / "schedule_policy.json"
SHIPPED_SETTLEMENTS = Path(__file__).parent / "domain" / "settlement_policy.json"
SHIPPED_STATEMENTS = Path(__file__).parent / "domain" / "statement_policy.json"
SHIPPED_WRITE_OFFS = Path(__file__).parent / "domain" / "write_off_policy.json"


class Settings(ServiceSettings):
    """What billing is told; its own names start with ``BILLING_``."""

    model_config = SettingsConfigDict(env_prefix="BILLING_")

    service: ClassVar[str] = "billing"


@cache
def read_liability_policies(path: Path = SHIPPED_LIABILITY) -> tuple[Liability, ...]:
    """Return every version of who owes a charge."""
    versions = TypeAdapter(tuple[Liability, ...]).validate_json(path.read_text(encoding="utf-8"))
    liability.check(versions)
    return versions


@cache
def read_write_off_policies(path: Path = SHIPPED_WRITE_OFFS) -> tuple[WriteOffPolicy, ...]:
    """Return every version of who may approve a write-off."""
    versions = TypeAdapter(tuple[WriteOffPolicy, ...]).validate_json(path.read_text(encoding="utf-8"))
    write_off_policy.check(versions, ROLES)
    return versions


@cache
def read_schedule_policy(path: Path = SHIPPED_SCHEDULES) -> SchedulePolicy:
    """Return how long before an increase owners are told, and the tax of fees and premiums."""
    policy = TypeAdapter(SchedulePolicy).validate_json(path.read_text(encoding="utf-8"))
    schedule_policy.check(policy, schedules.KINDS)
    return policy


@cache
def read_statement_policies(path: Path = SHIPPED_STATEMENTS) -> tuple[StatementPolicy, ...]:
    """Return every version of when statements are due and final accounts are issued."""
    versions = TypeAdapter(tuple[StatementPolicy, ...]).validate_json(path.read_text(encoding="utf-8"))
    statement_policy.check(versions)
    return versions


@cache
def read_settlement_policies(path: Path = SHIPPED_SETTLEMENTS) -> tuple[SettlementPolicy, ...]:
    """Return every version of until when a settlement figure holds, and how far ahead one may be asked for."""
    versions = TypeAdapter(tuple[SettlementPolicy, ...]).validate_json(path.read_text(encoding="utf-8"))
    settlement_policy.check(versions)
    return versions


@cache
def read_allocation_policies(path: Path = SHIPPED_ALLOCATION) -> tuple[AllocationOrder, ...]:
    """Return every version of the order in which money settles what is open."""
    versions = TypeAdapter(tuple[AllocationOrder, ...]).validate_json(path.read_text(encoding="utf-8"))
    allocation_policy.check(versions)
    return versions


@cache
def read_direct_debit_policies(path: Path = SHIPPED_DIRECT_DEBIT) -> tuple[DirectDebitPolicy, ...]:
    """Return every version of how long before a collection owners are told and its file goes out."""
    versions = TypeAdapter(tuple[DirectDebitPolicy, ...]).validate_json(path.read_text(encoding="utf-8"))
    direct_debit_policy.check(versions)
    return versions
