"""Read the letterhead and the wordings that come with the package."""

import json
import tomllib
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from services.notify.domain.wording import CommonWords, Letterhead, Stationery, Wording

HERE = Path(__file__).parent
SAMPLE_LETTERHEAD = HERE / "letterhead.json"
"""The letterhead of an association that does not exist: for demonstrations and tests."""

TEMPLATES = (
    "statement", "final-account", "annual-statement", "reminder-1", "reminder-2", "welcome", "fee-increase",
    "relief-ended", "collection-notice", "mandate-ended", "missing-share", "plan-agreed", "plan-warned", "plan-failed",
    "plan-completed", "notice-warning", "notice-registered", "notice-consent",
)  # fmt: skip
"""Every letter there is; its words stand in ``wording/<template>.toml``."""


def load_stationery(letterhead: Path | None = None) -> Stationery:
    """Return the stationery; a word or a letterhead field that is missing or misspelt stops the process by name."""
    head = json.loads((letterhead or SAMPLE_LETTERHEAD).read_text(encoding="utf-8"))
    return Stationery(
        letterhead=TypeAdapter(Letterhead).validate_python(head),
        common=TypeAdapter(CommonWords).validate_python(_toml("common")),
        wordings={template: _wording(template) for template in TEMPLATES},
    )


def _wording(template: str) -> Wording:
    empty: dict[str, Any] = {"headline": {}, "groups": {}, "balance": {}, "items": {}}
    return TypeAdapter(Wording).validate_python(empty | _toml(template))


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / "wording" / f"{name}.toml").read_text(encoding="utf-8"))
