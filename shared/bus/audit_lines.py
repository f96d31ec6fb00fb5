"""The canonical log lines: one for every committed batch, one for every event that was not a mere repeat."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from shared import metrics
from shared.bus.batch import Outcome
from shared.bus.letters import Taken
from shared.bus.positions import Step
from shared.bus.work import Disposition, Verdict
from shared.events.base import Event, EventData
from shared.log_events import LogEvent
from shared.logs import log

_OUTCOMES = {
    Disposition.DONE: "done",
    Disposition.DUPLICATE: "dup",
    Disposition.HELD: "held",
    Disposition.DEAD: "dead",
}


def batch_line(outcome: Outcome, steps: Sequence[Step]) -> None:
    """Say which ranges were committed and what became of their records."""
    counts = {_OUTCOMES[disposition]: number for disposition, number in outcome.counts().items()}
    ranges = [f"{step.lane[0]}/{step.lane[1]}:{step.start}-{step.next}" for step in steps]
    took = round((time.monotonic() - outcome.began_at) * 1000, 1)
    metrics.BATCH_SECONDS.observe(took / 1000)
    oldest_ms = min((taken.record.timestamp_ms for taken, _ in outcome.verdicts), default=0)
    if oldest_ms > 0:
        metrics.END_TO_END.observe(max(0.0, time.time() - oldest_ms / 1000))
    log(LogEvent.BATCH, ranges=ranges, said=outcome.said, duration_ms=took, **counts)


def event_lines(outcome: Outcome) -> None:
    """Say what became of each event; repeats only at debug."""
    counts: Counter[tuple[str, str]] = Counter()
    for taken, verdict in (*outcome.verdicts, *outcome.released):
        _line(taken, verdict, outcome.remarks)
        counts[taken.record.topic, _OUTCOMES[verdict.disposition]] += 1
    for (topic, became), number in counts.items():
        metrics.EVENTS.labels(f"{topic}.v1", became).inc(number)


def _line(taken: Taken, verdict: Verdict, remarks: Mapping[UUID, Mapping[str, object]]) -> None:
    """Write one event's line: ids, codes and what use cases remarked, never content."""
    record, event = taken.record, taken.outcome
    name = LogEvent.DEAD_LETTER if verdict.disposition is Disposition.DEAD else LogEvent.EVENT
    if verdict.disposition is Disposition.DUPLICATE:
        name = LogEvent.EVENT_REPEATED
    known = _known(event, remarks) if isinstance(event, Event) else {"event_id": event.event_id}
    if verdict.disposition is not Disposition.DONE:
        fields = {"reason_code": verdict.reason, "needs": verdict.needs, "field": verdict.field}
        known = {key: value for key, value in fields.items() if value} | known
    log(
        name, topic=record.topic, partition=record.partition, offset=record.offset,
        outcome=_OUTCOMES[verdict.disposition], **known,
    )  # fmt: skip


def _known(event: Event[EventData], remarks: Mapping[UUID, Mapping[str, object]]) -> dict[str, object]:
    """Return what is said of an event that could be read."""
    return {
        "event_id": event.id,
        "aggregate_id": event.key,
        "pence": event.pence,
        "correlation_id": event.correlation_id or event.id,
        **remarks.get(event.uid, {}),
    }
