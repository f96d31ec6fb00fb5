"""The service's tables: the address book, what letters are wanted, the messages that carry them, and what was sent.

Personal data live in ``contacts``, ``messages.mailbox`` and ``contents`` only; erasure blanks all three.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from services.notify.db.spacing import REMINDERS
from services.notify.domain.dispatch import State
from shared.db.base import INSTANT, JSON, PENCE, SHA, metadata_for

metadata = metadata_for("notify")
_NOW = text("now()")
_NONE = text("''")
_NO = text("false")
_ZERO = text("0")
_STATES = ", ".join(f"'{state}'" for state in State)

contacts = Table(
    "contacts",
    metadata,
    Column("kind", Text, CheckConstraint("kind in ('party', 'billing-contact')", "kind"), nullable=False),
    Column("contact_id", Text, nullable=False, comment="A party, or the ownership of a billing contact."),
    Column("name", Text),
    Column("email", Text),
    Column("address", JSON),
    Column("forwarding", JSON),
    Column("channel", Text, CheckConstraint("channel in ('email', 'post')", "channel")),
    Column("erased", Boolean, nullable=False, server_default=_NO),
    PrimaryKeyConstraint("kind", "contact_id"),
    comment="How to reach parties and billing contacts.  Personal data.",
)

units = Table(
    "units",
    metadata,
    Column("unit_id", Text, primary_key=True),
    Column("address", JSON, nullable=False),
    comment="Where each unit is.",
)

ownerships = Table(
    "ownerships",
    metadata,
    Column("unit_id", Text, nullable=False),
    Column("ownership_id", Text, nullable=False),
    Column("from_on", Date, nullable=False),
    Column("to_on", Date),
    Column("party_ids", ARRAY(Text), nullable=False),
    Column("billing_contact", Boolean, nullable=False),
    Column("internal", Boolean, nullable=False),
    Column("in_line", Boolean, nullable=False, comment="False: its days were taken off; the parties last known stay."),
    PrimaryKeyConstraint("unit_id", "ownership_id"),
    comment="Who owned a unit from when to when, by ids.",
)

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("account_ref", Text, nullable=False),
    Column("unit_id", Text, nullable=False),
    Column("ownership_id", Text),
    Column("internal", Boolean, nullable=False),
    Column("sha", SHA, CheckConstraint("octet_length(sha) = 32", "sha"), nullable=False),
    # list_letters: one account's, by the reference people know.
    Index("ix_accounts_ref", "account_ref"),
    comment="Which ownership of which unit an account belongs to.",
)

receipts = Table(
    "receipts",
    metadata,
    Column("event_uid", Uuid, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("book", Date, nullable=False, comment="Billing's book."),
    Column("amount_pence", PENCE, nullable=False),
    # The check at dispatch: an account's money since a book.
    Index("ix_receipts_account", "account_id", "book"),
    comment="Money that reached an account (or left it again, negative); append-only.",
)

holds = Table(
    "holds",
    metadata,
    Column("hold_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("charge_id", Text),
    Column("started_on", Date, comment="Not kept of holds that were heard of before this column was."),
    Column("ended_on", Date),
    Column("set_in", Date, comment="Arrears' book; not kept of holds that were heard of before this column was."),
    # The check at dispatch: an account's holds.
    Index("ix_holds_account", "account_id"),
    comment="Holds on chasing, as arrears said them.",
)

disputes = Table(
    "disputes",
    metadata,
    Column("dispute_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("charge_id", Text, nullable=False),
    Column("book", Date, nullable=False, comment="Billing's book."),
    # The check at dispatch: what was disputed of an account since a stage.
    Index("ix_disputes_account", "account_id"),
    comment="Disputes as billing said them, ended or not; append-only.",
)

notices = Table(
    "notices",
    metadata,
    Column("notice_id", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("registered_on", Date),
    Column("renewed_on", Date),
    Column("reference", Text),
    comment="Each notice of potential liability as arrears said it last.",
)

open_items = Table(
    "open_items",
    metadata,
    Column("account_id", Text, nullable=False),
    Column("book", Date, nullable=False, comment="Billing's book."),
    Column("items", JSON, nullable=False, comment="Charge, due day and what may be chased, of each item."),
    PrimaryKeyConstraint("account_id", "book"),
    comment="What was open of an account when billing told last in each of its books.",
)

plan_changes = Table(
    "plan_changes",
    metadata,
    Column("plan_id", Text, nullable=False),
    Column("change", Integer, nullable=False, comment="Which change of the plan, from 1."),
    Column("account_id", Text, nullable=False),
    Column("book", Date, nullable=False, comment="Arrears' book."),
    Column("told", JSON, nullable=False, comment="The data of the event."),
    PrimaryKeyConstraint("plan_id", "change"),
    # newest: the plans of an account on a day.
    Index("ix_plan_changes_account", "account_id"),
    comment="Changes of repayment plans as arrears said them, those without a letter, too; append-only.",
)

letters = Table(
    "letters",
    metadata,
    Column("letter_no", BigInteger, Identity(always=True), primary_key=True),
    Column("dedup_key", Text, nullable=False, unique=True, comment="From the business fact: no second letter, ever."),
    Column("template", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("sha", SHA, CheckConstraint("octet_length(sha) = 32", "sha"), nullable=False),
    Column("matter", JSON, nullable=False, comment="The data of the event that asked for the letter."),
    Column("book", Date, nullable=False, comment="The book in which it was asked for."),
    Column("state", Text, CheckConstraint("state in ('wanted', 'waiting', 'rendered')", "state"), nullable=False),
    Column("due_on", Date, nullable=False, comment="The day in whose work it is rendered, at the earliest."),
    Column("reason", Text, nullable=False, server_default=_NONE, comment="Why it waits."),
    Column("rendered_on", Date),
    Column("cause_source", Text, nullable=False),
    Column("cause_id", Text, nullable=False),
    Column("correlation_id", Text, nullable=False, server_default=_NONE),
    # list_due_letters: a day's work; a day with nothing to do reads one empty index page.
    Index("ix_letters_wanted", "due_on", "letter_no", postgresql_where=text("state = 'wanted'")),
    # wake_letters, describe_charges: the letters of an account.
    Index("ix_letters_account", "account_id"),
    comment="Letters that were asked for, and whether their day has come.",
)

messages = Table(
    "messages",
    metadata,
    Column("message_id", Uuid, primary_key=True),
    Column("letter_no", BigInteger, ForeignKey(letters.c.letter_no), nullable=False),
    Column("account_id", Text, nullable=False),
    Column("account_ref", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("template_version", Text, nullable=False),
    Column("channel", Text, CheckConstraint("channel in ('email', 'print')", "channel"), nullable=False),
    Column("contact_kind", Text, nullable=False),
    Column("contact_id", Text, nullable=False),
    Column("mailbox", Text, comment="The one envelope recipient.  Personal data; blank for print and after erasure."),
    Column("dated_on", Date, nullable=False),
    Column("created_on", Date, nullable=False, comment="The day in whose work it was rendered."),
    Column("sha256", SHA, CheckConstraint("octet_length(sha256) = 32", "sha256"), nullable=False),
    Column("state", Text, CheckConstraint(f"state in ({_STATES})", "state"), nullable=False),
    Column("due_at", INSTANT, nullable=False, server_default=_NOW),
    Column("claim", Text, comment="Which sender holds it; a letter to print: which batch it belongs to."),
    Column("lease_until", INSTANT),
    Column("attempts", Integer, nullable=False, server_default=_ZERO),
    Column("silences", Integer, nullable=False, server_default=_ZERO, comment="Attempts whose outcome is not known."),
    Column("first_tried_at", INSTANT),
    Column("last_answer", Text, nullable=False, server_default=_NONE, comment="Code and phase, never words."),
    Column("sent_at", INSTANT),
    Column("handed_in", Date, comment="The book that was open when it was handed over."),
    Column("said", Boolean, nullable=False, server_default=_NO, comment="Its end was said as an event."),
    Column("blanked", Boolean, nullable=False, server_default=_NO, comment="Old enough: what it said is gone."),
    # claim_mails, claim_prints, find_due: what is to be sent, oldest first.
    Index(
        "ix_messages_due", "channel", "due_at", "message_id",
        postgresql_where=text("state in ('queued', 'deferred', 'unknown')"),
    ),
    # recover: leases of senders that died.
    Index("ix_messages_leased", "lease_until", postgresql_where=text("state in ('claimed', 'sending')")),
    # lock_unsaid: ends to be said.
    Index(
        "ix_messages_unsaid", "message_id",
        postgresql_where=text("not said and state in ('handed-over', 'bounced', 'failed')"),
    ),
    Index("ix_messages_letter", "letter_no"),
    # FREE: the reminders of an account, in their order.
    Index("ix_messages_reminders", "account_id", "letter_no", postgresql_where=text(f"template in ({REMINDERS})")),
    Index("ix_messages_account", "account_ref"),
    # PURGE: what has come due, whatever the day.
    Index("ix_messages_whole", "created_on", postgresql_where=text("not blanked")),
    # blank_contents: everything ever written to one contact.
    Index("ix_messages_contact", "contact_kind", "contact_id"),
    comment="One message per letter and recipient, and what became of it.",
)  # fmt: skip

contents = Table(
    "contents",
    metadata,
    Column("message_id", Uuid, ForeignKey(messages.c.message_id), primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("body", SHA, comment="The exact bytes sent or printed; blank after erasure and after three years."),
    comment="What was sent.  Personal data.",
)

content_reads = Table(
    "content_reads",
    metadata,
    Column("read_no", BigInteger, Identity(always=True), primary_key=True),
    Column("message_id", Uuid, nullable=False),
    Column("reader", Text, nullable=False),
    Column("read_at", INSTANT, nullable=False, server_default=_NOW),
    comment="Who looked at the content of which message; append-only.",
)
