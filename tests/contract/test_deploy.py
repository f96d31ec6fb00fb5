"""What is deployed agrees with the code: compose and the image start every service, confined, with its own settings."""

import importlib
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.bus import service as bus
from shared.events.access import PRINCIPALS, SIMULATION
from shared.settings import ServiceSettings, variable
from tests.architecture.source import ROOT, SERVICES

COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
COMMAND_VARIABLES = {"CLOSEBOOK_REPLICAS", *(f"CLOSEBOOK_{service.upper()}_URL" for service in SERVICES)}
"""Read by commands, not by services."""

_VARIABLE = re.compile(r"\$\{(\w+)(:[?-][^}]*)?\}")
_OURS = re.compile(r"(CLOSEBOOK|OWNERS|BILLING|ARREARS|NOTIFY)_")
_MODULES = ("shared.cli.main", "shared.embedded.topics", "shared.embedded.acls")
"""What containers of compose and pods run besides services, from the image of owners."""
_LOCAL_MODULES = ("shared.cli.local_access", "shared.simulation.__main__")
"""What only compose runs: it makes tokens, or plays the housing system."""
_WITHOUT = """
import importlib, sys
for absent in {absent!r}:
    sys.modules[absent] = None
for name in {modules!r}:
    importlib.import_module(name)
if "shared.cli.commands" in sys.modules:
    sys.modules["shared.cli.commands"].application(sys.modules["shared.cli.commands"].COMMANDS)
"""


@cache
def compose() -> dict[str, Any]:
    found = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def container(name: str) -> dict[str, Any]:
    found = compose()["services"][name]
    assert isinstance(found, dict)
    return found


CONTAINERS = sorted(compose()["services"])


def settings_class(service: str) -> type[ServiceSettings]:
    kind: type[ServiceSettings] = importlib.import_module(f"services.{service}.settings").Settings
    return kind


def settings_of(service: str) -> set[str]:
    kind = settings_class(service)
    return {variable(kind, field) for field in kind.model_fields}


def every_setting() -> set[str]:
    return {name for service in SERVICES for name in settings_of(service)} | COMMAND_VARIABLES


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def drawn() -> dict[str, str]:
    """What `deploy/new-env` would write, with another value for each."""
    script = (ROOT / "deploy" / "new-env").read_text(encoding="utf-8")
    names = set(re.findall(r'echo "([A-Z_]+)=\$\(draw\)"', script))
    for loop, listed in re.findall(r"for (\w+) in ([A-Z ]+); do", script):
        names |= {
            f"{word}_{rest}" for word in listed.split() for rest in re.findall(rf"\$\{{{loop}\}}_([A-Z_]+)=", script)
        }
    return {name: f"drawn-{number}" for number, name in enumerate(sorted(names))}


def test_every_password_of_compose_is_drawn_and_every_drawn_one_is_used() -> None:
    named = dict(_VARIABLE.findall(COMPOSE.read_text(encoding="utf-8")))
    passwords = {name for name in named if name.endswith("PASSWORD")}

    assert passwords == set(drawn())
    assert all(named[name].startswith(":?") for name in passwords), "an empty password must not start"
    assert all(named[name].startswith(":-") for name in set(named) - passwords), "anything else has a default"


