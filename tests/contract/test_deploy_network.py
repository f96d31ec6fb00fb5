"""Who may speak to whom in Kubernetes: every policy whole, peers and ports, both directions; nothing else is open."""

from ipaddress import ip_network
from typing import Any

import pytest

from tests.architecture.source import SERVICES
from tests.contract.test_deploy_kubernetes import JOBS, MANIFESTS, Manifest, of, title, workloads

DOCUMENTATION = [ip_network(block) for block in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]
"""RFC 5737: nobody is there, so an installation that forgot to say where its servers are reaches nobody."""
POLICIES = {found["metadata"]["name"]: found["spec"] for found in MANIFESTS if found["kind"] == "NetworkPolicy"}


def named(name: str, **more: str) -> Manifest:
    return {"matchLabels": {"app.kubernetes.io/name": name, **more}}


SERVICE = {"app.kubernetes.io/component": "service"}


def namespace(name: str) -> Manifest:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def rule(way: str, peer: Manifest, port: int, *protocols: str) -> Manifest:
    ports = [{"port": port, "protocol": protocol} for protocol in protocols or ("TCP",)]
    return {way: [peer], "ports": ports}


def only_out(selector: Manifest, *rules: Manifest) -> Manifest:
    return {"podSelector": selector, "policyTypes": ["Egress"], "egress": list(rules)}


def of_service(name: str) -> Manifest:
    return {
        "podSelector": named(name),
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [rule("from", namespace("gateway"), 8080), rule("from", namespace("monitoring"), 8081)],
        "egress": [rule("to", namespace("postgres"), 5432), rule("to", namespace("kafka"), 9093)],
    }


DNS = {**namespace("kube-system"), "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}
MATRIX: dict[str, Manifest] = {
    "nothing-by-default": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    "names": only_out({}, rule("to", DNS, 53, "UDP", "TCP")),
    "sign-in": only_out({"matchLabels": SERVICE}, rule("to", {"ipBlock": {"cidr": "192.0.2.1/32"}}, 443)),
    "mail": only_out(named("notify", **SERVICE), rule("to", {"ipBlock": {"cidr": "198.51.100.1/32"}}, 587)),
    "operator": {
        "podSelector": named("operator"),
        "policyTypes": ["Ingress", "Egress"],
        "egress": [rule("to", namespace("kafka"), 9093)],
    },
    **{service: of_service(service) for service in SERVICES},
}
"""Every policy there is.  A change of a file is a change here, or a test fails."""


@pytest.mark.parametrize("policy", sorted({*MATRIX, *POLICIES}))
def test_a_policy_opens_what_the_matrix_says_and_nothing_else(policy: str) -> None:
    assert POLICIES.get(policy) == MATRIX.get(policy)


def peers(spec: Manifest) -> list[Any]:
    rules = [*spec.get("ingress", []), *spec.get("egress", [])]
    assert all(one.get("from", one.get("to")) and one.get("ports") for one in rules), "no peers, or no ports: all"
    return [peer for one in rules for peer in one.get("from", one.get("to"))]


@pytest.mark.parametrize("policy", POLICIES)
def test_outside_the_cluster_one_address_is_named_that_the_overlay_must_fill(policy: str) -> None:
    for block in (peer["ipBlock"] for peer in peers(POLICIES[policy]) if "ipBlock" in peer):
        network = ip_network(block["cidr"])
        assert set(block) == {"cidr"}
        assert network.num_addresses == 1
        assert any(network.subnet_of(documentation) for documentation in DOCUMENTATION)  # type: ignore[arg-type]


def selected(policy: str) -> set[str]:
    """The workloads whose pods a policy is about."""
    labels = POLICIES[policy]["podSelector"].get("matchLabels", {}).items()
    return {
        manifest["metadata"]["name"]
        for manifest in workloads()
        if labels <= manifest["spec"]["template"]["metadata"]["labels"].items()
    }


def test_each_policy_is_about_the_pods_that_need_it() -> None:
    everything = {title(manifest).partition("-")[2] for manifest in workloads()}
    assert everything == {*SERVICES, *JOBS, "scheduler"}
    assert selected("nothing-by-default") == selected("names") == everything
    assert selected("operator") == {"topics", "rights", "scheduler"}
    assert selected("sign-in") == set(SERVICES), "a migration asks nobody who signs in"
    assert selected("mail") == {"notify"}
    for service in SERVICES:
        assert selected(service) == {service, f"migrate-{service}"}


def test_the_ports_are_those_of_the_settings() -> None:
    config, mail = of("ConfigMap", "closebook")["data"], of("ConfigMap", "closebook-mail")["data"]
    assert config["CLOSEBOOK_KAFKA"].endswith(".kafka.svc:9093")
    assert config["CLOSEBOOK_JWKS"].startswith("https://")
    assert mail["NOTIFY_SMTP_PORT"] == "587"
