"""Whom a price is for: a unit, all of a block or development, or a share set; and where a unit is."""

from enum import StrEnum
from typing import NamedTuple


class Scope(StrEnum):
    """Whom a schedule charges: one unit, each unit of a block or development, or a share set as one pool."""

    UNIT = "unit"
    BLOCK = "block"
    DEVELOPMENT = "development"
    SHARE_SET = "share-set"


REGISTERED = (Scope.BLOCK, Scope.DEVELOPMENT)
"""What a unit's registration says, and a newer one may say otherwise."""


class Place(NamedTuple):
    """Where a unit is."""

    unit_id: str
    block_id: str | None
    development_id: str

    def is_in(self, scope: Scope, scope_id: str) -> bool:
        """Say whether the unit is in a scope; never in a share set, whose members its versions name."""
        names = {Scope.UNIT: self.unit_id, Scope.BLOCK: self.block_id, Scope.DEVELOPMENT: self.development_id}
        return names.get(scope) == scope_id
