"""The runbooks as a machine reads them: blocks of commands, each with the exit code it is to end with."""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.source import ROOT

PAGES = sorted(page for page in (ROOT / "docs" / "runbooks").glob("*.md") if page.stem != "README")
_BLOCK = re.compile(r"^```\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"^\$ (.+?)(?:   # ends with (\d+).*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Command:
    """One line to be typed, with its placeholders."""

    line: str
    code: int

    @property
    def placeholders(self) -> set[str]:
        """What stands in angle brackets."""
        return set(re.findall(r"<([A-Za-z-]+)>", self.line))


def before_all() -> str:
    """Return what the runbooks' first page lets an operator type before anything else, as a script."""
    block, *others = commands(ROOT / "docs" / "runbooks" / "README.md")
    assert not others, "one block is typed before the others"
    return "".join(f"{command.line}\n" for command in block)


def commands(page: Path) -> list[list[Command]]:
    """Return a page's blocks of commands, in order."""
    blocks = _BLOCK.findall(page.read_text(encoding="utf-8"))
    found = [[Command(line, int(code or 0)) for line, code in _COMMAND.findall(block)] for block in blocks]
    return [block for block in found if block]
