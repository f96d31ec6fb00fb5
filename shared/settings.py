"""A service's settings: typed, frozen, read once from the environment (or from mounted secret files)."""

import hashlib
import json
import os
import sys
from ipaddress import ip_address
from typing import Annotated, ClassVar, Literal, Self, TypeVar
from urllib.parse import parse_qs, urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.exit_codes import EXIT_CONFIGURATION
from shared.kafka_security import KafkaSecurity, Mechanism, Protocol

PRODUCTION = "production"
DEVELOPMENT = ("local", "compose")
"""The environments whose servers are on the same machine; in any other, whatever its name, all traffic is encrypted."""

OUTSIDE = f"unless CLOSEBOOK_ENVIRONMENT is {' or '.join(DEVELOPMENT)}"
_Port = Annotated[int, Field(ge=0, le=65535)]
_Settings = TypeVar("_Settings", bound=BaseSettings)


def _common(name: str) -> AliasChoices:
    """Return the name of a setting that all services share, whatever prefix the subclass has."""
    return AliasChoices(f"CLOSEBOOK_{name}")


class ServiceSettings(BaseSettings):
    """What every service is told.

    A subclass sets ``env_prefix`` (``OWNERS_``) and ``service``; its own names then carry the prefix, the shared ones
    ``CLOSEBOOK_``.  A port of 0 means any free one.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True, env_ignore_empty=True
    )

    service: ClassVar[str]
    """The service's name; what is said before it is built names it."""
    database_url: SecretStr
    owner_database_url: SecretStr | None = None
    api_host: str = "127.0.0.1"
    api_port: _Port = 8080
    private_host: str = "127.0.0.1"
    private_port: _Port = 8081
    pool_size: int = Field(default=8, ge=2, le=100)

    kafka: str = Field(validation_alias=_common("KAFKA"), pattern=r"^[^\s/]+:\d+$")
    kafka_security: Protocol = Field(default="PLAINTEXT", validation_alias=_common("KAFKA_SECURITY"))
    kafka_mechanism: Mechanism = Field(default="SCRAM-SHA-512", validation_alias=_common("KAFKA_MECHANISM"))
    kafka_username: str | None = Field(default=None, validation_alias=_common("KAFKA_USERNAME"))
    kafka_password: SecretStr | None = Field(default=None, validation_alias=_common("KAFKA_PASSWORD"))
    kafka_ca: str | None = Field(default=None, validation_alias=_common("KAFKA_CA"))
    topic_prefix: str = Field(default="", validation_alias=_common("TOPIC_PREFIX"), pattern=r"^[A-Za-z0-9._-]*$")
    partitions: int = Field(default=12, validation_alias=_common("PARTITIONS"), ge=1, le=1000)
    batch_records: int = Field(default=800, validation_alias=_common("BATCH_RECORDS"), ge=1, le=5000)
    dead_letters_in_row: int = Field(default=50, validation_alias=_common("DEAD_LETTERS_IN_ROW"), ge=1)

    jwks: str | None = Field(default=None, validation_alias=_common("JWKS"))
    issuer: str = Field(default="closebook", validation_alias=_common("ISSUER"))
    requests_per_minute: int = Field(default=6000, validation_alias=_common("REQUESTS_PER_MINUTE"), ge=0)
    open_per_address: int = Field(default=50, validation_alias=_common("OPEN_PER_ADDRESS"), ge=0)
    audience: str = Field(default="closebook", validation_alias=_common("AUDIENCE"))

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", validation_alias=_common("LOG_LEVEL")
    )
    environment: str = Field(default="unnamed", validation_alias=_common("ENVIRONMENT"), pattern=r"^\S+$")
    version: str = Field(default="0.1.0", validation_alias=_common("VERSION"))

    @property
    def kafka_access(self) -> KafkaSecurity:
        """Return how this service's Kafka clients prove who they are."""
        password = self.kafka_password.get_secret_value() if self.kafka_password else None
        return KafkaSecurity(self.kafka_security, self.kafka_mechanism, self.kafka_username, password, self.kafka_ca)

    @model_validator(mode="after")
    def _credentials_are_whole(self) -> Self:
        """Refuse a SASL protocol without credentials at the start, not at the first connection."""
        if self.kafka_security.startswith("SASL") and not (self.kafka_username and self.kafka_password):
            raise ValueError(f"{self.kafka_security} needs KAFKA_USERNAME and KAFKA_PASSWORD")
        return self

    @model_validator(mode="after")
    def _traffic_is_encrypted(self) -> Self:
        """Refuse to run over a network that anybody on the way could read or answer on."""
        if self.in_development:
            return self
        if not self.kafka_security.endswith("SSL"):
            raise ValueError(f"{OUTSIDE} CLOSEBOOK_KAFKA_SECURITY must be SSL or SASL_SSL")
        for name, url in (("database_url", self.database_url), ("owner_database_url", self.owner_database_url)):
            if url is not None and not _verified(url.get_secret_value()):
                raise ValueError(f"{OUTSIDE} {variable(type(self), name)} must end with ?sslmode=verify-full")
        keys = urlsplit(self.jwks or "")
        if keys.scheme == "http" and not on_this_host(keys.hostname or ""):
            raise ValueError(f"{OUTSIDE} CLOSEBOOK_JWKS must be an https address or a file")
        return self

    @property
    def in_development(self) -> bool:
        """Say whether this is one of the few environments in which nothing crosses a network."""
        return self.environment.casefold() in DEVELOPMENT

    @property
    def in_production(self) -> bool:
        """Say whether this is the environment whose letters go to real people."""
        return self.environment.casefold() == PRODUCTION

    @property
    def digest(self) -> str:
        """Return a hash of all settings but secrets and own addresses: it is the same in all processes of a service."""
        own = {"api_host", "api_port", "private_host", "private_port"}
        said = {name: str(value) for name, value in self if name not in own and not isinstance(value, SecretStr)}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def named(self) -> list[str]:
        """Return the variables that were set, secrets too; never a value."""
        return sorted(variable(type(self), name) for name in self.model_fields_set)

    @property
    def migration_url(self) -> str:
        """Return the URL for migrations: the tables' owner, or the service itself where there is only one role."""
        return (self.owner_database_url or self.database_url).get_secret_value()


