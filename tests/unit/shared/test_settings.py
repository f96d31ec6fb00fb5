import ssl
from typing import ClassVar

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings, explain, on_this_host, read


class OwnersSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="OWNERS_")
    service: ClassVar[str] = "owners"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OWNERS_DATABASE_URL", "CLOSEBOOK_KAFKA", "CLOSEBOOK_SECRETS", "CLOSEBOOK_PARTITIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOSEBOOK_ENVIRONMENT", "local")


def test_own_names_carry_the_prefix_and_shared_ones_closebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWNERS_DATABASE_URL", "postgresql://u:secret@h/owners")
    monkeypatch.setenv("OWNERS_API_PORT", "9001")
    monkeypatch.setenv("CLOSEBOOK_KAFKA", "127.0.0.1:9092")
    monkeypatch.setenv("CLOSEBOOK_PARTITIONS", "3")
    settings = read(OwnersSettings)
    assert (settings.service, settings.api_port, settings.kafka, settings.partitions) == (
        "owners",
        9001,
        "127.0.0.1:9092",
        3,
    )
    assert settings.migration_url == "postgresql://u:secret@h/owners"
    assert "secret" not in repr(settings)


def test_what_is_missing_is_named_in_one_sentence_with_exit_64(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        read(OwnersSettings)
    assert caught.value.code == 64
    assert capsys.readouterr().err == "Cannot start: OWNERS_DATABASE_URL and CLOSEBOOK_KAFKA must be set.\n"


def test_what_is_wrong_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWNERS_DATABASE_URL", "postgresql://h/owners")
    monkeypatch.setenv("CLOSEBOOK_KAFKA", "secret-host")
    monkeypatch.setenv("CLOSEBOOK_PARTITIONS", "many")
    with pytest.raises(ValidationError) as caught:
        OwnersSettings()
    words = explain(OwnersSettings, caught.value)
    assert "CLOSEBOOK_KAFKA" in words
    assert "CLOSEBOOK_PARTITIONS" in words
    assert "secret-host" not in words
    assert "many" not in words


def test_a_secret_may_come_from_a_mounted_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("secrets")
    (place / "OWNERS_DATABASE_URL").write_text("postgresql://h/owners\n")
    monkeypatch.setenv("CLOSEBOOK_SECRETS", str(place))
    monkeypatch.setenv("CLOSEBOOK_KAFKA", "h:1")
    assert read(OwnersSettings).database_url.get_secret_value() == "postgresql://h/owners"


def test_a_services_name_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWNERS_DATABASE_URL", "postgresql://h/owners")
    monkeypatch.setenv("CLOSEBOOK_KAFKA", "h:1")
    monkeypatch.setenv("OWNERS_SERVICE", "billing")
    assert read(OwnersSettings).service == OwnersSettings.service == "owners"


def test_settings_can_be_given_by_name_and_not_changed() -> None:
    settings = ServiceSettings(database_url="postgresql://h/o", kafka="h:1", partitions=3)
    with pytest.raises(ValidationError):
        settings.partitions = 4  # type: ignore[misc]


_IN_PRODUCTION = {
    "CLOSEBOOK_ENVIRONMENT": "production", "CLOSEBOOK_KAFKA_SECURITY": "SSL",
    "OWNERS_DATABASE_URL": "postgresql://h/o?sslmode=verify-full",
}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"CLOSEBOOK_KAFKA_SECURITY": "SASL_SSL"}, "SASL_SSL needs KAFKA_USERNAME and KAFKA_PASSWORD"),
        ({"CLOSEBOOK_ENVIRONMENT": "production"}, "CLOSEBOOK_KAFKA_SECURITY must be SSL or SASL_SSL"),
        (
            {"CLOSEBOOK_ENVIRONMENT": "production", "CLOSEBOOK_KAFKA_SECURITY": "SSL"},
            "OWNERS_DATABASE_URL must end with ?sslmode=verify-full",
        ),
        (
            _IN_PRODUCTION | {"OWNERS_OWNER_DATABASE_URL": "postgresql://h/o?sslmode=require"},
            "OWNERS_OWNER_DATABASE_URL must end with ?sslmode=verify-full",
        ),
        (
            _IN_PRODUCTION | {"OWNERS_OWNER_DATABASE_URL": "postgresql://u:sslmode=verify-full@h/o"},
            "OWNERS_OWNER_DATABASE_URL must end with ?sslmode=verify-full",
        ),
        (
            _IN_PRODUCTION | {"CLOSEBOOK_JWKS": "http://sign-in.example.org/keys.json"},
            "CLOSEBOOK_JWKS must be an https address",
        ),
    ],
)
def test_what_does_not_fit_together_is_one_sentence_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: dict[str, str], words: str
) -> None:
    for name, value in ({"OWNERS_DATABASE_URL": "postgresql://h/o", "CLOSEBOOK_KAFKA": "h:1"} | given).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as caught:
        read(OwnersSettings)
    assert caught.value.code == 64
    said = capsys.readouterr().err
    assert said.startswith("Cannot start: ")
    assert words in said
    assert said.count("\n") == 1
    assert "example.org" not in said


