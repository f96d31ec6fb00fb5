"""A real Kafka that lets nobody in without a password, over TLS, and gives each user the rights of the table."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio

from shared.embedded import acls, topics
from shared.embedded.kafka import EmbeddedKafka
from shared.embedded.ports import free_ports
from shared.events.access import PRINCIPALS, SIMULATION, rights_of, user_of
from shared.kafka_security import KafkaSecurity
from tests.support.certificates import ELSEWHERE, make_authority

_AUTHORIZER = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
PARTITIONS = 3
OPERATOR = "operator"


@dataclass(frozen=True)
class Fortress:
    """The guarded address and the administrator's, the authority that signed the certificate, everybody's password.

    ``misnamed`` is the same broker behind a certificate of another name, for which ``other_authority`` vouches.
    """

    bootstrap: str
    unguarded: str
    authority: Path
    misnamed: str
    other_authority: Path
    passwords: dict[str, str]

    def access(self, principal: str, password: str = "", authority: Path | None = None) -> KafkaSecurity:
        """Return what a principal's clients are made with; a test may get the password or the authority wrong."""
        user = user_of(principal)
        word, ca = password or self.passwords[user], str(authority or self.authority)
        return KafkaSecurity("SASL_SSL", username=user, password=word, ca=ca)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def fortress(tmp_path_factory) -> AsyncIterator[Fortress]:  # type: ignore[no-untyped-def]
    directory = tmp_path_factory.mktemp("fortress")
    authority, server = make_authority(directory)
    other_authority, impostor = make_authority(directory, "other", ELSEWHERE)
    open_port, guarded_port, misnamed_port, controller = free_ports(4)
    passwords = {user_of(name): f"secret-of-{name}" for name in (*PRINCIPALS, SIMULATION, OPERATOR)}
    listening = {"CLIENT": open_port, "GUARDED": guarded_port, "MISNAMED": misnamed_port}
    settings = _settings(listening, controller, server, impostor)
    kafka = EmbeddedKafka(directory / "kafka", open_port, settings, passwords)
    try:
        await kafka.start()
        await topics.provision(kafka.bootstrap, partitions=PARTITIONS)
        # The open listener is the administrator's, on this machine only.
        administrator = {"bootstrap_servers": kafka.bootstrap}
        await acls.grant(administrator, [right for name in PRINCIPALS for right in rights_of(name)])
        addresses = f"127.0.0.1:{guarded_port}", f"127.0.0.1:{misnamed_port}"
        yield Fortress(addresses[0], kafka.bootstrap, authority, addresses[1], other_authority, passwords)
    finally:
        await kafka.stop()


def _settings(listening: Mapping[str, int], controller: int, server: Path, impostor: Path) -> dict[str, str]:
    listeners = ",".join(f"{name}://127.0.0.1:{port}" for name, port in listening.items())
    return {
        "listeners": f"{listeners},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": listeners,
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listener.security.protocol.map": ("CLIENT:PLAINTEXT,GUARDED:SASL_SSL,MISNAMED:SASL_SSL,CONTROLLER:PLAINTEXT"),
        **_guarded("guarded", server),
        **_guarded("misnamed", impostor),
        "authorizer.class.name": _AUTHORIZER,
        "super.users": f"User:ANONYMOUS;User:{user_of(OPERATOR)}",
    }


def _guarded(listener: str, server: Path) -> dict[str, str]:
    """Let in over one listener only who has a password, behind the certificate in ``server``."""
    return {
        f"listener.name.{listener}.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        f"listener.name.{listener}.scram-sha-512.sasl.jaas.config": _LOGIN,
        f"listener.name.{listener}.ssl.keystore.type": "PEM",
        f"listener.name.{listener}.ssl.keystore.location": str(server),
    }
