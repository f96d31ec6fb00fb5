"""What notify says: a message was handed over or failed; never its content."""

from enum import StrEnum

from shared.events.base import EventData
from shared.events.types import Day, Id, Text


class MessageChannel(StrEnum):
    """How a message travels."""

    EMAIL = "email"
    PRINT = "print"


class MessageSent(EventData):
    """A message was handed to the mail server or the print folder.  Key: ``message_id``."""

    message_id: Id
    account_id: Id
    template: Id
    channel: MessageChannel
    dated_on: Day
    sha256: str


class MessageFailed(EventData):
    """A message could not be delivered and will not be tried again.  Key: ``message_id``."""

    message_id: Id
    account_id: Id
    template: Id
    channel: MessageChannel
    dated_on: Day
    reason: Text
