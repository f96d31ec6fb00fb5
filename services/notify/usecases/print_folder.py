"""The print folder on the disk: each batch is written under a name of its own and appears whole or not at all.

Attempts stand in ``.building``, a folder each; whatever lies there and is nobody's any more is cleared away.
"""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex

from services.notify.db.messages import PrintMessage
from services.notify.domain import identity

_BUILDING = ".building"
_MANIFEST = "manifest.jsonl"


def place_of(folder: Path, letters: Sequence[PrintMessage], batch: str) -> Path:
    """Return where a batch appears; its letters are of one day."""
    return folder / f"{letters[0].created_on.isoformat()}-{batch}"


def begin(folder: Path, batch: str) -> Path:
    """Return a fresh folder in which one attempt at a batch is written, beside where it is to appear."""
    building = folder / _BUILDING / f"{batch}-{token_hex(4)}"
    building.mkdir(mode=0o750, parents=True)  # owners' letters: for the service and the group that prints
    return building


def write(building: Path, letters: Sequence[PrintMessage]) -> None:
    """Write the PDFs of letters, and their rows of the manifest; one erased meanwhile has none."""
    rows = []
    for letter in letters:
        if letter.body is not None:
            name = print_name(letter)
            _write(building / name, letter.body)
            rows.append(_row(letter, name))
    _write(building / _MANIFEST, "".join(f"{json.dumps(row)}\n" for row in rows).encode(), "ab")


def appear(building: Path, place: Path) -> None:
    """Move what was written to its place at once."""
    building.rename(place)
    _sync_directory(place.parent)


def attempts(folder: Path) -> set[str]:
    """Return the batches that somebody has begun to write, and not finished."""
    return {building.name.rpartition("-")[0] for building in (folder / _BUILDING).glob("*")}


def clear(folder: Path, batch: str) -> None:
    """Clear away all attempts at a batch, whoever made them: one who still writes there finds out and stops."""
    for building in (folder / _BUILDING).glob(f"{batch}-*"):
        discard(building)


def discard(building: Path) -> None:
    """Clear away one attempt."""
    shutil.rmtree(building, ignore_errors=True)


def print_name(letter: PrintMessage) -> str:
    """Return a PDF's name: made by us, unique in the batch, without anybody's name."""
    name = identity.file_name(letter.account_ref, letter.template, letter.dated_on)
    return f"{name.removesuffix('.pdf')}-{str(letter.message_id)[:8]}.pdf"


def _row(letter: PrintMessage, name: str) -> dict[str, str]:
    return {
        "file": name,
        "message_id": str(letter.message_id),
        "account_ref": letter.account_ref,
        "template": letter.template,
        "template_version": letter.template_version,
        "dated_on": letter.dated_on.isoformat(),
        "sha256": letter.sha256.hex(),
    }


def _write(path: Path, body: bytes, mode: str = "wb") -> None:
    with path.open(mode) as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
