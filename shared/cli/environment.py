"""Where the services are: environment variables first, mounted secrets, the ``stack.env`` of ``closebook up``."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from shared import secret_files
from shared.cli import last_stop
from shared.cli.errors import CliError, ExitCode
from shared.events.topics import LINE_OF_SERVICES
from shared.kafka_security import KafkaSecurity

STACK_FILE = "stack.env"
DEFAULT_DATA = Path("closebook-data")

_START = (
    "Start the stack with `closebook up`, name its folder with --data DIR (or CLOSEBOOK_DATA), or set {name} yourself."
)


@dataclass(frozen=True)
class Environment:
    """The addresses and tokens a command works with; a missing one is an error only where it is needed."""

    values: Mapping[str, str]
    stack_file: Path

    @property
    def folder(self) -> Path:
        """The folder of the stack, whether it runs or not."""
        return self.stack_file.parent

    @property
    def kafka(self) -> str:
        """Kafka's bootstrap address."""
        return self.need("CLOSEBOOK_KAFKA")

    @property
    def topic_prefix(self) -> str:
        """What stands before every topic's name on the wire."""
        return self.values.get("CLOSEBOOK_TOPIC_PREFIX", "")

    @property
    def kafka_access(self) -> KafkaSecurity:
        """How a command proves to Kafka who it is; raises ``CliError`` when that is named incompletely."""
        try:
            return KafkaSecurity.of(self.values)
        except ValueError as error:
            raise CliError(
                "The CLOSEBOOK_KAFKA_… variables do not fit together.",
                "Set SECURITY (SSL, SASL_SSL …), MECHANISM, USERNAME, PASSWORD and CA as docs/operator.md lists them.",
                ExitCode.USAGE,
            ) from error

    def url(self, service: str) -> str:
        """Return the base URL of a service's staff API."""
        if service not in LINE_OF_SERVICES:
            known = ", ".join(LINE_OF_SERVICES)
            raise CliError(f"There is no service called {service!r}.", f"The services are {known}.", ExitCode.USAGE)
        return self.need(f"CLOSEBOOK_{service.upper()}_URL").rstrip("/")

    def token(self, role: str) -> str:
        """Return the bearer token for a role: CLOSEBOOK_TOKEN if set, else the role's own."""
        own = f"CLOSEBOOK_TOKEN_{role.upper().replace('-', '_')}"
        token = (self.values.get("CLOSEBOOK_TOKEN") or self.need(own)).strip()
        if not (token.isascii() and token.isprintable()):
            raise CliError(
                "The token holds characters that no token has.", f"Set {own} (or CLOSEBOOK_TOKEN) anew.", ExitCode.USAGE
            )
        return token

    def acting_as(self, role: str | None) -> "Environment":
        """Return the environment of whoever holds the role's own token, not of the one person with every role."""
        if role is None:
            return self
        return replace(self, values={name: value for name, value in self.values.items() if name != "CLOSEBOOK_TOKEN"})

    def need(self, name: str) -> str:
        """Return a value, or raise a ``CliError`` that says where it was looked for."""
        value = self.values.get(name)
        if value:
            return value
        if self.stack_file.exists():
            raise CliError(f"{self.stack_file} does not name {name}.", _START.format(name=name), ExitCode.USAGE)
        stopped = last_stop.told(self.folder)
        known = stopped or f"{name} is not set and there is no {self.stack_file}."
        raise CliError(f"Nothing is running that I know of: {known}", _START.format(name=name), ExitCode.USAGE)


def resolve(data: Path | None = None, environ: Mapping[str, str] | None = None) -> Environment:
    """Return the environment of a command: the process's variables and secret files win over the stack file's lines."""
    variables = _with_secrets(os.environ if environ is None else environ)
    folder = data or Path(variables.get("CLOSEBOOK_DATA") or DEFAULT_DATA)
    stack_file = folder / STACK_FILE
    named = {name: value for name, value in variables.items() if name.startswith("CLOSEBOOK_") and value}
    return Environment({**read_stack_file(stack_file), **named}, stack_file)


def _with_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    try:
        return secret_files.variables(environ)
    except (OSError, ValueError) as error:
        raise CliError(
            f"A secret in {environ[secret_files.FOLDER]} cannot be read: {error}.",
            f"Check the files there, or name another folder in {secret_files.FOLDER}.",
            ExitCode.USAGE,
        ) from error


def read_stack_file(path: Path) -> dict[str, str]:
    """Return the ``NAME=value`` lines of a stack file; an absent file has none."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(
            f"{path} cannot be read: {error}.", "Check its permissions, or name another --data.", ExitCode.USAGE
        ) from error
    pairs = (line.strip().removeprefix("export ").partition("=") for line in text.splitlines())
    return {name.strip(): _unquoted(value) for name, equals, value in pairs if equals and not name.startswith("#")}


def _unquoted(value: str) -> str:
    """Return what a shell takes a value for; one that no shell can read stands as it is, for a person wrote it."""
    try:
        return " ".join(shlex.split(value))
    except ValueError:
        return value.strip()
