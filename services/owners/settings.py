"""Settings of the owners service: read once, at start."""

from typing import ClassVar

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What owners is told; its own names start with ``OWNERS_``."""

    model_config = SettingsConfigDict(env_prefix="OWNERS_")

    service: ClassVar[str] = "owners"
