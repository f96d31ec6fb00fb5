"""The bus tables, schema ``msg``, the same in every service's database."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from shared.db.base import INSTANT, JSON, PENCE, SHA, metadata_for

MAX_BODY = 262_144
"""The largest record of the contract, in bytes."""

metadata = metadata_for("msg")
_NOW = text("now()")
_CLOCK = text("clock_timestamp()")
_ZERO = text("0")
_NONE = text("''")

position = Table(
    "position",
    metadata,
    Column("topic", Text, nullable=False),
    Column("partition_no", Integer, nullable=False),
    Column("next_offset", BigInteger, CheckConstraint("next_offset >= 0", "offset"), nullable=False),
    Column("last_sha", SHA, comment="SHA-256 of the value at next_offset - 1: the identity of the log that was read."),
    Column("epoch", BigInteger, nullable=False, server_default=_ZERO, comment="Grows with every claim; the fence."),
    Column("owner", Text, nullable=False, server_default=_NONE),
    Column("updated_at", INSTANT, nullable=False, server_default=_NOW),
    Column("quarantined_at", INSTANT, comment="Set: stopped until an operator releases it."),
    Column("quarantine_reason", Text),
    Column("failures", Integer, nullable=False, server_default=_ZERO, comment="Deterministic failures in a row."),
    PrimaryKeyConstraint("topic", "partition_no"),
    comment="How far this service has read in each partition; written in the transaction of the effect.",
    # No indexed column ever changes: every update stays within its page.
    postgresql_with={"fillfactor": "50"},
)

inbox = Table(
    "inbox",
    metadata,
    Column("event_uid", Uuid, primary_key=True),
    Column("sha", SHA, CheckConstraint("octet_length(sha) = 32", "sha"), nullable=False),
    Column("topic", Text, nullable=False),
    Column(
        "disposition",
        Text,
        CheckConstraint("disposition in ('D', 'U', 'H', 'X', 'I')", "disposition"),
        nullable=False,
        comment="D done, U duplicate business id, H held, X dead letter, I ignored.",
    ),
    Column("book", Date, comment="The sender's book; only on our own events."),
    Column("pence", PENCE, nullable=False, server_default=_ZERO),
    Column("partition_no", Integer, nullable=False),
    Column("kafka_offset", BigInteger, nullable=False),
    Column("own_book", Date, nullable=False, comment="The book in which this service learnt it."),
    Column("processed_at", INSTANT, nullable=False, server_default=_NOW),
    comment="Every event ever taken in, once: the guard against twice, and what control totals are compared with.",
)
Index("ix_inbox_topic_book", inbox.c.topic, inbox.c.book, postgresql_where=inbox.c.book.is_not(None))

batch_log = Table(
    "batch_log",
    metadata,
    Column("topic", Text, nullable=False),
    Column("partition_no", Integer, nullable=False),
    Column("from_offset", BigInteger, nullable=False),
    Column("to_offset", BigInteger, nullable=False),
    *(Column(name, Integer, nullable=False) for name in ("n_done", "n_dup", "n_held", "n_dead", "n_gap")),
    Column("epoch", BigInteger, nullable=False),
    Column("took_ms", Integer, nullable=False),
    Column("committed_at", INSTANT, nullable=False, server_default=_NOW, comment="When its transaction began."),
    Column("settled_at", INSTANT, comment="When it held all its locks: the order of commits.  A rebuild follows it."),
    PrimaryKeyConstraint("topic", "partition_no", "from_offset"),
    CheckConstraint("to_offset - from_offset = n_done + n_dup + n_held + n_dead + n_gap", "accounted"),
    comment="One row per committed batch, [from, to): the proof that nothing was skipped.",
)

stream = Table(
    "stream",
    metadata,
    Column("topic", Text, nullable=False),
    Column("msg_key", Text, nullable=False),
    Column("aggver", BigInteger, nullable=False),
    PrimaryKeyConstraint("topic", "msg_key"),
    comment="The highest version applied of each thing the other services told us about.",
    postgresql_with={"fillfactor": "80"},
)

event_log = Table(
    "event_log",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("event_uid", Uuid, nullable=False),
    Column("topic", Text, nullable=False),
    Column("msg_key", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("aggver", BigInteger, CheckConstraint("aggver > 0", "aggver"), nullable=False),
    Column("book", Date, nullable=False),
    Column("pence", PENCE, nullable=False, server_default=_ZERO),
    Column(
        "body",
        SHA,
        CheckConstraint(f"octet_length(body) <= {MAX_BODY}", "body"),
        nullable=False,
        comment="The exact bytes that go to Kafka.",
    ),
    Column("recorded_at", INSTANT, nullable=False, server_default=_CLOCK),
    UniqueConstraint("event_uid"),
    UniqueConstraint("topic", "msg_key", "aggver"),
    comment="Everything this service ever said; append-only.",
)
Index("ix_event_log_topic_book", event_log.c.topic, event_log.c.book)

outbox_pending = Table(
    "outbox_pending",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("attempts", Integer, nullable=False, server_default=_ZERO),
    comment="What is said but not yet acknowledged by Kafka; its row count is the publishing lag.",
    # Rows live for milliseconds: vacuum by count, however large the history is.
    postgresql_with={"autovacuum_vacuum_scale_factor": "0.0", "autovacuum_vacuum_threshold": "1000"},
)

relay_lease = Table(
    "relay_lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("holder", Text, nullable=False),
    Column("beat_at", INSTANT, nullable=False),
    comment="Which process relays the outbox.",
)

held = Table(
    "held",
    metadata,
    Column("event_uid", Uuid, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("partition_no", Integer, nullable=False),
    Column("kafka_offset", BigInteger, nullable=False),
    Column("needs", Text, nullable=False, comment="What it waits for: charge:C1, unit:U1, change:X."),
    Column("raw_key", SHA),
    Column("raw_value", SHA),
    Column("raw_headers", JSON, nullable=False, comment="[[name, base64 value or null], …] in the order they came."),
    Column("timestamp_ms", BigInteger, nullable=False),
    Column("pence", PENCE, nullable=False, server_default=_ZERO),
    Column("own_book", Date, nullable=False),
    Column("held_at", INSTANT, nullable=False, server_default=_NOW),
    comment="Events that arrived before what they depend on; never dropped.",
)
Index("ix_held_needs", held.c.needs)

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("topic", Text, nullable=False),
    Column("partition_no", Integer, nullable=False),
    Column("kafka_offset", BigInteger, nullable=False),
    Column("kafka_ts", INSTANT),
    Column("raw_key", SHA),
    Column("raw_value", SHA),
    Column("raw_headers", JSON, nullable=False, comment="[[name, base64 value or null], …] in the order they came."),
    Column("event_uid", Uuid),
    Column("event_id", Text),
    Column("type", Text),
    Column("pence", PENCE, nullable=False, server_default=_ZERO),
    Column(
        "reason_class",
        Text,
        CheckConstraint("reason_class in ('undecodable', 'invalid', 'conflict', 'rule', 'bug')", "reason_class"),
        nullable=False,
    ),
    Column("reason_code", Text, nullable=False),
    Column("field", Text),
    Column("detail", Text, CheckConstraint("length(detail) <= 2000", "detail"), nullable=False, server_default=_NONE),
    Column("fingerprint", Text, nullable=False, server_default=_NONE, comment="Groups letters with one cause."),
    Column(
        "status",
        Text,
        CheckConstraint("status in ('open', 'replayed', 'discarded')", "status"),
        nullable=False,
        server_default=text("'open'"),
    ),
    Column("attempts", Integer, nullable=False, server_default=text("1")),
    Column("own_book", Date, nullable=False),
    Column("first_seen", INSTANT, nullable=False, server_default=_NOW),
    Column("last_attempt", INSTANT, nullable=False, server_default=_NOW),
    Column("decided_by", Text),
    Column("approved_by", Text),
    Column("decision_note", Text),
    UniqueConstraint("topic", "partition_no", "kafka_offset"),
    comment="What could not be applied, with its bytes and the reason.",
)
Index("ix_dead_letter_open", dead_letter.c.id, postgresql_where=dead_letter.c.status == "open")
Index("ix_dead_letter_event_uid", dead_letter.c.event_uid)
# DEAD_LETTERS of shared/bus/purging.py: decided letters whose bytes are still there, by the day somebody decided.
Index(
    "ix_dead_letter_whole",
    dead_letter.c.last_attempt,
    postgresql_where=text("status <> 'open' and (raw_key is not null or raw_value is not null or raw_headers <> '[]')"),
)

ended_day = Table(
    "ended_day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("after", JSON, nullable=False, comment="The scheduler's cut: end offsets by topic."),
    Column("ended_by", Text, nullable=False, comment="The id of the event that ended it."),
    Column("learnt_at", INSTANT, nullable=False, server_default=_NOW),
    comment="Business days that are over.",
)

closed_day = Table(
    "closed_day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("after", JSON, nullable=False, comment="Our own cut: end offsets of our topics."),
    Column("totals", JSON, nullable=False, comment="Our control totals, over all books so far."),
    Column("last_seq", BigInteger, nullable=False, comment="The highest event_log number said by then."),
    Column("closed_at", INSTANT, nullable=False, server_default=_NOW),
    comment="Business days this service has closed.",
)

upstream_closed = Table(
    "upstream_closed",
    metadata,
    Column("service", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("after", JSON, nullable=False),
    Column("totals", JSON, nullable=False),
    PrimaryKeyConstraint("service", "day"),
    comment="Business days the services we hear have closed, with what they say they said.",
)

checked_totals = Table(
    "checked_totals",
    metadata,
    Column("topic", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("amount_pence", PENCE, nullable=False),
    PrimaryKeyConstraint("topic", "day"),
    comment="Control totals found equal, over all books up to the day: the next day is compared from there.",
)

gate = Table(
    "gate",
    metadata,
    Column("id", Boolean, CheckConstraint("id", "one_row"), primary_key=True, server_default=text("true")),
    Column("working", Date, comment="The day that is being worked; nothing else is applied meanwhile."),
    Column("stage", Text, nullable=False, server_default=text("'open'")),
    Column("progress", Text, nullable=False, server_default=_NONE),
    Column("last_closed", Date, comment="In this row, so that whoever waited for it sees the book that follows."),
    Column("first_ended", Date, comment="The first business day that ended: the first book."),
    Column("note", Text, nullable=False, server_default=_NONE, comment="What the next day waits for, in words."),
    comment="The day gate: one row, so that it outlives a crash.",
)

accepted_difference = Table(
    "accepted_difference",
    metadata,
    Column("day", Date, nullable=False),
    Column("topic", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", INSTANT, nullable=False, server_default=_NOW),
    PrimaryKeyConstraint("day", "topic"),
    comment="Differences in control totals that a second person decided to live with.",
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", INSTANT, nullable=False, server_default=_CLOCK),
    Column("who", Text, nullable=False),
    Column("approved_by", Text),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", JSON, nullable=False, server_default=text("'{}'")),
    Column("hash", SHA, nullable=False, comment="SHA-256 of the hash before and this row; a trigger writes it."),
    Column("from_address", Text, comment="The network address that the request for it came from, if there was one."),
    comment="What people did, with who and why; append-only, each row sealed with the one before.",
)

GRANTS = {
    position: "select, update",
    inbox: "select, insert, update",
    batch_log: "select, insert",
    stream: "select, insert, update",
    event_log: "select, insert",
    outbox_pending: "select, insert, update, delete",
    relay_lease: "select, insert, update",
    held: "select, insert, update, delete",
    dead_letter: "select, insert, update",
    ended_day: "select, insert",
    closed_day: "select, insert",
    upstream_closed: "select, insert",
    checked_totals: "select, insert, update",
    gate: "select, update",
    accepted_difference: "select, insert",
    audit: "select, insert",
}
"""What the service's own role may do with each bus table; positions and the gate's row are made by migrations."""
