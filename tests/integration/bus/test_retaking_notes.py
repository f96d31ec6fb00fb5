"""Notes of what was taken in: one that nobody can follow ends the process with a sentence, not again and again."""

import json
from datetime import UTC, datetime

import pytest

from shared.bus.service import build
from shared.bus.work import OPENING_BOOK
from shared.events.envelope import encode
from shared.events.intake import Span, TakenIn
from shared.events.topics import TAKEN_IN
from shared.rebuild.remembering import remember
from shared.rebuild.retaking import OtherwiseError
from tests.integration.bus.conftest import Bench, Benches

_UNITS = "housing.unit-registered"
_MALFORMED = {
    "a command without its answer": (TakenIn(command=json.dumps({"kind": "propose"})), "KeyError"),
    "a command that is none": (TakenIn(command="7"), "TypeError"),
    "a partition that is not read": (TakenIn(read=(Span(topic=_UNITS, partition=99, begin=0, end=0),)), "no position"),
}


async def _say(bench: Bench, note: TakenIn) -> None:
    channel = TAKEN_IN["owners"]
    body = encode(
        channel, note, id="note-1", source="closebook/owners", time=datetime.now(UTC), book=OPENING_BOOK, aggver=1,
        correlation_id="n", causation_id="n",
    )  # fmt: skip
    await bench.kafka.send(channel.topic, body, key=b"n")


@pytest.mark.parametrize(("note", "named"), _MALFORMED.values(), ids=_MALFORMED)
async def test_a_note_that_cannot_be_followed_is_refused_with_what_to_do(
    benches: Benches, note: TakenIn, named: str
) -> None:
    bench = await benches("owners")
    await _say(bench, note)
    running = build(bench.service, bench.settings())
    try:
        with pytest.raises(OtherwiseError, match=named) as refused:
            await remember(running)
        assert "Restore a later backup" in str(refused.value)
    finally:
        await running.cuts.stop()
        await running.engine.dispose()
