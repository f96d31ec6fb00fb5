"""`python -m shared.supply.bom LOCK FILE`: the image's bill of materials (CycloneDX 1.6), from its hashed lock alone.

Nothing is asked of the network, and the same lock gives the same bytes: the file of a release can be made again.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+)( ;)?")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")

Json = dict[str, Any]


def bill_of(lock: str) -> Json:
    """Return the bill of everything that the text of a lock pins; raises ``ValueError`` when that is nothing."""
    components = sorted(_components(lock), key=lambda one: str(one["bom-ref"]))
    if not components:
        raise ValueError("the lock pins nothing")
    about = {"type": "application", "name": "closebook", "bom-ref": "closebook"}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": about},
        "components": components,
        "dependencies": [{"ref": "closebook", "dependsOn": [one["bom-ref"] for one in components]}],
    }


def _components(lock: str) -> Iterator[Json]:
    """Yield one component for each pin, with the hashes of the files that may be installed for it."""
    for entry in lock.replace("\\\n", " ").splitlines():
        if pin := _PIN.match(entry):
            yield _component(pin[1].lower(), pin[2], _HASH.findall(entry), "optional" if pin[3] else "required")


def _component(name: str, version: str, hashes: list[str], scope: str) -> Json:
    """Return a part; an optional one is installed on some platforms only."""
    purl = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name)}@{version}"
    files = [{"alg": "SHA-256", "content": one} for one in hashes]
    about = {"type": "distribution", "url": f"pkg:pypi/{name}@{version}", "hashes": files}
    return {
        "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
        "scope": scope, "externalReferences": [about],
    }  # fmt: skip


def main(lock: Path, file: Path) -> None:
    """Write the bill of a lock into a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    bill = bill_of(lock.read_text())
    file.write_text(json.dumps(bill, indent=1) + "\n")
    print(f"{file}: {len(bill['components'])} parts.")  # noqa: T201 - it is a command


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