def _verified(url: str) -> bool:
    """Say whether a database's URL asks for TLS with the server's certificate and name checked."""
    return parse_qs(urlsplit(url).query).get("sslmode") == ["verify-full"]


def on_this_host(host: str) -> bool:
    """Say whether a server's name is loopback: what goes there crosses no network."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read(kind: type[_Settings]) -> _Settings:
    """Read settings from the environment and, if ``CLOSEBOOK_SECRETS`` names a directory, from the files in it.

    Prints one sentence that names every variable at fault, never a value, and exits with 64 when they are wrong.
    """
    try:
        return kind(_secrets_dir=os.environ.get("CLOSEBOOK_SECRETS"))
    except ValidationError as error:
        print(explain(kind, error), file=sys.stderr)  # noqa: T201 - logging has not started
        raise SystemExit(EXIT_CONFIGURATION) from None


def explain(kind: type[BaseSettings], error: ValidationError) -> str:
    """Return what is wrong with the environment in one sentence."""
    missing, wrong = [], []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        if not problem["loc"]:  # settings that do not fit together
            wrong.append(problem["msg"].removeprefix("Value error, "))
            continue
        name = variable(kind, str(problem["loc"][0]))
        if problem["type"] == "missing":
            missing.append(name)
        else:
            wrong.append(f"{name} is not usable ({problem['msg'].lower()})")
    parts = [f"{' and '.join(missing)} must be set"] if missing else []
    return f"Cannot start: {'; '.join(parts + wrong)}."


def variable(kind: type[BaseSettings], name: str) -> str:
    """Return the environment variable of a field, given the field's name or its alias."""
    if name in kind.model_fields:
        alias = kind.model_fields[name].validation_alias
        if not isinstance(alias, AliasChoices):
            return f"{kind.model_config.get('env_prefix', '')}{name}".upper()
        return str(alias.choices[0])
    return name.upper() if name.isupper() else f"{kind.model_config.get('env_prefix', '')}{name}".upper()
