"""Settings of the billing service, and the shipped versions of who owes a charge: both read once, at start."""

from datetime import date
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter
from pydantic_settings import SettingsConfigDict

from services.billing.domain.liability import Liability, OwedOn
from shared.events.housing import ChargeKind
from shared.settings import ServiceSettings

SHIPPED_LIABILITY = Path(__file__).parent / "domain" / "liability.json"


class Settings(ServiceSettings):
    """What billing is told; its own names start with ``BILLING_``."""

    model_config = SettingsConfigDict(env_prefix="BILLING_")

    service: str = "billing"


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
