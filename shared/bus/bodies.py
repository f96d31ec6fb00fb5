"""What the bodies of commands have in common, whichever service hears them."""

from pydantic import BaseModel, ConfigDict

from shared.events.types import Text


class Body(BaseModel):
    """What a command is given with; a field that it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


class WithReason(Body):
    """A command that says why; the reason is kept in the audit."""

    reason: Text
