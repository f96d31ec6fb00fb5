"""Settings of the billing service: read once, at start."""

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What billing is told; its own names start with ``BILLING_``."""

    model_config = SettingsConfigDict(env_prefix="BILLING_")

    service: str = "billing"
