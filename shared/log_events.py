"""Every kind of log line there is: name, severity, one fixed sentence, and the runbook of those that need a person.

Alerts match on the name, never on the sentence.  No line carries names of people, addresses or other personal data.
"""

from enum import IntEnum, StrEnum


class Severity(IntEnum):
    """How much attention a line wants; the numbers are those of the standard library."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40
    CRITICAL = 50


_D, _I, _W, _E, _C = Severity


class LogEvent(StrEnum):
    """The closed vocabulary.  ERROR: a person must look within a day; CRITICAL: now."""

    severity: Severity
    body: str
    runbook: str

    def __new__(cls, name: str, severity: Severity, body: str, runbook: str = "") -> "LogEvent":
        """Make a member whose value is the event's name."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.severity, member.body, member.runbook = severity, body, runbook
        return member

    # Life cycle
    SERVICE_STARTING = "service_starting", _I, "The service is starting."
    CONFIG_LOADED = "config_loaded", _I, "Settings were read."
    SCHEMA_CHECKED = "schema_checked", _I, "The database schema is the one this code needs."
    SCHEMA_MISMATCH = "schema_mismatch", _C, "The database schema is not the one this code needs.", "deploy"
    READY = "ready", _I, "The service is ready."
    DRAINING = "draining", _I, "The service is stopping: it finishes what it has begun."
    DRAINED = "drained", _I, "The service has finished what it had begun."
    ABANDONED = "abandoned", _W, "The service stopped before everything was finished; nothing is lost."
    EXIT = "exit", _I, "The service ends."
    START_FAILED = (
        "start_failed", _W, "A server or a port that the process needs is not to be had: starting it again may help."
    )  # fmt: skip
    WATCHDOG_EXIT = "watchdog_exit", _C, "A part of the service ended that should not have.", "service-restarts"
    UNEXPECTED_ERROR = "unexpected_error", _E, "Something failed in a way nobody expected.", "unexpected-error"
    LIBRARY_MESSAGE = "library_message", _W, "A library reported a problem."
    LOG_DROPPED = "log_dropped", _W, "Log lines were dropped because their reader was too slow."
    METRICS_SNAPSHOT = "metrics_snapshot", _I, "The service's figures at this moment."
    LISTENING = "listening", _I, "An HTTP port is open."

    # Consumer
    CONSUMER_RECREATED = "consumer_recreated", _W, "The Kafka client had left its group for good and was replaced."
    PARTITION_CLAIMED = "partition_claimed", _I, "A partition was taken over."
    PARTITION_LOST = "partition_lost", _I, "A partition went to another process."
    FENCED = "fenced", _W, "Another process has taken a partition over; our batch was rolled back."
    FROZEN_SESSION_ENDED = (
        "frozen_session_ended",
        _W,
        "A process stood still while it wrote, and its session was ended; it rolls back and reads on where it stands.",
    )
    BATCH = "batch", _I, "A batch was committed."
    EVENT = "event", _I, "An event was taken in."
    EVENT_REPEATED = "event_repeated", _D, "An event came again; nothing changed."
    RETRYING = "retrying", _W, "A batch will be tried again."
    BLOCKED_PARTITION = "blocked_partition", _E, "A partition has not moved for a while.", "partition-blocked"
    BISECT = "bisect", _W, "A batch failed on its data and was split to find the record."
    DEAD_LETTER = "dead_letter", _E, "An event could not be applied and was put aside.", "dead-letters"
    QUARANTINE_TRIPPED = (
        "quarantine_tripped",
        _C,
        "A partition stopped: too many events in a row failed, or one cannot be put aside.",
        "quarantine",
    )
    QUARANTINE_RELEASED = "quarantine_released", _I, "An operator let a partition go on."
    OFFSET_GAP_ACCEPTED = "offset_gap_accepted", _I, "Offsets without records were passed over."
    POSITION_MISSING = "position_missing", _C, "A partition has no position in the database.", "position-missing"
    UNREAD_DATA_EXPIRED = (
        "unread_data_expired",
        _C,
        "Kafka deleted records before they were read.",
        "unread-data-expired",
    )
    POSITION_ABOVE_LOG_END = (
        "position_above_log_end",
        _C,
        "The topic ends before our position in it.",
        "topic-recreated",
    )
    LOG_IDENTITY_MISMATCH = (
        "log_identity_mismatch",
        _C,
        "The topic is not the one that was read before.",
        "topic-recreated",
    )
    POSITION_PASSED = "position_passed", _I, "Kafka's client stands past our position; it reads again from there."
    POSITION_VERIFIED = "position_verified", _D, "The position fits the topic."
    FINGERPRINT_UNAVAILABLE = (
        "fingerprint_unavailable",
        _W,
        "The last record read has expired; the position was accepted.",
    )
    COMMIT_ADVISORY_FAILED = (
        "commit_advisory_failed",
        _D,
        "Kafka did not take the advisory offset; nothing depends on it.",
    )
    HELD_TOO_LONG = "held_too_long", _E, "Events have waited for more than fourteen closed days.", "held-events"

    # Relay
    RELAY_ELECTED = "relay_elected", _I, "This process relays the outbox."
    RELAY_LOST = "relay_lost", _W, "Another process relays the outbox now."
    PAGE = "page", _I, "Events were acknowledged by Kafka."
    PRODUCER_RECREATED = "producer_recreated", _W, "The Kafka producer was replaced."
    PUBLISH_BLOCKED = "publish_blocked", _W, "The outbox cannot be relayed; it is tried again."
    BOOK_REPUBLISHED = "book_republished", _W, "An operator had a book said again."

    DATABASE_IS_OLDER = (
        "database_is_older", _W, "The database is older than the service's last word: what it forgot is taken in again."
    )  # fmt: skip
    FORGOTTEN_TAKEN_IN = "forgotten_taken_in", _W, "The database knows again all that the service has said."
    SAID_IS_FORGOTTEN = (
        "said_is_forgotten", _C, "Kafka holds what the service said and its database does not know: it says nothing.",
        "restored-sender",
    )  # fmt: skip

    # Days
    DAY_STARTED = "day_started", _I, "The work of a business day began."
    DAY_SLICE = "day_slice", _D, "A slice of a day's work was committed."
    DAY_CLOSED = "day_closed", _I, "A business day is closed."
    DAY_RETRYING = "day_retrying", _W, "The work of a day will be tried again."
    DAY_WAITING = "day_waiting", _I, "A day that has ended waits for something."
    DAY_TOTALS_DIFFER = (
        "day_totals_differ", _C, "What was taken in is not what the sender says it said.", "day-totals-differ"
    )  # fmt: skip
    DIFFERENCE_ACCEPTED = "difference_accepted", _W, "A difference in control totals was accepted by a person."

    PURGED = "purged", _I, "Bytes that need not be kept any longer were blanked."

    # Books
    SUSPENSE_POSTED = "suspense_posted", _I, "Money went to suspense."
    RECLASSIFIED = "reclassified", _I, "Money was moved to where it belongs."
    STATEMENTS_STRUCK = "statements_struck", _I, "Statements were written down for people to look at."
    STATEMENTS_WAIT = "statements_wait", _W, "Statements were struck a while ago, and nobody has released them."
    STATEMENTS_LAPSED = (
        "statements_lapsed",
        _W,
        "Statements were not released in time; the next carry their lines.",
    )
    DEBT_AGED = "debt_aged", _W, "Debts have prescribed, or do within a year."
    INVARIANT_CHECKED = "invariant_checked", _I, "The books were checked and agree."
    INVARIANT_VIOLATION = "invariant_violation", _C, "The books do not agree.", "invariant-violated"

    # Letters
    LETTER_RENDERED = "letter_rendered", _I, "A letter was rendered and queued."
    LETTER_PRINTED = "letter_printed", _I, "A letter was laid out for printing."
    LETTER_WITHDRAWN = "letter_withdrawn", _I, "A letter was withdrawn before it was sent."
    MAIL_HANDED_OVER = "mail_handed_over", _I, "A mail server accepted a letter."
    MAIL_DEFERRED = "mail_deferred", _W, "A letter could not be handed over yet."
    MAIL_BOUNCED = "mail_bounced", _E, "A mail server refused a letter for good.", "mail-bounced"
    MAIL_UNKNOWN = "mail_unknown", _E, "It is not known whether a mail server took a letter.", "mail-unknown"
    MAIL_SUPPRESSED = "mail_suppressed", _I, "A letter was not sent, by rule."
    MAIL_BLOCKED = "mail_blocked", _W, "The mail server cannot be reached; it is tried again."

    # People
    DLQ_REPLAY_REQUESTED = "dlq_replay_requested", _I, "An operator wants a dead letter applied again."
    DLQ_REPLAY_DONE = "dlq_replay_done", _I, "A dead letter was applied."
    DLQ_REPLAY_FAILED = "dlq_replay_failed", _W, "A dead letter still cannot be applied."
    DLQ_DISCARDED = "dlq_discarded", _W, "An operator discarded a dead letter."
    STAFF_COMMAND = "staff_command", _I, "A person changed something."
    ERASURE_DONE = "erasure_done", _I, "A person's data was erased."
    SENSITIVE_READ = "sensitive_read", _I, "A person looked at bytes that may hold personal data."
    RATE_EXCEEDED = "excess_rate_limit_exceeded", _W, "A caller asked more than their limit in a minute."
    AUTHN_FAILED = "authn_login_fail", _W, "A request came with a token that is not valid."
    AUTHZ_FAILED = "authz_fail", _W, "A request was refused: the caller's roles do not allow it."
    KEYS_UNAVAILABLE = "keys_unavailable", _E, "The keys that tokens are checked with cannot be read.", "sign-in-keys"
    REQUEST = "request", _D, "A request was answered."
