"""What commands and questions to a service have in common, whichever service hears them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.events.types import Text

HIGHEST_NUMBER = 2**63 - 1
"""Of what a service numbers: no row of a database has a higher one."""

RowNumber = Annotated[int, Field(ge=0, le=HIGHEST_NUMBER)]
"""The number of a row."""


class Body(BaseModel):
    """What a command is given with; a field that it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


class WithReason(Body):
    """A command that says why; the reason is kept in the audit."""

    reason: Text
