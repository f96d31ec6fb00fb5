"""The Kubernetes files: valid by Kubernetes' own schemas, complete, confined, and in agreement with the code."""

import importlib
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import kubernetes_validate
import pytest
import yaml

from shared.bus import service as bus
from shared.kafka_security import KafkaSecurity
from shared.settings import read
from tests.architecture.source import ROOT, SERVICES
from tests.contract.test_deploy import every_setting, settings_class

FOLDER = ROOT / "deploy" / "kubernetes"
KUBERNETES = "1.37"
FILES = sorted(path.name for path in FOLDER.glob("*.yaml"))
WORKLOADS = ("Deployment", "Job")
JOBS = {"topics", "rights", *(f"migrate-{service}" for service in SERVICES)}
_KEDA = jsonschema_rs.validator_for(json.loads(Path(__file__).with_name("keda.schema.json").read_text()))

Manifest = dict[str, Any]


def documents(file: str) -> list[Manifest]:
    return list(yaml.safe_load_all((FOLDER / file).read_text(encoding="utf-8")))


KUSTOMIZATION = documents("kustomization.yaml")[0]
MANIFESTS = [manifest for file in FILES if file != "kustomization.yaml" for manifest in documents(file)]


def title(manifest: Manifest) -> str:
    return f"{manifest['kind']}-{manifest['metadata']['name']}"


def of(kind: str, name: str) -> Manifest:
    return next(manifest for manifest in MANIFESTS if title(manifest) == f"{kind}-{name}")


def workloads() -> list[Manifest]:
    return [manifest for manifest in MANIFESTS if manifest["kind"] in WORKLOADS]


def pod(manifest: Manifest) -> Manifest:
    found = manifest["spec"]["template"]["spec"]
    assert isinstance(found, dict)
    return found


def container(manifest: Manifest) -> Manifest:
    (only,) = pod(manifest)["containers"]
    assert isinstance(only, dict)
    return only


def secret_names(manifest: Manifest) -> set[str]:
    """Every secret a workload reads."""
    return set(re.findall(r"'secret(?:Name)?': (?:\{'name': )?'([\w-]+)'", str(pod(manifest)["volumes"])))


def environment(manifest: Manifest) -> dict[str, str]:
    """What a workload's process finds in its environment: no secret (below)."""
    found: dict[str, str] = {}
    for source in container(manifest)["envFrom"]:
        found |= of("ConfigMap", source["configMapRef"]["name"])["data"]
    return found | {entry["name"]: entry["value"] for entry in container(manifest).get("env", [])}


@pytest.mark.parametrize("manifest", MANIFESTS, ids=title)
def test_every_manifest_is_valid(manifest: Manifest) -> None:
    if manifest["apiVersion"].startswith("keda.sh/"):
        assert [error.message for error in _KEDA.iter_errors(manifest)] == []
    else:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_a_misspelt_field_is_not_valid() -> None:
    """The schemas are strict, or the test above would prove nothing."""
    wrong = json.loads(json.dumps(of("Deployment", "owners")))
    pod(wrong)["terminationGracePeriod"] = 45
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES, strict=True)

    scaled = json.loads(json.dumps(of("ScaledObject", "owners")))
    scaled["spec"]["maxReplicas"] = 4
    assert not _KEDA.is_valid(scaled)


def test_the_kustomization_applies_every_file_and_knows_every_image() -> None:
    images = {f"{image['name']}:{image['newTag']}" for image in KUSTOMIZATION["images"]}

    assert sorted(KUSTOMIZATION["resources"]) == [file for file in FILES if file != "kustomization.yaml"]
    assert images == {container(manifest)["image"] for manifest in workloads()}
    assert KUSTOMIZATION["namespace"] == of("Namespace", "closebook")["metadata"]["name"]
    assert set(KUSTOMIZATION) == {"apiVersion", "kind", "namespace", "labels", "resources", "images"}


@pytest.mark.parametrize("kind", ["Deployment", "Service", "PodDisruptionBudget", "ScaledObject", "NetworkPolicy"])
def test_every_service_has_its(kind: str) -> None:
    assert {f"{kind}-{service}" for service in SERVICES} <= {title(manifest) for manifest in MANIFESTS}


def test_jobs_make_topics_grant_rights_and_migrate_every_service() -> None:
    assert {manifest["metadata"]["name"] for manifest in workloads() if manifest["kind"] == "Job"} == JOBS
    for name, module in (("topics", "topics"), ("rights", "acls")):
        job = of("Job", name)
        assert container(job)["command"] == ["python", "-m", f"shared.embedded.{module}"]
        assert secret_names(job) == {"closebook-operator"}
    for service in SERVICES:
        job = of("Job", f"migrate-{service}")
        assert container(job)["args"] == ["migrate"]
        assert secret_names(job) == {f"closebook-{service}", f"closebook-{service}-migrate"}
        assert secret_names(of("Deployment", service)) == {f"closebook-{service}"}, "it may not change tables"


