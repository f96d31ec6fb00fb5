"""Settings of arrears, and the shipped versions of the ladder, of plans and of notices: all read once, at start."""

from functools import cache
from pathlib import Path
from typing import ClassVar

from pydantic import TypeAdapter
from pydantic_settings import SettingsConfigDict

from services.arrears.domain import ladder_policy, notice_policy, plan_policy
from services.arrears.domain.ladder_policy import LadderPolicy
from services.arrears.domain.notice_policy import NoticePolicy
from services.arrears.domain.plan_policy import PlanPolicy
from shared.auth import ROLES
from shared.settings import ServiceSettings

SHIPPED_PLANS = Path(__file__).parent / "domain" / "plan_policy.json"
SHIPPED_LADDER = Path(__file__).parent / "domain" / "ladder_policy.json"
SHIPPED_NOTICES = Path(__file__).parent / "domain" / "notice_policy.json"


class Settings(ServiceSettings):
    """What arrears is told; its own names start with ``ARREARS_``."""

    model_config = SettingsConfigDict(env_prefix="ARREARS_")

    service: ClassVar[str] = "arrears"


@cache
def read_ladder_policies(path: Path = SHIPPED_LADDER) -> tuple[LadderPolicy, ...]:
    """Return every version of the ladder in a file; a file that is wrong stops the process with the field's name."""
    versions = TypeAdapter(tuple[LadderPolicy, ...]).validate_json(path.read_text(encoding="utf-8"))
    ladder_policy.check(versions)
    return versions


@cache
def read_plan_policies(path: Path = SHIPPED_PLANS) -> tuple[PlanPolicy, ...]:
    """Return every version of the terms of plans."""
    versions = TypeAdapter(tuple[PlanPolicy, ...]).validate_json(path.read_text(encoding="utf-8"))
    plan_policy.check(versions, ROLES)
    return versions


@cache
def read_notice_policies(path: Path = SHIPPED_NOTICES) -> tuple[NoticePolicy, ...]:
    """Return every version of when a notice is warranted and how long it lasts; one that is wrong stops the process."""
    versions = TypeAdapter(tuple[NoticePolicy, ...]).validate_json(path.read_text(encoding="utf-8"))
    notice_policy.check(versions)
    return versions
