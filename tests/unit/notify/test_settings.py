"""Notify hands letters to no mail server over a plain connection, and outside production to nobody by mistake."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.notify.settings import Settings


def given(environment: str, host: str, tls: str, **more: object) -> Settings:
    return Settings.model_validate(
        {
            "environment": environment, "kafka": "h:1", "kafka_security": "SSL", "smtp_host": host, "smtp_port": 25,
            "database_url": "postgresql://h/notify?sslmode=verify-full", "smtp_tls": tls, "print_dir": Path("/print"),
            "sender": "Closebook <factor@example.org>", **more,
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


@pytest.mark.parametrize("environment", ["production", "Production", "prod", "live", "staging", "test", "unnamed"])
def test_plain_mail_to_another_host_does_not_start(environment: str) -> None:
    with pytest.raises(ValidationError, match="NOTIFY_SMTP_TLS may be none for a server on the same host only"):
        given(environment, "mail.example.org", "none", recipient_domains="example.org")


_ELSEWHERE = ["local", "compose", "staging", "test", "prod", "live", "unnamed"]


@pytest.mark.parametrize("environment", _ELSEWHERE)
@pytest.mark.parametrize("domains", ["", " , "])
def test_outside_production_nobody_is_mailed_by_mistake(environment: str, domains: str) -> None:
    with pytest.raises(ValidationError, match="NOTIFY_RECIPIENT_DOMAINS must say where mail may go"):
        given(environment, "mail.example.org", "starttls", recipient_domains=domains)


@pytest.mark.parametrize("environment", _ELSEWHERE)
@pytest.mark.parametrize(
    ("host", "more"),
    [
        ("mail.example.org", {"recipient_domains": "staff.example"}),
        ("mail.example.org", {"sending": False}),
        ("127.0.0.1", {}),
        ("localhost", {}),
        ("mailpit", {}),
    ],
)
def test_outside_production_mail_goes_to_domains_that_are_named_to_a_catcher_or_nowhere(
    environment: str, host: str, more: dict[str, object]
) -> None:
    assert given(environment, host, "starttls", **more).smtp_host == host


@pytest.mark.parametrize("environment", ["production", "Production", "PRODUCTION"])
def test_production_mails_whoever_has_a_letter(environment: str) -> None:
    assert given(environment, "mail.example.org", "starttls").allowed_domains == frozenset()