@pytest.mark.parametrize("manifest", workloads(), ids=title)
def test_every_pod_is_confined(manifest: Manifest) -> None:
    found, process = pod(manifest), container(manifest)

    assert found["securityContext"]["runAsNonRoot"] is True
    assert found["securityContext"]["runAsUser"] == 10001
    assert found["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert found["automountServiceAccountToken"] is False
    assert found["enableServiceLinks"] is False
    assert process["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(process["resources"]["limits"]) == set(process["resources"]["requests"]) == {"cpu", "memory"}
    assert {mount["name"] for mount in process["volumeMounts"]} == {volume["name"] for volume in found["volumes"]}
    assert any(mount["mountPath"] == "/tmp" for mount in process["volumeMounts"])


@pytest.mark.parametrize("manifest", workloads(), ids=title)
def test_every_setting_named_exists_and_no_secret_is_written_down(manifest: Manifest) -> None:
    named = environment(manifest)

    assert set(named) - {"CLOSEBOOK_SECRETS"} <= every_setting()
    assert not [name for name in named if name.endswith(("PASSWORD", "DATABASE_URL"))]
    assert not [found for found in MANIFESTS if found["kind"] == "Secret"]


@pytest.mark.parametrize("manifest", workloads(), ids=title)
def test_secrets_are_files_and_never_in_an_environment(manifest: Manifest) -> None:
    """A crash report, a child process and `kubectl exec env` show an environment."""
    process = container(manifest)
    mounts = {mount["name"]: mount for mount in process["volumeMounts"]}

    assert all(set(entry) == {"name", "value"} for entry in process.get("env", []))
    assert all(set(source) == {"configMapRef"} for source in process["envFrom"])
    assert secret_names(manifest)
    assert environment(manifest)["CLOSEBOOK_SECRETS"] == mounts["secrets"]["mountPath"]
    assert mounts["secrets"]["readOnly"] is True
    (secrets,) = [volume for volume in pod(manifest)["volumes"] if volume["name"] == "secrets"]
    assert secrets.get("secret", secrets.get("projected"))["defaultMode"] == 0o440


@pytest.mark.parametrize(
    ("kind", "name", "module", "speaks"),
    [
        ("Job", "topics", "shared.embedded.topics", "provision"),
        ("Job", "rights", "shared.embedded.acls", "grant"),
        ("Deployment", "scheduler", "shared.cli.scheduler", "run"),
    ],
)
def test_jobs_and_the_scheduler_sign_in_with_what_is_mounted(
    kind: str, name: str, module: str, speaks: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As far as the call that speaks to Kafka, which is told the user and the password of the file."""
    manifest, code, said = of(kind, name), importlib.import_module(module), []
    for key in [key for key in os.environ if key.startswith("CLOSEBOOK_")]:
        monkeypatch.delenv(key)
    (tmp_path / "CLOSEBOOK_KAFKA_PASSWORD").write_text("mounted\n")
    for key, value in {**environment(manifest), "CLOSEBOOK_SECRETS": str(tmp_path)}.items():
        monkeypatch.setenv(key, value)

    async def heard(*arguments: object, **more: object) -> None:
        said.extend([*arguments, *more.values()])

    monkeypatch.setattr(code, speaks, heard)
    monkeypatch.setattr(KafkaSecurity, "context", None)
    monkeypatch.setattr(sys, "argv", [name])
    code.scheduler(data=tmp_path) if name == "scheduler" else code.main()

    (account,) = secret_names(manifest)
    assert "'mounted'" in str([vars_of(one) for one in said])
    assert account in str([vars_of(one) for one in said])


def vars_of(found: object) -> object:
    """What a call was given, secrets and all, which no repr shows."""
    access = getattr(found, "access", found)
    return access.options() if isinstance(access, KafkaSecurity) else found


@pytest.mark.parametrize("name", [*SERVICES, *(f"migrate-{service}" for service in SERVICES)])
def test_a_service_understands_configmaps_and_secret_files(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    service = name.removeprefix("migrate-")
    manifest = of("Deployment" if name in SERVICES else "Job", name)
    for key in [key for key in os.environ if key.startswith(("CLOSEBOOK_", f"{service.upper()}_"))]:
        monkeypatch.delenv(key)
    for key, value in environment(manifest).items():
        monkeypatch.setenv(key, value)
    mounts = {mount["name"]: mount["mountPath"] for mount in container(manifest)["volumeMounts"]}
    assert environment(manifest)["CLOSEBOOK_SECRETS"] == mounts["secrets"]
    monkeypatch.setenv("CLOSEBOOK_SECRETS", str(tmp_path))
    for secret in (f"{service.upper()}_DATABASE_URL", "CLOSEBOOK_KAFKA_PASSWORD"):
        (tmp_path / secret).write_text(f"secret of {secret}?sslmode=verify-full\n")

    settings = read(settings_class(service))

    assert settings.database_url.get_secret_value() == (f"secret of {service.upper()}_DATABASE_URL?sslmode=verify-full")
    assert (settings.kafka_security, settings.kafka_username) == ("SASL_SSL", f"closebook-{service}")
    assert settings.kafka_ca is not None
    assert Path(settings.kafka_ca).parent == Path(mounts["kafka-ca"])


@pytest.mark.parametrize("service", SERVICES)
def test_kubernetes_asks_the_private_port_and_waits_for_the_drain(service: str) -> None:
    deployment = of("Deployment", service)
    process, settings = container(deployment), settings_class(service).model_fields
    ports = {port["name"]: port["containerPort"] for port in process["ports"]}
    asked = {
        probe: (process[probe]["httpGet"]["path"], process[probe]["httpGet"]["port"])
        for probe in ("startupProbe", "readinessProbe", "livenessProbe")
    }

    assert ports == {"api": settings["api_port"].default, "private": settings["private_port"].default}
    assert asked == {
        "startupProbe": ("/startupz", "private"),
        "readinessProbe": ("/readyz", "private"),
        "livenessProbe": ("/livez", "private"),
    }
    assert {f"{service.upper()}_API_HOST", f"{service.upper()}_PRIVATE_HOST"} <= set(environment(deployment))
    pause_s = process["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod(deployment)["terminationGracePeriodSeconds"] > pause_s + 3 * bus._DRAIN_S
    assert of("Service", service)["spec"]["ports"] == [{"name": "api", "port": 8080, "targetPort": "api"}]


@pytest.mark.parametrize("service", SERVICES)
def test_selectors_meet_the_pods_of_their_service(service: str) -> None:
    labels = of("Deployment", service)["spec"]["template"]["metadata"]["labels"]
    wanted = [
        of("Deployment", service)["spec"]["selector"]["matchLabels"],
        of("Service", service)["spec"]["selector"],
        of("PodDisruptionBudget", service)["spec"]["selector"]["matchLabels"],
        of("NetworkPolicy", service)["spec"]["podSelector"]["matchLabels"],
    ]

    assert all(selector.items() <= labels.items() for selector in wanted)
    job = of("Job", f"migrate-{service}")["spec"]["template"]["metadata"]["labels"]
    assert not wanted[1].items() <= job.items(), "a migration answers nobody"
    assert wanted[3].items() <= job.items(), "but it may reach its database"


@pytest.mark.parametrize("service", SERVICES)
def test_lag_of_the_services_own_group_scales_it(service: str) -> None:
    spec = of("ScaledObject", service)["spec"]
    trigger = spec["triggers"][0]
    config = of("ConfigMap", "closebook")["data"]

    assert spec["scaleTargetRef"]["name"] == service
    assert "replicas" not in of("Deployment", service)["spec"]
    assert trigger["metadata"]["consumerGroup"] == f"closebook.{service}"
    assert trigger["metadata"]["bootstrapServers"] == config["CLOSEBOOK_KAFKA"]
    assert 2 <= spec["minReplicaCount"] <= spec["maxReplicaCount"] <= int(config["CLOSEBOOK_PARTITIONS"])
    assert trigger["authenticationRef"]["name"] == of("TriggerAuthentication", "closebook-kafka")["metadata"]["name"]


def test_the_four_services_differ_in_nothing_but_their_names() -> None:
    """Notify has a mail server and a print folder besides."""
    plain = {
        service: (FOLDER / f"{service}.yaml").read_text().replace(service.upper(), "X").replace(service, "x")
        for service in SERVICES
    }

    assert plain["owners"] == plain["billing"] == plain["arrears"]
    assert set(plain["owners"].splitlines()) - set(plain["notify"].splitlines()) <= {
        line for line in plain["owners"].splitlines() if "_DATABASE_URL" in line
    }


def test_what_notify_prints_outlives_its_pod() -> None:
    deployment = of("Deployment", "notify")
    mount = next(mount for mount in container(deployment)["volumeMounts"] if mount["name"] == "print")
    volume = next(volume for volume in pod(deployment)["volumes"] if volume["name"] == "print")

    assert environment(deployment)["NOTIFY_PRINT_DIR"].startswith(mount["mountPath"] + "/")
    assert title(of("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]))
