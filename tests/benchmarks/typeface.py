"""The letters' own typeface for WeasyPrint: another one would be another letter, and cost another time."""

import re
import struct
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

_FAMILY = "Libertinus Serif".encode("utf-16-be")
_FACE = re.compile(rb"OTTO\x00[\x08-\x1f]")
_TABLE = struct.Struct(">4s4xLL")


def write_faces(folder: Path) -> int:
    """Write each face of the family that typst carries in its library into ``folder``; return how many."""
    spec = find_spec("typst._typst")
    assert spec is not None
    assert spec.origin is not None
    faces = set(_faces(Path(spec.origin).read_bytes()))
    folder.mkdir(parents=True, exist_ok=True)
    for number, face in enumerate(sorted(faces)):
        (folder / f"{number}.otf").write_bytes(face)
    return len(faces)


def _faces(library: bytes) -> Iterator[bytes]:
    """Yield what begins like an OpenType face and has the family among its names; some are in it twice.

    OpenType: a tag, how many tables in two bytes, and from the twelfth byte each table's tag, checksum, offset, length.
    """
    for found in _FACE.finditer(library):
        at = found.start()
        tables = [_TABLE.unpack_from(library, at + 12 + 16 * nth) for nth in range(library[at + 5])]
        named = [library[at + offset : at + offset + length] for tag, offset, length in tables if tag == b"name"]
        if named and _FAMILY in named[0]:
            yield library[at : at + max(offset + length for _, offset, length in tables)]
