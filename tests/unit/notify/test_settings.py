"""Notify hands letters, names and addresses in them, to no mail server over a plain connection in production."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.notify.settings import Settings


def given(environment: str, host: str, tls: str) -> Settings:
    return Settings.model_validate(
        {
            "environment": environment, "kafka": "h:1", "kafka_security": "SSL", "smtp_host": host, "smtp_port": 25,
            "database_url": "postgresql://h/notify?sslmode=verify-full", "smtp_tls": tls, "print_dir": Path("/print"),
            "sender": "Closebook <factor@example.org>",
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("environment", "host", "tls"),
    [
        ("production", "mail.example.org", "starttls"),
        ("production", "mail.example.org", "tls"),
        ("production", "127.0.0.1", "none"),
        ("compose", "mailpit", "none"),
    ],
)
def test_mail_may_go_encrypted_or_to_the_same_host(environment: str, host: str, tls: str) -> None:
    assert given(environment, host, tls).smtp_tls == tls


def test_plain_mail_to_another_host_does_not_start_in_production() -> None:
    with pytest.raises(ValidationError, match="NOTIFY_SMTP_TLS may be none for a server on the same host only"):
        given("production", "mail.example.org", "none")
