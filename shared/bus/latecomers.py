"""Takes in what was said again of an open book although records of later books stand unread before it."""

from collections.abc import Collection, Sequence
from datetime import date

from shared.bus import inbox, intake, positions
from shared.bus.batch import Applier
from shared.bus.cuts import Cuts
from shared.bus.failures import FailureKind, kind_of
from shared.bus.gate import GateClosedError
from shared.bus.letters import Taken
from shared.bus.positions import Lane
from shared.bus.transaction import Doors
from shared.bus.work import Cause, Work
from shared.db.engine import driver
from shared.events.base import Event
from shared.events.decode import Record, decode
from shared.log_events import LogEvent
from shared.logs import log


class Latecomers:
    """Looks behind the book barrier while a day stands still over a difference (docs/decisions/0003).

    A book said again (``closebook republish``) lands behind what its sender has said since, in later books, which the
    barrier leaves in Kafka until the very day that waits for it is closed.  Here it is applied ahead of its turn; no
    position moves, so when the partition is read for good these records are repeats.
    """

    def __init__(self, doors: Doors, applier: Applier, cuts: Cuts) -> None:
        self._doors = doors
        self._applier = applier
        self._cuts = cuts
        self._seen: dict[Lane, int] = {}

    async def take_in(self, topics: Collection[str], book: date) -> bool:
        """Apply what ``topics`` hold unread of books up to ``book``; true when there was any.  Looks once at a record.

        Raises ``GateClosedError`` while a day is being worked, and what Kafka or the database raise.
        """
        async with self._doors.sessions.begin() as session:
            reached = await positions.all_positions(await driver(session))
        mine = {lane: position for lane, position in reached.items() if lane[0] in topics}
        ends = await self._cuts.ends(mine)
        found = False
        for lane, position in mine.items():
            begin = max(position, self._seen.get(lane, 0))
            if begin < ends[lane]:
                async for records in self._cuts.read(lane, begin, ends[lane]):
                    found |= await self._apply(records, book)
                self._seen[lane] = ends[lane]
        return found

    async def _apply(self, records: list[Record], book: date) -> bool:
        """Apply those records of a page whose book is open."""
        taken = [Taken(record, decode(record)) for record in records]
        open_ = [one for one in taken if isinstance(one.outcome, Event) and (one.outcome.book or date.max) <= book]
        if not open_:
            return False
        return await self._take(open_)

    async def _take(self, taken: Sequence[Taken]) -> bool:
        """Apply records in one transaction; one that cannot be applied is left for its turn, when it is buried."""
        try:
            async with self._doors.command(Cause("", "")) as work:
                await apply_late(self._applier, work, taken)
        except Exception as error:
            if isinstance(error, GateClosedError) or kind_of(error) is FailureKind.TRANSIENT:
                raise
            log(LogEvent.BISECT, count=len(taken), error_type=type(error).__name__)
            middle = len(taken) // 2
            return any([await self._take(half) for half in (taken[:middle], taken[middle:]) if middle])
        return True


async def apply_late(applier: Applier, work: Work, taken: Sequence[Taken], name: str = "") -> None:
    """Apply records ahead of their turn; ``name`` is given when the same are taken in again."""
    intake.note_late(work, taken, name)
    await applier.apply(work, taken)
    await inbox.settle(await driver(work.session), [one.uid for one in taken if one.uid is not None])
