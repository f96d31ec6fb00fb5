"""The metrics as Prometheus reads them."""

from prometheus_client.parser import text_string_to_metric_families

from shared import metrics


def figure(name: str, **labels: str) -> float | None:
    """Return one sample of this process's page, or nothing when it is not there."""
    for family in text_string_to_metric_families(metrics.page().decode()):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return float(sample.value)
    return None
