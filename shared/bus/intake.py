"""Says what each transaction took in, before anything that it led to (docs/decisions/0024).

The topic has one partition and one reader: the service itself, when its database was restored from a backup older
than its last word.
"""

from collections.abc import Iterable, Sequence
from uuid import uuid4

from shared.bus.letters import Taken
from shared.bus.positions import Step
from shared.bus.work import Cause, Staged, Verdict, Work
from shared.events.intake import Buried, Span, TakenIn
from shared.events.topics import TAKEN_IN

_SELF = "intake"


def note_batch(work: Work, steps: Iterable[Step], verdict: Verdict | None = None, name: str = "") -> None:
    """Say which records a batch is made of; ``verdict``: its one record is buried under it.

    ``name`` is given when the same batch is taken in again.
    """
    read = tuple(Span(topic=s.lane[0], partition=s.lane[1], begin=s.start, end=s.next) for s in steps)
    _lead(work, TakenIn(read=read, buried=_buried(verdict) if verdict else None), name)


def note_late(work: Work, taken: Sequence[Taken], name: str = "") -> None:
    """Say which records are applied ahead of their turn: no position moves."""
    records = [one.record for one in taken]
    read = tuple(Span(topic=r.topic, partition=r.partition, begin=r.offset, end=r.offset + 1) for r in records)
    _lead(work, TakenIn(read=read, late=True), name)


def note_command(work: Work, name: str, body: str) -> None:
    """Say a command as the event log keeps it, under its own name."""
    _lead(work, TakenIn(command=body), name)


def _lead(work: Work, data: TakenIn, name: str) -> None:
    """Stage the word in front of all others: the relay sends it first, so nothing is known to others without it."""
    channel = TAKEN_IN.get(work.service)
    if channel is not None:
        name = name or uuid4().hex
        work.staged.insert(0, Staged(channel, data, Cause(_SELF, name), name))


def _buried(verdict: Verdict) -> Buried:
    return Buried(reason_class=str(verdict.reason_class), reason=verdict.reason, detail=verdict.detail)
