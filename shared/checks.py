"""What a proof is made of, in the services that prove themselves and in the command that lays them side by side."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold; ``detail`` names the first that does not, or what was looked at."""

    name: str
    ok: bool
    detail: str

    def as_json(self) -> dict[str, Any]:
        """Return the check as a proof is answered."""
        return {"name": self.name, "ok": self.ok, "detail": self.detail}
