"""Where a command finds the services."""

from pathlib import Path

import pytest

from shared.cli.environment import resolve
from shared.cli.errors import CliError, ExitCode


def stack_file(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "stack.env").write_text(text)
    return folder


def test_the_environment_wins_over_the_stack_file(tmp_path: Path) -> None:
    stack_file(tmp_path, "CLOSEBOOK_KAFKA=127.0.0.1:1\nCLOSEBOOK_BILLING_URL=http://127.0.0.1:2\n")
    found = resolve(tmp_path, {"CLOSEBOOK_KAFKA": "kafka.example:9092"})
    assert found.kafka == "kafka.example:9092"
    assert found.url("billing") == "http://127.0.0.1:2"


def test_closebook_data_names_the_folder(tmp_path: Path) -> None:
    stack_file(tmp_path, "CLOSEBOOK_KAFKA=127.0.0.1:1\n")
    assert resolve(None, {"CLOSEBOOK_DATA": str(tmp_path)}).kafka == "127.0.0.1:1"


def test_the_option_wins_over_closebook_data(tmp_path: Path) -> None:
    stack_file(tmp_path / "a", "CLOSEBOOK_KAFKA=127.0.0.1:1\n")
    stack_file(tmp_path / "b", "CLOSEBOOK_KAFKA=127.0.0.1:2\n")
    assert resolve(tmp_path / "b", {"CLOSEBOOK_DATA": str(tmp_path / "a")}).kafka == "127.0.0.1:2"


def test_comments_quotes_and_export_are_understood(tmp_path: Path) -> None:
    stack_file(tmp_path, '# made by up\n\nexport CLOSEBOOK_KAFKA="127.0.0.1:1"\n')
    assert resolve(tmp_path, {}).kafka == "127.0.0.1:1"


def test_a_token_read_from_a_file_may_end_its_line_and_one_that_was_spoilt_is_told(tmp_path: Path) -> None:
    assert resolve(tmp_path, {"CLOSEBOOK_TOKEN": "a.b.c\n"}).token("finance") == "a.b.c"
    for spoilt in ("a.b.\u00e9", "a.b\n.c"):
        with pytest.raises(CliError) as caught:
            resolve(tmp_path, {"CLOSEBOOK_TOKEN": spoilt}).token("finance")
        assert (caught.value.code, "CLOSEBOOK_TOKEN_FINANCE" in caught.value.next_step) == (ExitCode.USAGE, True)


def test_nothing_running_is_said_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(CliError, match="Nothing is running that I know of") as raised:
        _ = resolve(tmp_path / "none", {}).kafka
    assert raised.value.code == ExitCode.USAGE
    assert "closebook up" in raised.value.next_step


def test_one_token_for_all_wins_over_the_role_s_own(tmp_path: Path) -> None:
    assert resolve(tmp_path, {"CLOSEBOOK_TOKEN": "one", "CLOSEBOOK_TOKEN_AUDITOR": "own"}).token("auditor") == "one"
    assert resolve(tmp_path, {"CLOSEBOOK_TOKEN_LEAD_OFFICER": "own"}).token("lead-officer") == "own"


def test_an_unknown_service_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(CliError, match="no service called 'kafka'"):
        resolve(tmp_path, {}).url("kafka")
