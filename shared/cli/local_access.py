"""Tokens for a stack on one machine, under the names that services and commands read.

``python -m shared.cli.local_access DIR [PUBLIC]`` (the one-shot of compose) makes a key set and ``tokens.env`` in
``DIR`` and shows the public keys, and nothing else, in ``PUBLIC``.
"""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from shared.auth import ROLES

if TYPE_CHECKING:
    from shared.local_issuer import LocalIssuer

_DEMO_PERSON = "local-demo"


def service_settings(issuer: "LocalIssuer") -> dict[str, str]:
    """Return what a service must be told to accept the issuer's tokens."""
    return {
        "CLOSEBOOK_JWKS": str(issuer.jwks),
        "CLOSEBOOK_ISSUER": issuer.issuer,
        "CLOSEBOOK_AUDIENCE": issuer.audience,
    }


def token_variables(issuer: "LocalIssuer") -> dict[str, str]:
    """Return one token per role, each of another person, and ``CLOSEBOOK_TOKEN`` of one person with every role.

    That one person is still only one: what needs a second person needs another of the tokens.
    """
    named = {f"CLOSEBOOK_TOKEN_{role.upper().replace('-', '_')}": token for role, token in issuer.tokens().items()}
    return {"CLOSEBOOK_TOKEN": issuer.token(_DEMO_PERSON, ROLES), **named}


def write_private(file: Path, variables: Mapping[str, str]) -> None:
    """Write ``NAME=value`` lines, which a shell may read, too, into a file that only its owner reads."""
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}={shlex.quote(value) if value else ''}\n" for name, value in variables.items()))


def show(keys: Path, folder: Path) -> None:
    """Copy the public key set into a folder for services, at once: one that reads meanwhile sees the old or the new."""
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / f".{keys.name}.new"
    half.write_bytes(keys.read_bytes())
    half.replace(folder / keys.name)


def main(arguments: list[str]) -> int:
    """Make key set and tokens in the first directory, show the keys in the second, if any; return the exit code."""
    if len(arguments) not in (1, 2):
        sys.stderr.write(
            "Name the directory for key set and tokens, and the one that services see: "
            "python -m shared.cli.local_access DIR [PUBLIC]\n"
        )
        return 64
    from shared.local_issuer import LocalIssuer  # noqa: PLC0415 - an image of a service has no issuer of tokens

    own, *shown = map(Path, arguments)
    issuer = LocalIssuer.open(own)
    write_private(issuer.directory / "tokens.env", token_variables(issuer))
    for folder in shown:
        show(issuer.jwks, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
