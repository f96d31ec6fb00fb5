"""`python -m shared.supply.advisories PIP_AUDIT LOCK`: every pinned part against the known advisories, in words.

Ends with 0 when every part was looked up and none has a known hole, 1 when one has, 75 when any could not be looked
up: what nobody has looked up is not known to be sound.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

SOUND, HOLES, NOT_LOOKED_UP = 0, 1, 75
_DEADLINE_S = 600

Json = dict[str, Any]


def main(pip_audit: str, lock: str) -> int:
    """Ask the advisories of every pin of a lock and print what came of it; returns the exit code."""
    found = _asked([pip_audit, "--format", "json", "--disable-pip", "--require-hashes", "-r", lock])
    if found is None:
        _say(f"The advisories could not be looked up: no part of {lock} is known to be sound.")
        _say("Run `make audit` where their service can be reached.")
        return NOT_LOOKED_UP
    holes = [(part["name"], part["version"], one) for part in found for one in part.get("vulns", ())]
    skipped = [part for part in found if "skip_reason" in part]
    for name, version, hole in holes:
        mended = ", ".join(hole.get("fix_versions") or ()) or "no version yet"
        _say(f"{name} {version} has a known hole, {hole['id']}; mended in {mended}.")
    if skipped:
        names = ", ".join(part["name"] for part in skipped)
        _say(f"Not looked up, so not known to be sound: {names} ({skipped[0]['skip_reason']}).")
    _say(f"{len(found) - len(skipped)} of {len(found)} parts were looked up; {len(holes)} known holes.")
    if holes:
        return HOLES
    return NOT_LOOKED_UP if skipped or not found else SOUND


def _asked(command: Sequence[str]) -> list[Json] | None:
    """Return the parts that the tool reports on, ``None`` when it cannot report: it has no code for that."""
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=_DEADLINE_S, check=False)  # noqa: S603 - ours
        parts: list[Json] = json.loads(ran.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError):
        return None
    return parts


def _say(sentence: str) -> None:
    print(sentence)  # noqa: T201 - it is a command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
