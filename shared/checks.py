"""What a proof is made of, in the services that prove themselves and in the command that lays them side by side."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold; ``detail`` names the first that does not, or what was looked at.

    ``runbook`` is the page that says what to do when it does not hold.
    """

    name: str
    ok: bool
    detail: str
    runbook: str = "invariant-violated"

    @property
    def page(self) -> str:
        """Where the runbook is."""
        return f"docs/runbooks/{self.runbook}.md"

    def as_json(self) -> dict[str, Any]:
        """Return the check as a proof is answered, with its runbook when it does not hold."""
        told = {"name": self.name, "ok": self.ok, "detail": self.detail}
        return told if self.ok else told | {"runbook": self.page}
