"""A service's process names the verbs that a person may type, the same as the operator's page, and no other."""

import re
import sys

import pytest

from services.owners.app import build
from services.owners.settings import Settings
from shared.bus.process import main
from shared.exit_codes import EXIT_CONFIGURATION
from tests.architecture.source import ROOT


@pytest.mark.parametrize("typed", [[], ["help"], ["serve", "now"]])
def test_another_verb_is_answered_with_those_of_the_operators_page(
    typed: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["owners", *typed])
    page = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")

    with pytest.raises(SystemExit) as end:
        main(build, Settings)

    usage = re.fullmatch(r"usage: python -m services\.owners (\S+)\n", capsys.readouterr().err)
    assert end.value.code == EXIT_CONFIGURATION
    assert usage
    assert set(usage[1].split("|")) == set(
        re.findall(r"^\| `python -m services\.billing ([a-z]+)` \|", page, re.MULTILINE)
    )
