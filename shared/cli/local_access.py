"""Tokens for a stack on one machine, under the names that services and commands read.

``python -m shared.cli.local_access DIR`` makes a key set and ``tokens.env`` in ``DIR`` (the one-shot of compose).
"""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from shared.auth import ROLES
from shared.local_issuer import LocalIssuer

_DEMO_PERSON = "local-demo"


def service_settings(issuer: LocalIssuer) -> dict[str, str]:
    """Return what a service must be told to accept the issuer's tokens."""
    return {
        "CLOSEBOOK_JWKS": str(issuer.jwks),
        "CLOSEBOOK_ISSUER": issuer.issuer,
        "CLOSEBOOK_AUDIENCE": issuer.audience,
    }


def token_variables(issuer: LocalIssuer) -> dict[str, str]:
    """Return one token per role, each of another person, and ``CLOSEBOOK_TOKEN`` of one person with every role.

    That one person is still only one: what needs a second person needs another of the tokens.
    """
    named = {f"CLOSEBOOK_TOKEN_{role.upper().replace('-', '_')}": token for role, token in issuer.tokens().items()}
    return {"CLOSEBOOK_TOKEN": issuer.token(_DEMO_PERSON, ROLES), **named}


def write_private(file: Path, variables: Mapping[str, str]) -> None:
    """Write ``NAME=value`` lines, which a shell may read, too, into a file that only its owner reads."""
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}={shlex.quote(value) if value else ''}\n" for name, value in variables.items()))


def main(arguments: list[str]) -> int:
    """Make the key set and the file of tokens in the directory that is named; return the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("Name the directory for key set and tokens: python -m shared.cli.local_access DIR\n")
        return 64
    issuer = LocalIssuer.open(Path(arguments[0]))
    write_private(issuer.directory / "tokens.env", token_variables(issuer))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
