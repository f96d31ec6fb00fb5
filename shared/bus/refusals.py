"""What a person is told when a command or question cannot be answered; each refusal has its HTTP status."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ValidationError

Asked = TypeVar("Asked", bound=BaseModel)


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


def understood(model: type[Asked], content: Mapping[str, Any]) -> Asked:
    """Return what a command asks for; each field that makes no sense is refused by its name."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        wrong = error.errors(include_url=False)
        words = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in wrong)
        raise NotValidError(words) from error