_ODD = ["Production", "PRODUCTION", "prod", "live", "staging", "uat", "dev", "locale", "local-2", "test"]


@pytest.mark.parametrize("environment", [None, "", *_ODD])
@pytest.mark.parametrize(
    ("spoilt", "words"),
    [
        ({"CLOSEBOOK_KAFKA_SECURITY": "PLAINTEXT"}, "CLOSEBOOK_KAFKA_SECURITY"),
        ({"OWNERS_DATABASE_URL": "postgresql://h/o"}, "OWNERS_DATABASE_URL"),
        ({"CLOSEBOOK_JWKS": "http://sign-in.example.org/keys.json"}, "CLOSEBOOK_JWKS"),
    ],
)
def test_only_an_environment_on_the_list_goes_without_encryption(
    monkeypatch: pytest.MonkeyPatch, environment: str | None, spoilt: dict[str, str], words: str
) -> None:
    monkeypatch.delenv("CLOSEBOOK_ENVIRONMENT", raising=False)
    given = _IN_PRODUCTION | {"CLOSEBOOK_ENVIRONMENT": environment, "CLOSEBOOK_KAFKA": "h:1"} | spoilt
    for name, value in given.items():
        if value is not None:
            monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as caught:
        OwnersSettings()
    assert words in explain(OwnersSettings, caught.value)


@pytest.mark.parametrize("environment", ["local", "compose", "Local", "COMPOSE"])
def test_development_goes_without_encryption(monkeypatch: pytest.MonkeyPatch, environment: str) -> None:
    monkeypatch.setenv("CLOSEBOOK_ENVIRONMENT", environment)
    settings = ServiceSettings(database_url="postgresql://h/o", kafka="h:1", jwks="http://issuer:8/keys.json")
    assert settings.kafka_security == "PLAINTEXT"


@pytest.mark.parametrize("environment", ["", " ", "\t", " local", "local\n"])
def test_an_environment_has_a_name_without_blanks(environment: str) -> None:
    with pytest.raises(ValidationError, match="environment"):
        ServiceSettings(database_url="postgresql://h/o", kafka="h:1", environment=environment)


@pytest.mark.parametrize("jwks", ["https://sign-in.example.org/keys.json", "/run/keys.json", "http://127.0.0.1:8/keys"])
def test_production_takes_keys_by_https_from_a_file_or_from_the_same_host(
    monkeypatch: pytest.MonkeyPatch, jwks: str
) -> None:
    for name, value in (_IN_PRODUCTION | {"CLOSEBOOK_KAFKA": "h:1", "CLOSEBOOK_JWKS": jwks}).items():
        monkeypatch.setenv(name, value)
    assert read(OwnersSettings).jwks == jwks


@pytest.mark.parametrize(
    ("host", "here"),
    [("localhost", True), ("127.0.0.9", True), ("::1", True), ("mail.example.org", False), ("10.0.0.1", False)],
)
def test_only_loopback_is_the_same_host(host: str, here: bool) -> None:
    assert on_this_host(host) is here


def test_production_runs_behind_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOSEBOOK_ENVIRONMENT", "production")
    url = "postgresql://h/o?sslmode=verify-full&sslrootcert=/etc/ca.crt"
    settings = ServiceSettings(database_url=url, kafka="h:1", kafka_security="SSL")
    assert settings.environment == "production"
    context = settings.kafka_access.context
    assert context is not None
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
