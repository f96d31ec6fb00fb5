"""Secrets that are mounted as files, for what is no service: it reads them as services do."""

import os
from pathlib import Path

import pytest

from shared.cli.environment import resolve
from shared.cli.errors import CliError, ExitCode
from shared.kafka_security import KafkaSecurity
from shared.secret_files import variables

SASL = {
    "CLOSEBOOK_KAFKA": "kafka:9093",
    "CLOSEBOOK_KAFKA_SECURITY": "SASL_SSL",
    "CLOSEBOOK_KAFKA_USERNAME": "closebook-operator",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As Kubernetes mounts a secret: each file is a link into a folder that is exchanged as a whole."""
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "..2026" / "CLOSEBOOK_KAFKA_PASSWORD").write_text("hers\n")
    (tmp_path / "CLOSEBOOK_KAFKA_PASSWORD").symlink_to("..data/CLOSEBOOK_KAFKA_PASSWORD")
    return tmp_path


def test_a_file_is_a_variable_without_the_end_of_its_line(folder: Path) -> None:
    found = variables({**SASL, "CLOSEBOOK_SECRETS": str(folder)})

    assert found == {**SASL, "CLOSEBOOK_SECRETS": str(folder), "CLOSEBOOK_KAFKA_PASSWORD": "hers"}
    assert KafkaSecurity.of(found).password == "hers"


def test_a_variable_wins_over_a_file_as_with_services(folder: Path) -> None:
    found = variables({"CLOSEBOOK_SECRETS": str(folder), "CLOSEBOOK_KAFKA_PASSWORD": "his"})
    assert found["CLOSEBOOK_KAFKA_PASSWORD"] == "his"


@pytest.mark.parametrize("named", [{}, {"CLOSEBOOK_SECRETS": ""}, {"CLOSEBOOK_SECRETS": "/there/is/none"}])
def test_without_a_folder_there_is_the_environment_alone(named: dict[str, str]) -> None:
    assert variables({**SASL, **named}) == {**SASL, **named}


def test_a_command_finds_them_too_before_the_stack_file(folder: Path) -> None:
    (folder / "stack.env").write_text("CLOSEBOOK_KAFKA_PASSWORD=old\nCLOSEBOOK_TOPIC_PREFIX=x.\n")
    found = resolve(folder, {**SASL, "CLOSEBOOK_SECRETS": str(folder)})
    assert (found.kafka_access.password, found.topic_prefix) == ("hers", "x.")


def test_a_file_that_nobody_may_read_is_one_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, *_: object, **__: object) -> str:
        raise PermissionError(13, os.strerror(13), str(path))

    monkeypatch.setattr(Path, "read_text", refused)
    with pytest.raises(CliError, match="CLOSEBOOK_KAFKA_PASSWORD") as told:
        resolve(folder / "none", {"CLOSEBOOK_SECRETS": str(folder)})
    assert told.value.code == ExitCode.USAGE
