"""An event on one of our topics names the service that owns it; anybody may speak for the housing system."""

import json
from pathlib import Path

import pytest

from shared.events.base import Event, EventData
from shared.events.decode import Reason, Record, Rejection, decode
from shared.events.topics import CHANNELS, LINE_OF_SERVICES, Channel

GOLDEN = Path(__file__).parent / "golden"
OURS = [channel for channel in CHANNELS if channel.owner in LINE_OF_SERVICES]
THEIRS = [channel for channel in CHANNELS if channel.owner not in LINE_OF_SERVICES]


def said_by(channel: Channel, source: str) -> Event[EventData] | Rejection:
    event = json.loads((GOLDEN / channel.topic / "min.json").read_text())
    return decode(Record(channel.topic, 0, 0, None, json.dumps(event | {"source": source}).encode()))


@pytest.mark.parametrize("channel", OURS, ids=lambda channel: channel.topic)
def test_an_event_of_ours_from_anybody_else_is_refused(channel: Channel) -> None:
    assert isinstance(said_by(channel, f"closebook/{channel.owner}"), Event)
    others = {f"closebook/{name}" for name in LINE_OF_SERVICES} - {f"closebook/{channel.owner}"}
    for source in (*others, "housing", f"closebook/{channel.owner}/x"):
        answer = said_by(channel, source)
        assert isinstance(answer, Rejection)
        assert (answer.reason, answer.field) == (Reason.WRONG_SOURCE, "source")


@pytest.mark.parametrize("channel", THEIRS, ids=lambda channel: channel.topic)
def test_any_producer_may_speak_for_the_housing_system(channel: Channel) -> None:
    assert isinstance(said_by(channel, "kcat/somebody"), Event)
