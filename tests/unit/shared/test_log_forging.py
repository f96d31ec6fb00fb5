"""Whatever a field holds, an event of the log is one line, and nobody else's words are a field of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.log_events import LogEvent
from shared.log_lines import Envelope, Renderer

FORGED = '{"event.name":"day_closed","service.name":"billing"}'
HOSTILE = [
    f"x\n{FORGED}",
    f"x\r\n{FORGED}",
    f'x"}}\n{FORGED}',
    f"x\u2028{FORGED}",
    f"x\x85{FORGED}",
    "\x1b[2K",
    "\x00",
    "\\",
]


def assert_one_line(words: str) -> None:
    fields = dict.fromkeys(("topic", "event_id", "detail", "reason", "key"), words)
    line = Renderer(Envelope("owners", "0.1.0", "host-1", "test")).render(
        (1_790_000_000_123_456_789, LogEvent.EVENT, fields)
    )
    assert line.endswith("\n")
    assert not {"\n", "\r", "\x00", "\x1b"} & set(line[:-1])
    read = json.loads(line)
    assert (read["event.name"], read["service.name"]) == ("event", "owners")
    assert read["app.event_id"] == words


@pytest.mark.parametrize("words", HOSTILE)
def test_a_forged_line_stays_inside_its_field(words: str) -> None:
    assert_one_line(words)


@given(st.text(max_size=80))
def test_any_words_are_one_line(words: str) -> None:
    assert_one_line(words)
