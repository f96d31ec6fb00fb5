"""Why the stack of a folder is not running any more: one line that `closebook up` leaves in it for other shells."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

_FILE = "last-stop.txt"


def leave(folder: Path, why: str) -> None:
    """Note that the stack of a folder stops now, and why; only its owner may read it."""
    note = folder / _FILE
    with suppress(OSError):  # a full disk may be why; whoever asks is told without the note
        note.touch(mode=0o600)
        note.write_text(f"at {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC because {why}\n", encoding="utf-8")


def forget(folder: Path) -> None:
    """Remove the note: the stack starts again."""
    with suppress(OSError):
        (folder / _FILE).unlink(missing_ok=True)


def told(folder: Path) -> str:
    """Return in a sentence when the stack of a folder stopped, and why; empty when no note says so."""
    try:
        words = (folder / _FILE).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return f"the stack in {folder} stopped {words}"
