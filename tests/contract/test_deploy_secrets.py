"""Who holds which secret where Closebook is deployed: keys that sign, passwords, tokens."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, SERVICES, name
from tests.contract.test_deploy import CONTAINERS, container
from tests.contract.test_docs import PAGES

MAKE_ACCOUNTS = ("kafka-users", "demo-user")
KAFKAS_TOOL = "/opt/kafka/bin/kafka-configs.sh"
RECORDER = """#!/usr/bin/env bash
echo "$@" >> "$RECORD/words"
while [ "$1" != --add-config-file ]; do shift; done
stat -c %a "$2" >> "$RECORD/modes"
cat "$2" >> "$RECORD/files"
"""
"""Kafka's tool as an onlooker sees it: the words of its command line, and apart from them the file it was given."""

RECIPE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")


def mounted(one: str) -> dict[str, str]:
    """The volumes of a container: where each is seen, with ``:ro`` where it only reads."""
    parts = [volume.partition(":") for volume in container(one).get("volumes", [])]
    return {volume: place for volume, _, place in parts}


def issuers_folders() -> tuple[str, str]:
    """Where the issuer of tokens keeps what signs, and where it puts what anybody may know."""
    signing, public = container("issuer")["command"]
    return signing, public


def test_only_the_issuer_and_the_commands_mount_what_signs_tokens() -> None:
    signing, public = issuers_folders()
    secret, known = (
        next(volume for volume, at in mounted("issuer").items() if at == place) for place in (signing, public)
    )

    assert secret != known
    assert {one for one in CONTAINERS if secret in mounted(one)} == {"issuer", "closebook"}
    assert {one for one in CONTAINERS if known in mounted(one)} == {"issuer", *SERVICES}
    assert mounted("closebook")[secret] == f"{signing}:ro"
    assert f"{signing}/tokens.env" in container("closebook")["entrypoint"][2]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_the_public_keys_and_cannot_change_them(service: str) -> None:
    _, public = issuers_folders()

    assert f"{public}:ro" in mounted(service).values()
    assert container(service)["environment"]["CLOSEBOOK_JWKS"] == f"{public}/jwks.json"


def test_the_image_has_the_folders_so_that_a_new_volume_is_the_users() -> None:
    assert set(issuers_folders()) <= set(RECIPE.partition("install -d")[2].partition("\n")[0].split())


def words_of(one: str) -> str:
    """Everything of a container that stands on a command line of its."""
    found = container(one)
    return str([found.get("entrypoint"), found.get("command"), found.get("healthcheck", {}).get("test")])


@pytest.mark.parametrize("one", CONTAINERS)
def test_no_command_of_a_container_carries_a_password(one: str) -> None:
    """Every user of the machine sees command lines, and `docker inspect` keeps them."""
    assert not re.search(r"(?<!\$)\$\{?\w*PASSWORD", words_of(one))
    assert not re.search(r"--add-config[ =]|--password|PGPASSWORD", words_of(one))


@pytest.mark.parametrize("one", MAKE_ACCOUNTS)
def test_accounts_are_made_from_a_file_that_only_its_user_reads_and_that_is_gone_after(
    one: str, tmp_path: Path
) -> None:
    users, folder = container(one)["environment"]["USERS"].split(), tmp_path / "tmp"
    folder.mkdir()
    tool = tmp_path / "kafka-configs.sh"
    tool.write_text(RECORDER)
    tool.chmod(0o755)
    passwords = {user.upper(): f"word of {user}\\" for user in users}

    shell(one, tool, folder, {**passwords, "RECORD": str(tmp_path), "USERS": " ".join(users)})

    words = (tmp_path / "words").read_text()
    assert all(f"--entity-name closebook-{user} --add-config-file" in words for user in users)
    assert "word of" not in words
    assert set((tmp_path / "modes").read_text().split()) == {"600"}
    given = (tmp_path / "files").read_text().splitlines()
    assert given == [f"SCRAM-SHA-512=password=word of {user}\\\\" for user in users], "a file of properties"
    assert list(folder.iterdir()) == []


def shell(one: str, tool: Path, folder: Path, variables: dict[str, str]) -> None:
    """Run the script of a container with another tool and another folder for what is in memory there."""
    assert container(one)["entrypoint"] == ["bash", "-c"]
    assert "/tmp" in container(one)["tmpfs"], "in memory"
    (script,) = container(one)["command"]
    here = script.replace("$$", "$").replace("/tmp/", f"{folder}/").replace(KAFKAS_TOOL, str(tool))
    environment = {"PATH": "/usr/bin:/bin", **variables}
    subprocess.run(["bash", "-c", here], env=environment, check=True, capture_output=True)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_command_of_a_page_carries_a_password(page: Path) -> None:
    """`\\password` asks for it, and sends the server a hash."""
    for line in re.findall(r"^\$ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
        assert "password" not in re.sub(r"\\password [\w<>]+", "", line.lower()), line
