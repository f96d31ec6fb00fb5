"""What others wrote reaches a terminal as text: no character of theirs steers it."""

import json

import pytest

from shared.cli import output

FOREIGN = "a\x1b]0;title\x07b\x9b2Jc\x7f\r\u202ed\te"
SHOWN = r"a\x1b]0;title\x07b\x9b2Jc\x7f\r\u202ed"


def test_a_line_and_a_table_show_what_would_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    output.tell(FOREIGN)
    output.say(FOREIGN)
    output.show(output.table(FOREIGN, ("c",), [(FOREIGN,)]))
    told = capsys.readouterr()

    assert (told.out.count(SHOWN), told.err.count(SHOWN)) == (3, 1)
    assert {char for char in told.out + told.err if not char.isprintable()} <= {"\n", "\t"}


def test_a_document_is_the_same_and_steers_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    output.write_json({FOREIGN: [FOREIGN]})
    told = capsys.readouterr().out

    assert json.loads(told) == {FOREIGN: [FOREIGN]}
    assert {char for char in told if not char.isprintable()} == {"\n"}
