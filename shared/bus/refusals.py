"""What a person is told when a command or question cannot be answered; each refusal has its HTTP status."""

from typing import ClassVar


class RefusedError(Exception):
    """A command is refused and changes nothing; the text is a sentence for people."""

    status: ClassVar[int] = 400


class NotValidError(RefusedError):
    """What was asked makes no sense."""

    status = 422


class NotAllowedError(RefusedError):
    """This person may not do it."""

    status = 403


class NotKnownError(RefusedError):
    """There is no such thing."""

    status = 404


class NotNowError(RefusedError):
    """It cannot be done any more, or not yet."""

    status = 409
