"""Secrets mounted as files, for commands and one-shots, which read variables by name (services: ``settings.read``)."""

from collections.abc import Mapping
from pathlib import Path

FOLDER = "CLOSEBOOK_SECRETS"
"""The variable that names the folder; each file in it is named like the variable it stands for."""


def variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment and what lies in the folder of secrets, if it names one; what is set and not empty wins.

    So it is with services, too: a folder that is not there holds nothing.  Raises ``OSError`` for a file that cannot
    be read, ``ValueError`` for one that is no text.
    """
    named = environment.get(FOLDER)
    files = Path(named).iterdir() if named and Path(named).is_dir() else ()
    # Kubernetes keeps what is mounted in folders beside the links to it.
    secrets = {file.name: file.read_text(encoding="utf-8").strip() for file in files if file.is_file()}
    return {**secrets, **{name: value for name, value in environment.items() if value or name not in secrets}}
