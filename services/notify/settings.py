"""Settings of notify: typed, frozen, read once; what differs between places has no default."""

from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from services.notify.domain import safety
from services.notify.domain.dispatch import Patience
from shared.settings import OUTSIDE, ServiceSettings, on_this_host

_CATCHERS = frozenset({"mailpit"})
"""Mail servers that keep what they are given: the one of docker-compose.yml."""


class Settings(ServiceSettings):
    """Environment variables carry the prefix ``NOTIFY_``; secrets may come from mounted files."""

    model_config = SettingsConfigDict(env_prefix="NOTIFY_")

    service: ClassVar[str] = "notify"

    smtp_host: str = Field(min_length=1)
    smtp_port: int = Field(ge=1, le=65535)
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    smtp_ca: Path | None = None
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_connections: int = Field(default=2, ge=1, le=20)
    smtp_command_seconds: int = Field(default=30, ge=1, le=60, description="Deadline of one SMTP command.")

    sender: str = Field(description="From: ``Name <mailbox>``.")
    print_dir: Path
    files_dir: Path | None = Field(default=None, description="Copies of all PDFs, for demonstrations only.")
    letterhead: Path | None = Field(default=None, description="JSON; absent: the sample of an invented association.")

    sending: bool = Field(default=True, description="The kill switch: off, and letters queue but none leaves.")
    recipient_domains: str = Field(default="", description="Mail goes to these only (commas); empty: anywhere.")
    mails_per_minute: int = Field(default=0, ge=0, description="Limit of one process; 0: none.")

    lease_seconds: int = Field(default=120, ge=2)
    retry_first_seconds: int = Field(default=60, ge=0)
    retry_longest_seconds: int = Field(default=6 * 3600, ge=1)
    give_up_hours: int = Field(default=72, ge=0)
    silence_seconds: int = Field(default=15 * 60, ge=0)

    @field_validator("sender")
    @classmethod
    def _one_mailbox(cls, value: str) -> str:
        """The sender is one plain mailbox, with or without a name."""
        if safety.mailbox(parseaddr(value)[1]) is None:
            raise ValueError("is not one mailbox")
        return value

    @model_validator(mode="after")
    def _letters_are_encrypted(self) -> Self:
        """Refuse to hand letters over where anybody on the way could read them."""
        if not self.in_development and self.smtp_tls == "none" and not on_this_host(self.smtp_host):
            raise ValueError(f"{OUTSIDE} NOTIFY_SMTP_TLS may be none for a server on the same host only")
        return self

    @model_validator(mode="after")
    def _nobody_is_mailed_by_mistake(self) -> Self:
        """Refuse, outside production, to send to whatever address stands in the data: it may be a real person's."""
        caught = on_this_host(self.smtp_host) or self.smtp_host in _CATCHERS
        if self.sending and not (self.in_production or self.allowed_domains or caught):
            raise ValueError(
                "unless CLOSEBOOK_ENVIRONMENT is production NOTIFY_RECIPIENT_DOMAINS must say where mail may go "
                "(or NOTIFY_SENDING be false, or NOTIFY_SMTP_HOST a server on the same host or mailpit)"
            )
        return self

    @property
    def sender_name(self) -> str:
        """The name in From."""
        return safety.header_text(parseaddr(self.sender)[0])

    @property
    def sender_mailbox(self) -> str:
        """The mailbox in From and in the envelope."""
        return parseaddr(self.sender)[1]

    @property
    def allowed_domains(self) -> frozenset[str]:
        """The domains mail may go to; empty: all."""
        return frozenset(word.strip().lower() for word in self.recipient_domains.split(",") if word.strip())

    @property
    def patience(self) -> Patience:
        """How often and how long a message is tried."""
        return Patience(
            first_wait=timedelta(seconds=self.retry_first_seconds),
            longest_wait=timedelta(seconds=self.retry_longest_seconds),
            give_up_after=timedelta(hours=self.give_up_hours),
            silence_wait=timedelta(seconds=self.silence_seconds),
        )
