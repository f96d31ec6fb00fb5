"""What the decoder is given and what it answers when a record is no event: the closed list of reasons."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Reason(StrEnum):
    """Why a record became a dead letter at the door (contract.md section 4)."""

    NOT_JSON = "not-json"
    TOO_LARGE = "too-large"
    MISSING_FIELD = "missing-field"
    WRONG_TYPE = "wrong-type"
    UNKNOWN_ENUM = "unknown-enum"
    BAD_AMOUNT = "bad-amount"
    BAD_DATE = "bad-date"
    BAD_ID = "bad-id"
    BAD_TEXT = "bad-text"
    BAD_SHARE = "bad-share"
    UNKNOWN_TYPE = "unknown-type"
    WRONG_TOPIC = "wrong-topic"
    WRONG_SOURCE = "wrong-source"


class Record(NamedTuple):
    """One Kafka record as it was read; ``topic`` is without the installation's prefix."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    timestamp_ms: int = 0


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a record is no event.

    ``detail`` never quotes the content.  The identity is filled in as far as the envelope could be read, so that the
    inbox can count the event in its control totals whatever became of it; ``pence`` is 0 where no amount was readable.
    """

    reason: str
    detail: str
    field: str | None = None
    uid: UUID | None = None
    event_id: str | None = None
    source: str | None = None
    type: str | None = None
    sha: bytes | None = None
    pence: int = 0
    book: date | None = None
    aggver: int | None = None


class Refused(Exception):  # noqa: N818 - it is an answer on its way out, not a fault
    """A reason found deep inside the decoder; it never leaves ``decode``."""

    def __init__(self, reason: Reason, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.field = field
