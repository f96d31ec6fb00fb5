"""What watches Closebook speaks of what Closebook shows: metrics, labels, runbooks; promtool agrees."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Histogram
from prometheus_client.metrics import MetricWrapperBase

from shared import metrics
from tests.architecture.source import ROOT, SERVICES
from tests.support.debian import program

OBSERVE = ROOT / "deploy" / "observe"
_OF_PROMETHEUS = {"up", "ALERTS"}
_WORD = re.compile(r"[a-z_][a-z0-9_:]*", re.I)
_NOT_METRICS = re.compile(r'"[^"]*"|\b(?:by|on) \([^)]*\)|\{[^}]*\}|\[[^\]]*\]')
_LANGUAGE = {
    "sum",
    "max",
    "min",
    "count",
    "rate",
    "increase",
    "delta",
    "changes",
    "time",
    "histogram_quantile",
    "min_over_time",
    "and",
    "or",
    "by",
    "on",
    "unless",
}
_SELECTOR = re.compile(r"(\w+)\{([^}]*)\}")


def shown() -> set[str]:
    """Every series name this process can show."""
    names = {sample.name for metric in metrics.REGISTRY.collect() for sample in metric.samples}
    for found in vars(metrics).values():
        if isinstance(found, Histogram):
            names |= {f"{found._name}_{part}" for part in ("bucket", "count", "sum")}
        elif isinstance(found, MetricWrapperBase):
            names.add(found._name + ("_total" if found._type == "counter" else ""))
    return names


def loaded(name: str) -> Any:
    return yaml.safe_load((OBSERVE / name).read_text(encoding="utf-8"))


RULES: list[dict[str, Any]] = [rule for group in loaded("alerts.yml")["groups"] for rule in group["rules"]]
ALERTS = [rule for rule in RULES if "alert" in rule]
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
PANELS = json.loads((OBSERVE / "grafana/dashboards/closebook.json").read_text(encoding="utf-8"))["panels"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]


def named(expression: str) -> set[str]:
    """The metrics an expression reads."""
    bare = _NOT_METRICS.sub("", expression)
    return {word for word in _WORD.findall(bare) if word not in _LANGUAGE} - _OF_PROMETHEUS - RECORDED


@pytest.mark.parametrize("expression", [rule["expr"] for rule in RULES] + QUERIES)
def test_every_metric_named_is_shown(expression: str) -> None:
    assert named(expression) <= shown(), named(expression) - shown()
    if not any(name in expression for name in (*_OF_PROMETHEUS, *RECORDED)):
        assert named(expression)


@pytest.mark.parametrize("expression", [rule["expr"] for rule in RULES] + QUERIES)
def test_every_label_selected_on_is_one_of_its_metric(expression: str) -> None:
    labels = {
        found._name: set(found._labelnames) for found in vars(metrics).values() if isinstance(found, MetricWrapperBase)
    }
    for name, selector in _SELECTOR.findall(expression):
        known = labels.get(re.sub(r"_(total|count|sum|bucket)$", "", name), set()) | {"job", "service"}
        if name not in _OF_PROMETHEUS:
            assert set(re.findall(r"(\w+)[=!]", selector)) <= known, selector


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: str(alert["alert"]))
def test_an_alert_has_a_severity_a_summary_and_a_runbook_that_names_it(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"warning", "critical"}
    assert alert["annotations"]["summary"].endswith(".")
    page = ROOT / alert["annotations"]["runbook"]
    assert page.parent == ROOT / "docs" / "runbooks"
    assert f"`{alert['alert']}`" in page.read_text(encoding="utf-8")


def test_every_alert_is_tested_to_fire_and_to_be_quiet() -> None:
    tests = [test for case in loaded("alerts.test.yml")["tests"] for test in case["alert_rule_test"]]
    names = {alert["alert"] for alert in ALERTS}
    assert {test["alertname"] for test in tests if test["exp_alerts"]} == names
    assert {test["alertname"] for test in tests if not test["exp_alerts"]} == names


def test_all_services_are_scraped_on_their_private_port() -> None:
    (job,) = loaded("prometheus.yml")["scrape_configs"]
    found = {entry["labels"]["service"]: entry["targets"] for entry in job["static_configs"]}
    assert found == {service: [f"{service}:8081"] for service in SERVICES}


def test_every_panel_asks_the_provisioned_source_and_says_what_it_shows() -> None:
    (source,) = yaml.safe_load((OBSERVE / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"]
    for panel in PANELS:
        assert panel["description"].endswith(".")
        assert panel["datasource"]["uid"] == source["uid"]
        assert panel["targets"], panel["title"]
        assert all(target["expr"] and target["legendFormat"] for target in panel["targets"])
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


def test_every_metric_on_the_operators_page_is_shown() -> None:
    page = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
    table = page.partition("| metric | says |")[2].partition("\n\n")[0]
    listed = set(re.findall(r"`([a-z_]+)`", table))
    assert len(listed) > 10
    assert {name for name in listed if name not in shown() and f"{name}_bucket" not in shown()} == set()


@pytest.mark.parametrize(
    "words",
    [("check", "config", "prometheus.yml"), ("check", "rules", "alerts.yml"), ("test", "rules", "alerts.test.yml")],
)
def test_promtool_agrees(words: tuple[str, ...]) -> None:
    """The real one, which nobody here wrote: it fires each alert of alerts.test.yml and lets it be quiet."""
    tool = program("promtool", "prometheus")
    ran = subprocess.run([tool, *words], cwd=Path(OBSERVE), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
