"""Who brought a bank's statement in: its payments come by Kafka like any other and name no member of staff."""

from typing import Annotated

from pydantic import Field

from shared.bus.bodies import Body
from shared.bus.commands import Json
from shared.bus.refusals import understood
from shared.bus.work import Work
from shared.events.types import Id, PositivePence

NOTE = "bank-import"
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class AskedImport(Body):
    """A bank's statement about to be published: which file, read by which mapping, and what is new of it.

    ``payments`` and ``amount_pence`` are what billing does not have yet of its ``rows``.
    """

    bank_account: Id
    file_sha256: Sha256
    mapping_sha256: Sha256
    rows: Annotated[int, Field(ge=1)]
    payments: Annotated[int, Field(ge=1)]
    amount_pence: PositivePence


async def note(work: Work, content: Json) -> Json:
    """Keep an import in the audit, and nothing else: money is known when its events come."""
    return understood(AskedImport, content).model_dump() | {"noted_on": work.book}
