"""Where things that several stacks share are kept, and what the database's own user must be able to reach."""

import os
import stat
from pathlib import Path


def cache_directory() -> Path:
    """Return the user's cache directory for Closebook, made when missing (``CLOSEBOOK_CACHE`` overrides it)."""
    named = os.environ.get("CLOSEBOOK_CACHE")
    base = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "closebook"
    base = base.expanduser().absolute()
    base.mkdir(parents=True, exist_ok=True)
    return base


def allow_passage(path: Path) -> None:
    """Let other users pass through the directories above ``path`` (search only, never read), where they cannot yet."""
    for directory in path.absolute().parents:
        mode = directory.stat().st_mode
        if not mode & stat.S_IXOTH:
            directory.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
