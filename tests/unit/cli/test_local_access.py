"""Tokens of this machine's own: made anew as often as it is asked, and accepted by whoever knows the key set."""

import json
import subprocess
from pathlib import Path

import pytest

from shared.cli import local_access
from shared.cli.environment import read_stack_file
from shared.local_issuer import LocalIssuer
from tests.support.staff import verifier_of


async def test_new_tokens_are_accepted_without_a_restart_of_any_service(tmp_path: Path) -> None:
    assert local_access.main([str(tmp_path)]) == 0
    keys = (tmp_path / "jwks.json").read_bytes()
    running = verifier_of(LocalIssuer.open(tmp_path))
    tokens = tmp_path / "tokens.env"
    tokens.write_text("CLOSEBOOK_TOKEN=of last month\n")
    assert local_access.main([str(tmp_path)]) == 0
    assert (tmp_path / "jwks.json").read_bytes() == keys
    made = dict(line.split("=", 1) for line in tokens.read_text().splitlines())
    assert (await running.verify(made["CLOSEBOOK_TOKEN_FINANCE"])).roles == {"finance"}
    assert (await running.verify(made["CLOSEBOOK_TOKEN"])).subject == "local-demo"


def test_what_the_services_are_shown_is_the_public_keys_and_nothing_else(tmp_path: Path) -> None:
    """In compose they see the second folder; the first has what signs, and the tokens."""
    signing, public = tmp_path / "issuer", tmp_path / "keys"
    for _ in ("the first start", "new tokens a month later"):
        assert local_access.main([str(signing), str(public)]) == 0
        assert [file.name for file in public.iterdir()] == ["jwks.json"]
        assert (public / "jwks.json").read_bytes() == (signing / "jwks.json").read_bytes()
    (key,) = json.loads((public / "jwks.json").read_text())["keys"]
    assert "d" not in key, "the private part of a key"


@pytest.mark.parametrize("words", [[], ["one", "two", "three"]])
def test_other_words_are_a_mistake_of_the_caller(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert local_access.main(words) == 64
    assert "python -m shared.cli.local_access" in capsys.readouterr().err


@pytest.mark.parametrize(
    "value",
    [
        "",
        "127.0.0.1:1",
        "Closebook <factor@example.org>",
        "postgresql://u:p@h:1/db?a=b&c=d",
        "/home/O'Neil's \"work\"/$x",
    ],
)
def test_a_shell_and_the_commands_read_what_was_written(tmp_path: Path, value: str) -> None:
    file = tmp_path / "stack.env"
    local_access.write_private(file, {"NOTIFY_SENDER": value, "CLOSEBOOK_TOKEN": "a.b.c"})
    script = 'set -e; . "$1"; printf "%s|%s" "$NOTIFY_SENDER" "$CLOSEBOOK_TOKEN"'
    shell = subprocess.run(["sh", "-c", script, "sh", file], capture_output=True, text=True, check=False)
    assert (shell.stdout, shell.stderr) == (f"{value}|a.b.c", "")
    assert read_stack_file(file)["NOTIFY_SENDER"] == value
