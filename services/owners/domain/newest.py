"""Which of several statements about one thing is the newest, whatever order they arrived in."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Stamp:
    """When something was told, and by which event; the greater one is newer.

    Source: contract.md section 2 ("newest" means greatest ``time``, then ``id``).  Two sources may use one id at one
    time, so the source decides last.
    """

    told_at: datetime
    event_id: str
    source: str
