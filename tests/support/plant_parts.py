"""What a plant is made of: its portfolio, the program that crashes on demand, and waiting until it is quiet."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import httpx

_LOOK_S = 0.1
Said = tuple[str, str, dict[str, Any]]
"""A housing topic without ``housing.``, the key, the data."""


def crashing_program(service: str, verb: str) -> list[str]:
    """Return the command of a service that can be told to end itself at a point of its work."""
    return [sys.executable, "-m", "tests.support.crashing", service, verb]


def portfolio(units: Sequence[str], share_set: str) -> list[Said]:
    """Return units, owners with e-mail addresses, and a share set of equal shares."""
    facts: list[Said] = []
    for unit in units:
        address = {"lines": [f"{unit} Fault Lane"], "town": "Glasgow", "postcode": "G1 1AA"}
        facts.append((
            "unit-registered", unit,
            {"unit_id": unit, "development_id": "D", "kind": "flat", "address": address, "tenure": "owned",
             "managed_from": "2025-01-01"},
        ))  # fmt: skip
        party = {"party_id": f"{unit}-P", "kind": "person", "name": f"Owner {unit}", "email": f"{unit}@example.org"}
        facts.append((
            "ownership-changed", unit,
            {"change_id": f"{unit}-C1", "unit_id": unit, "notified_on": "2025-01-01", "date_of_entry": "2025-01-01",
             "parties": [party], "form": "sole"},
        ))  # fmt: skip
    members = [{"unit_id": unit, "numerator": 1, "denominator": len(units)} for unit in units]
    facts.append((
        "shares-published", share_set,
        {"share_set_id": share_set, "name": share_set, "scope": {"development_id": "D"}, "basis": "equal",
         "effective_from": "2025-01-01", "members": members},
    ))  # fmt: skip
    return facts


def process_state(pid: int) -> str:
    """Return the kernel's letter for what a process does; T: it was stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


async def until_quiet(moving: Callable[[], Awaitable[str]], seconds: float) -> None:
    """Return when ``moving`` has nothing to say; fails with its last words.  A server that is away moves, too."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            words = await moving()
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, httpx.TransportError) as error:
            words = repr(error)
        if not words:
            return
        assert time.monotonic() < deadline, f"after {seconds} s: {words}"
        await asyncio.sleep(_LOOK_S)
