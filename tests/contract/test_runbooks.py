"""Each runbook's commands stand in blocks, so that they can be copied, and a test can execute them."""

import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, name
from tests.support.runbooks import PAGES, commands

_INLINE = re.compile(r"`(closebook [^`]+|python -m [^`]+|psql [^`]+|curl [^`]+|kcat [^`]+)`")
_MENTION = re.compile(r"closebook [a-z-]+( --help)?$")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_has_commands_and_only_in_blocks(page: Path) -> None:
    assert commands(page), "no command"
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    listed = {one.line for block in commands(page) for one in block}
    for inline in _INLINE.findall(prose):
        assert _MENTION.fullmatch(inline) or inline in listed, f"`{inline}` stands in no block"


def test_pages_are_found() -> None:
    assert len(PAGES) == len(list((ROOT / "docs" / "runbooks").glob("*.md"))) - 1 > 20
