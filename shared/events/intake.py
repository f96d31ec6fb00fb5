"""What a transaction took in: said by a service for itself alone, so that an older backup can be brought forward."""

from typing import Annotated

from pydantic import Field

from shared.events.base import EventData

Offset = Annotated[int, Field(ge=0, lt=2**63)]


class Span(EventData):
    """Records of one partition, from ``begin`` up to but not including ``end``."""

    topic: str
    partition: int
    begin: Offset
    end: Offset


class Buried(EventData):
    """Why the one record of a transaction was put aside although no rule refuses it."""

    reason_class: str
    reason: str
    detail: str


class TakenIn(EventData):
    """One transaction of a service: the records it read, in their order, or the command of a person.

    ``late``: the records were applied ahead of their turn and will be read again; ``command``: as the event log keeps
    it, in JSON.  No content of any event.  Key: a name of its own.
    """

    read: tuple[Span, ...] = ()
    late: bool = False
    buried: Buried | None = None
    command: str | None = None
