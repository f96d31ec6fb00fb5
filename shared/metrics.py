"""The figures monitoring reads, names pinned in this one module; no label names a thing or a person."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from shared import logs

REGISTRY = CollectorRegistry()
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


def _gauge(name: str, words: str, *labels: str) -> Gauge:
    return Gauge(name, words, labels, registry=REGISTRY)


def _counter(name: str, words: str, *labels: str) -> Counter:
    return Counter(name, words, labels, registry=REGISTRY)


def _histogram(name: str, words: str, *labels: str) -> Histogram:
    return Histogram(name, words, labels, registry=REGISTRY, buckets=_FAST)


# Read from the database when they are asked for (shared.bus.figures)
OUTBOX_ROWS = _gauge("outbox_pending_rows", "Events said but not yet acknowledged by Kafka.")
OUTBOX_AGE = _gauge("outbox_oldest_age_seconds", "Age of the oldest event not yet acknowledged.")
DEAD_LETTERS = _gauge("dead_letters_open", "Dead letters that nobody has decided about.", "reason_class")
DEAD_LETTER_AGE = _gauge("dead_letter_oldest_age_seconds", "Age of the oldest open dead letter.")
HELD = _gauge("held_events", "Events that wait for something not yet known.")
HELD_AGE = _gauge("held_oldest_age_seconds", "Age of the oldest event that waits for something not yet known.")
QUARANTINED = _gauge("partitions_quarantined", "Partitions stopped until an operator releases them.")
LAST_DAY_CLOSED = _gauge("last_day_closed_days", "The last closed business day, in days since 1970-01-01; 0: none yet.")
DAYS_TO_CLOSE = _gauge("days_ended_not_closed", "Business days that have ended and that the service has not closed.")
DAY_WORKING = _gauge("day_working", "1 while a day is worked and nothing else is applied.")

# Measured in the process when they are asked for (shared.bus.measuring)
LAG = _gauge("consumer_lag_records", "Log end less the position in the database.", "topic", "partition")
LAG_SECONDS = _gauge("consumer_lag_seconds", "Age of the oldest record this process has read and not applied yet.")
STOPPED = _gauge(
    "partitions_stopped", "Partitions this process does not read on, by the event that stopped them.", "event"
)
TOTALS_DIFFER = _gauge("day_totals_differ", "1 while a day waits because control totals differ.")
POOL = _gauge("db_pool_in_use", "Database connections lent out at this moment.")
READ_AT = _gauge("figures_read_timestamp_seconds", "When the figures of a source were last read.", "source")

# Set by what checks the books (shared.bus.checking), in the process that relays
INVARIANT = _gauge("invariant_ok", "1 while a check of the books against themselves holds, else 0.", "check")
CHECKED_AT = _gauge("invariants_checked_timestamp_seconds", "When the books were last checked to the end.")

# Set by the bus
PROGRESS = _gauge("consumer_last_progress_seconds", "Seconds since the consumer got on or was seen with nothing to do.")
HAS_WORK = _gauge("consumer_has_work", "1 while this process reads a partition whose records wait for nothing else.")
IS_LEADER = _gauge("relay_is_leader", "1 in the process that relays the outbox.")
EVENTS = _counter("events_processed", "Events taken in.", "type", "outcome")
RETRIES = _counter("retry", "Batches tried again.", "kind", "sqlstate")
BISECTS = _counter("bisect", "Batches split to find a record that fails.")
FENCED = _counter("fenced", "Batches rolled back because another process had taken over.")
PUBLISHED = _counter("relay_publish", "Events acknowledged by Kafka.")
PRODUCERS = _counter("producer_recreated", "Kafka producers replaced after a failure.")
RETAKING_LEFT = _gauge("retaking_left", "Transactions that a restored database has still to take in again.")
PERHAPS_TWICE = _counter("relay_duplicates_possible", "Events sent that could not be noted as sent: they go again.")
BATCH_SECONDS = _histogram("batch_duration_seconds", "From the first record of a batch to its commit.")
END_TO_END = _histogram("event_end_to_end_seconds", "From Kafka's time of a batch's oldest record to its commit.")

DB_LENT = _histogram("db_transaction_seconds", "How long a connection was lent: a transaction with its commit.")
POOL_WAIT = _histogram("db_pool_wait_seconds", "How long work waited for a connection, with opening one.")

# Set by services
SUSPENSE_PENCE = _gauge("suspense_pence", "Money in suspense.", "kind")
SUSPENSE_ITEMS = _gauge("suspense_items", "Payments nobody matches, and parts of charges that wait.", "kind")
SUSPENSE_AGE = _gauge("suspense_oldest_days", "Business days since the oldest item in suspense came.", "kind")
MAIL_QUEUE = _gauge("mail_queue", "Messages that have not come to their end.", "state")
MAIL_OLDEST = _gauge("mail_oldest_age_seconds", "Age of the oldest message that has not come to its end.")
MAIL_SENT = _counter("mail_sent", "What became of each attempt to hand a message over.", "channel", "outcome", "code")

# Set by the web server and the health monitor
REQUESTS = _histogram("http_server_request_duration_seconds", "Answers of the staff API.", "method", "route", "status")
LOOP_LAG = _gauge("event_loop_lag_seconds", "How late the event loop came to a timer.")
DB_SECONDS = _gauge("db_round_trip_seconds", "Duration of the last database ping that was answered.")
UNREADY = _gauge("service_unready", "1 for each reason why nobody should rely on this process now.", "reason")
BUILD = _gauge("build_info", "1, with the version as label.", "version", "schema_version")
CONFIG = _gauge("config_info", "1, with a hash of the settings (secrets and own ports left out) as label.", "hash")


class _Dropped(Collector):
    """Counts kept elsewhere."""

    def collect(self) -> Iterator[Metric]:
        """Return the log lines dropped so far."""
        yield CounterMetricFamily(
            "log_dropped", "Log lines dropped because their reader was too slow.", value=logs.dropped()
        )


REGISTRY.register(_Dropped())
ProcessCollector(registry=REGISTRY)


def page() -> bytes:
    """Return all figures as Prometheus reads them."""
    return generate_latest(REGISTRY)


def snapshot() -> dict[str, float]:
    """Return the figures without labels, for the line in the log once a minute."""
    return {
        sample.name: round(sample.value, 3)
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if not sample.labels and metric.type in {"gauge", "counter"} and not sample.name.endswith("_created")
    }