def test_no_password_is_written_down() -> None:
    for name in CONTAINERS:
        for key, value in container(name).get("environment", {}).items():
            assert "PASSWORD" not in key or value.startswith("${"), f"{name}: {key}"
            assert not re.search(r"://\w+:[^$][^@,]*@", str(value)), f"{name}: {key}"


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_is_confined(name: str) -> None:
    found = container(name)

    assert found["read_only"] is True
    assert found["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in found["security_opt"]
    assert int(str(found.get("user", "0")).split(":")[0]) > 0, "needs a user that is not root"
    assert {"mem_limit", "cpus", "pids_limit"} <= set(found)
    assert all(port.startswith("127.0.0.1:") for port in found.get("ports", []))


@pytest.mark.parametrize("name", CONTAINERS)
def test_containers_wait_for_what_they_need_and_it_can_be_waited_for(name: str) -> None:
    for needed, how in container(name).get("depends_on", {}).items():
        other = container(needed)
        if how["condition"] == "service_healthy":
            assert "healthcheck" in other
        else:
            assert how["condition"] == "service_completed_successfully"
            assert other["restart"] in ("on-failure", "no"), f"{needed} never completes"
        assert how.get("required", True) is False or other.get("profiles", []) in ([], container(name).get("profiles"))


@pytest.mark.parametrize("service", SERVICES)
def test_compose_starts_each_service_after_topics_rights_and_its_migrations(service: str) -> None:
    found, migration = container(service), container(f"migrate-{service}")

    version = "${CLOSEBOOK_VERSION:-" + str(settings_class(service).model_fields["version"].default) + "}"
    wanted = {"SERVICE": service, "VERSION": version, "PYTHON_IMAGE": compose()["x-images"]["python"]}
    assert found["build"]["args"] == wanted
    assert migration["image"] == found["image"]
    assert {"topics", "rights", f"migrate-{service}", "issuer"} <= set(found["depends_on"])
    assert (found["command"], migration["command"]) == (["serve"], ["migrate"])
    assert f"{service.upper()}_OWNER_DATABASE_URL" not in found["environment"], "only migrations may change tables"
    assert seconds(found["stop_grace_period"]) > 3 * bus._DRAIN_S


@pytest.mark.parametrize("name", [*SERVICES, *(f"migrate-{service}" for service in SERVICES)])
def test_a_service_understands_its_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = name.removeprefix("migrate-")
    for key in [key for key in os.environ if _OURS.match(key)]:
        monkeypatch.delenv(key)
    passwords = drawn()
    for key, value in container(name)["environment"].items():
        monkeypatch.setenv(key, _VARIABLE.sub(lambda found: passwords.get(found[1], (found[2] or "")[2:]), value))

    settings = settings_class(service)()

    assert settings.kafka_security == "SASL_PLAINTEXT"
    assert settings.kafka_username == f"closebook-{service}"
    assert settings.kafka_password is not None
    assert settings.kafka_password.get_secret_value() == passwords[f"{service.upper()}_KAFKA_PASSWORD"]
    assert f"{service}_app:{passwords[f'{service.upper()}_APP_PASSWORD']}@" in settings.database_url.get_secret_value()


@pytest.mark.parametrize("name", ["notify", "migrate-notify"])
def test_no_copies_of_letters_are_kept_unless_somebody_asks_for_them(name: str) -> None:
    """Erasing a person does not reach them."""
    assert container(name)["environment"].get("NOTIFY_FILES_DIR", "${NOTIFY_FILES_DIR:-}") == "${NOTIFY_FILES_DIR:-}"


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_setting_named_in_compose_exists(name: str) -> None:
    if not container(name)["image"].startswith("closebook-"):
        return
    named = {key for key in container(name).get("environment", {}) if _OURS.match(key)}

    assert named <= every_setting()


def signs_in() -> dict[str, str]:
    """The Kafka user of every container that has one."""
    environments = {name: container(name).get("environment", {}) for name in CONTAINERS}
    return {
        name: found["CLOSEBOOK_KAFKA_USERNAME"] for name, found in environments.items() if "CLOSEBOOK_KAFKA" in found
    }


def test_kafka_lets_nobody_in_from_outside_without_an_account() -> None:
    """So whoever has no name (ANONYMOUS) is inside the broker's own network, and may do all."""
    broker = container("kafka")["environment"]
    kinds = dict(pair.split(":") for pair in broker["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(","))
    listeners = dict(listener.split("://") for listener in broker["KAFKA_LISTENERS"].split(","))

    for name, address in listeners.items():
        assert kinds[name].startswith("SASL_") or address.startswith("127.0.0.1:"), name
    assert "ports" not in container("kafka")
    assert [name for name in CONTAINERS if container(name).get("network_mode")] == ["demo-user", "kafka-users"]
    assert broker["KAFKA_AUTHORIZER_CLASS_NAME"].endswith(".StandardAuthorizer")
    assert broker["KAFKA_SUPER_USERS"] == "User:ANONYMOUS;User:closebook-operator"
    assert "KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND" not in broker


def test_every_kafka_user_has_an_account_and_the_simulation_only_in_the_demo() -> None:
    made = {name: container(name)["environment"]["USERS"].split() for name in ("kafka-users", "demo-user")}

    assert made == {"kafka-users": [*PRINCIPALS[:4], "operator", "calendar", "housing"], "demo-user": [SIMULATION]}
    for name, users in made.items():
        assert container(name)["network_mode"] == "service:kafka"
        assert {user.upper() for user in users} <= set(container(name)["environment"])
    accounts = {f"closebook-{user}" for users in made.values() for user in users}
    assert accounts - set(signs_in().values()) == {"closebook-housing"}, "the real one is not part of compose"
    assert set(signs_in().values()) <= accounts


def test_the_operator_grants_rights_before_anybody_needs_them_and_the_simulation_its_own_in_the_demo() -> None:
    for name, arguments in (("rights", []), ("demo-rights", ["--simulation"])):
        assert container(name)["entrypoint"] == ["python", "-m", "shared.embedded.acls"]
        assert container(name)["command"] == arguments
        assert "topics" in container(name)["depends_on"]
    operators = {name for name, user in signs_in().items() if user == "closebook-operator"}
    assert operators == {"topics", "rights", "demo-rights", "closebook"}
    waiting = {name for name in signs_in() if "rights" in container(name).get("depends_on", {})}
    assert waiting == {*SERVICES, "scheduler"}
    assert {"demo-user", "demo-rights"} <= set(container("housing")["depends_on"])


def test_profiles_are_the_demo_the_figures_and_the_commands() -> None:
    profiled = {name: container(name)["profiles"] for name in CONTAINERS if "profiles" in container(name)}

    demo = {name: ["demo"] for name in ("housing", "demo-user", "demo-rights")}
    assert profiled == {**demo, "prometheus": ["observe"], "grafana": ["observe"], "closebook": ["commands"]}
    assert not container("scheduler")["depends_on"]["housing"]["required"], "both end days: one after the other"


def test_files_that_are_mounted_lie_where_they_are_looked_for() -> None:
    mounted = [
        volume.split(":")[0] for name in CONTAINERS for volume in container(name).get("volumes", []) if volume[0] == "."
    ]

    assert all((ROOT / path).exists() for path in mounted if "/observe/" not in path)
    assert {path for path in mounted if "/observe/" in path} == {
        "./deploy/observe/prometheus.yml",
        "./deploy/observe/alerts.yml",
        "./deploy/observe/grafana/provisioning",
        "./deploy/observe/grafana/dashboards",
    }


def test_the_image_has_stages_no_root_and_only_what_the_lock_names() -> None:
    recipe = DOCKERFILE.read_text(encoding="utf-8")

    assert len(re.findall(r"^FROM ", recipe, re.MULTILINE)) >= 2
    assert re.findall(r"^USER (\S+)$", recipe, re.MULTILINE)[-1] == "10001:10001"
    assert "--require-hashes" in recipe
    assert not re.search(r"^ADD ", recipe, re.MULTILINE)
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", recipe, re.MULTILINE):
        for path in source.replace("${SERVICE}", "billing").split():
            assert (ROOT / path).exists(), path


def test_what_an_image_was_built_from_stands_in_its_lines_and_on_its_label() -> None:
    last = stage("image")

    given = re.findall(r"^ARG VERSION=(\S+)$", last, re.MULTILINE)
    assert given == [settings_class("owners").model_fields["version"].default]
    assert re.findall(r"^ENV (\w+)=\$\{VERSION\}$", last, re.MULTILINE) == [variable(ServiceSettings, "version")]
    assert re.findall(r"^LABEL (\S+)=\$\{VERSION\}$", last, re.MULTILINE) == ["org.opencontainers.image.version"]


def test_what_the_containers_run_needs_nothing_that_the_image_leaves_out() -> None:
    """Packages of the embedded servers and of tests are absent; so is every other service's code."""
    left_out = (ROOT / "deploy" / "not-in-image.txt").read_text(encoding="utf-8").split()
    absent = [name.replace("-", "_") for name in left_out] + [
        "pytest",
        "hypothesis",
        "psutil",
        "testcontainers",
        "yaml",
    ]
    for service in SERVICES:
        others = [f"services.{other}" for other in SERVICES if other != service]
        modules = [f"services.{service}.app", *(_MODULES if service == "owners" else ())]
        imports(modules, without=[*absent, *others, *kept_apart()])
    imports(_LOCAL_MODULES, without=[*absent, *(f"services.{other}" for other in SERVICES if other != "owners")])


def imports(modules: Iterable[str], without: list[str]) -> None:
    code = _WITHOUT.format(absent=without, modules=list(modules))
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def stage(name: str) -> str:
    """A stage of the recipe."""
    return re.split(rf"^FROM \S+ AS {name}$", DOCKERFILE.read_text(encoding="utf-8"), flags=re.M)[1].split("\nFROM ")[0]


def kept_apart() -> list[str]:
    """The modules that the image of a service is without."""
    moved = re.search(r"mv (.+) /local/shared/", stage("code"))
    return [f"shared.{path.removesuffix('.py')}" for path in moved[1].split()] if moved else []


def test_what_makes_tokens_and_invents_a_housing_system_is_in_no_image_of_a_service() -> None:
    """S54: the image that compose makes for this machine has it besides; the last stage, so the default, has not."""
    recipe = DOCKERFILE.read_text(encoding="utf-8")
    assert set(kept_apart()) == {"shared.simulation", "shared.local_issuer"}
    assert all((ROOT / module.replace(".", "/")).exists() or (ROOT / f"{module.replace('.', '/')}.py").exists()
               for module in kept_apart())  # fmt: skip
    assert re.search(r"mv .*\n.*compileall", stage("code")), "no compiled copy stays behind"
    assert re.findall(r"^COPY .*/local.*$", recipe, re.MULTILINE) == ["COPY --from=code /local /app"]
    assert "COPY --from=code /local /app" in stage("local")
    assert recipe.rstrip().rpartition("\n")[2] == "FROM image"
    local = {name for name in CONTAINERS if container(name)["image"] == "closebook-local"}
    built_local = [name for name in CONTAINERS if container(name).get("build", {}).get("target") == "local"]
    assert [container(name)["image"] for name in built_local] == ["closebook-local"]
    assert local == {name for name in CONTAINERS if set(container(name).get("entrypoint", [])) & runs_apart()}
    assert local == {"issuer", "housing"}


def runs_apart() -> set[str]:
    return {module.removesuffix(".__main__") for module in _LOCAL_MODULES}


def test_the_wheel_has_templates_migrations_and_schemas(tmp_path: Path) -> None:
    """Built in a copy, as `pip install .` would; Python ignores a file that is missing until somebody needs it."""
    code = "import sys, setuptools.build_meta as build; print(build.build_wheel(sys.argv[1]))"
    names = ("pyproject.toml", "services", "shared")
    copy = tmp_path / "source"
    copy.mkdir()
    subprocess.run(["cp", "-r", *(str(ROOT / name) for name in names), str(copy)], check=True)
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=copy, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    wheel = next(tmp_path.glob("*.whl"))

    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        path.relative_to(ROOT).as_posix()
        for room in ("services", "shared")
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md"
    }

    assert wanted - inside == set()
    assert any(name.endswith("templates/letter.typ") for name in inside)
    assert all(f"services/{service}/db/migrations/versions" in "\n".join(inside) for service in SERVICES)
