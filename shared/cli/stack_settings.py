"""The settings that the processes of one stack are started with: each service's own, and those of the commands."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shared.cli.local_access import service_settings, token_variables
from shared.cli.postgres_tools import carried_programs
from shared.db.engine import database_of
from shared.embedded.databases import ServiceUrls
from shared.embedded.kafka import EmbeddedKafka
from shared.embedded.mail import EmbeddedMail
from shared.embedded.postgres import EmbeddedPostgres
from shared.embedded.stack import Mode, Servers

if TYPE_CHECKING:
    from shared.local_issuer import LocalIssuer

_SENDER = "Closebook <factor@example.org>"
_FOREIGN = re.compile(
    r"CLOSEBOOK_(TOKEN|POSTGRES|DATA|\w+_URL)|[A-Z]+_(OWNER_)?DATABASE_URL$|[A-Z]+_(API|PRIVATE)_PORT$"
)


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a stack keeps its data, and in it what went out to people."""

    data: Path

    @property
    def mail(self) -> Path:
        """Return the Maildir of the embedded mail server."""
        return self.data / "mail"

    @property
    def print(self) -> Path:
        """Return where notify puts letters to be printed."""
        return self.data / "print"

    @property
    def files(self) -> Path:
        """Return where notify puts a copy of every PDF."""
        return self.data / "files"


@dataclass(frozen=True, slots=True)
class StackSettings:
    """What stands in the environment of a stack's processes; ``urls`` are each service's two database addresses."""

    folders: Folders
    servers: Servers
    urls: Mapping[str, ServiceUrls]
    issuer: "LocalIssuer"
    topic_prefix: str
    partitions: int

    def of_service(self, service: str) -> dict[str, str]:
        """Return what all services share, and of the databases the address of this one's own app role only."""
        own = {f"{service.upper()}_DATABASE_URL": self.urls[service].app_url}
        if service == "notify":
            own |= self._of_notify()
        # Unbuffered: a process that crashes has said everything it knew.
        return {**self._shared(), **service_settings(self.issuer), "PYTHONUNBUFFERED": "1", **own}

    def of_commands(self, apis: Mapping[str, tuple[str, str]]) -> dict[str, str]:
        """Return what an operator's shell needs: for ``closebook``, and for each service's verbs and ``psql``.

        ``apis`` are each service's addresses, staff's and private.  The databases' passwords are among it, the
        superuser's too: it is for whoever owns the data, and for a file that only they read.
        """
        return {
            **self._shared(),
            **self._of_databases(),
            **self._of_notify(),
            **service_settings(self.issuer),
            **{f"CLOSEBOOK_{service.upper()}_URL": api for service, (api, _) in apis.items()},
            **{f"CLOSEBOOK_{service.upper()}_PRIVATE_URL": private for service, (_, private) in apis.items()},
            "CLOSEBOOK_MAIL_DIR": str(self.folders.mail),
            "CLOSEBOOK_PRINT_DIR": str(self.folders.print),
            "CLOSEBOOK_DATA": str(self.folders.data),
            **self._of_servers(),
            **token_variables(self.issuer),
        }

    def _of_databases(self) -> dict[str, str]:
        """Return the addresses of every service's database: its own role's and its owner's, the administrator's."""
        programs = carried_programs()
        return {
            "CLOSEBOOK_POSTGRES": self.servers.postgres.admin_url,
            **{f"CLOSEBOOK_{name.upper()}_DATABASE": database_of(urls.app_url) for name, urls in self.urls.items()},
            **{f"{name.upper()}_DATABASE_URL": urls.app_url for name, urls in self.urls.items()},
            **{f"{name.upper()}_OWNER_DATABASE_URL": urls.owner_url for name, urls in self.urls.items()},
            **({"CLOSEBOOK_POSTGRES_PROGRAMS": str(programs)} if programs else {}),
        }

    def _of_servers(self) -> dict[str, str]:
        """Return what keeps a shell that knows these addresses from starting another stack on them.

        They are those of this run; where the servers are somebody else's, they are to be used again.
        """
        ours = (EmbeddedKafka, EmbeddedPostgres, EmbeddedMail)
        servers = (self.servers.kafka, self.servers.postgres, self.servers.mail)
        return {"CLOSEBOOK_STACK": Mode.EMBEDDED} if all(isinstance(server, ours) for server in servers) else {}

    def _shared(self) -> dict[str, str]:
        return {
            "CLOSEBOOK_ENVIRONMENT": os.environ.get("CLOSEBOOK_ENVIRONMENT", "local"),
            "CLOSEBOOK_KAFKA": self.servers.kafka.bootstrap,
            "CLOSEBOOK_TOPIC_PREFIX": self.topic_prefix,
            "CLOSEBOOK_PARTITIONS": str(self.partitions),
        }

    def _of_notify(self) -> dict[str, str]:
        return {
            "NOTIFY_SMTP_HOST": self.servers.mail.host,
            "NOTIFY_SMTP_PORT": str(self.servers.mail.port),
            "NOTIFY_SMTP_TLS": os.environ.get("NOTIFY_SMTP_TLS", "none"),
            "NOTIFY_SENDER": os.environ.get("NOTIFY_SENDER", _SENDER),
            "NOTIFY_PRINT_DIR": str(self.folders.print),
            "NOTIFY_FILES_DIR": str(self.folders.files),
        }


def inherited() -> dict[str, str]:
    """Return our own environment without the addresses, passwords and tokens of another stack; tuning stays."""
    return {name: value for name, value in os.environ.items() if not _FOREIGN.match(name)}
