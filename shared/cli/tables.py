"""What a command shows: tables whose cells still know what they are, for a screen or a spreadsheet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shared.money import as_pounds


class Pounds(str):
    """Money as people write it (``£1,234.56``), which a spreadsheet gets as a number."""

    pence: int

    def __new__(cls, pence: int) -> "Pounds":
        """Return pence as pounds."""
        written = super().__new__(cls, as_pounds(pence))
        written.pence = pence
        return written

    @property
    def decimal(self) -> Decimal:
        """The pounds as a number with two places."""
        return Decimal(self.pence).scaleb(-2)


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; columns named in ``right`` are set flush right (money, counts).  Rows may be read only once."""

    title: str
    columns: Sequence[str]
    rows: Iterable[Sequence[object]]
    right: frozenset[str] = frozenset()
