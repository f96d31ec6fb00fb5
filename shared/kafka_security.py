"""How every Kafka client of ours proves who it is and to whom it speaks; there is no fall-back to anything plainer."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter

from shared.tls import client_context

Protocol = Literal["PLAINTEXT", "SSL", "SASL_SSL", "SASL_PLAINTEXT"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]

_VARIABLES = {
    "protocol": "SECURITY", "mechanism": "MECHANISM", "username": "USERNAME", "password": "PASSWORD", "ca": "CA",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class KafkaSecurity:
    """One client's protocol and credentials; ``ca`` is a file with a private authority, else the system's are asked.

    Raises ``ValueError`` when a SASL protocol comes without credentials: a client that forgot them must not start.
    """

    protocol: Protocol = "PLAINTEXT"
    mechanism: Mechanism = "SCRAM-SHA-512"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: str | None = None

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> "KafkaSecurity":
        """Return what the ``CLOSEBOOK_KAFKA_…`` variables name; raises ``ValueError`` where they do not fit."""
        named = {field: variables.get(f"CLOSEBOOK_KAFKA_{name}") for field, name in _VARIABLES.items()}
        return TypeAdapter(cls).validate_python({field: value for field, value in named.items() if value})

    def __post_init__(self) -> None:
        if self.protocol.startswith("SASL") and not (self.username and self.password):
            raise ValueError(f"{self.protocol} needs a username and a password")

    @property
    def context(self) -> ssl.SSLContext | None:
        """The server's certificate and host name are always checked."""
        return client_context(self.ca) if self.protocol.endswith("SSL") else None

    def options(self) -> dict[str, Any]:
        """Return what an aiokafka client is made with."""
        options: dict[str, Any] = {"security_protocol": self.protocol, "ssl_context": self.context}
        if self.protocol.startswith("SASL"):
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return options
