"""What a rebuild of notify's database must equal: every letter and its bytes' hash, not what became of it outside."""

from shared.events.topics import DAY_CLOSED, MESSAGE_FAILED, MESSAGE_SENT
from shared.rebuild.likeness import Carried, whole

_DELIVERY = (
    "state", "due_at", "claim", "lease_until", "attempts", "silences", "first_tried_at", "last_answer", "sent_at",
    "said",
)  # fmt: skip

COMPARED = (
    whole("letters", "notify.letters", "dedup_key", "letter_no"),
    whole("messages", "notify.messages", "message_id::text", "letter_no", *_DELIVERY),
    whole("address book", "notify.contacts", "kind || ' ' || contact_id"),
    whole("units", "notify.units", "unit_id"),
    whole("ownerships", "notify.ownerships", "unit_id || ' ' || ownership_id"),
    whole("accounts", "notify.accounts", "account_ref"),
    whole("receipts", "notify.receipts", "event_uid::text"),
    whole("holds", "notify.holds", "hold_id"),
)
OUTSIDE = (MESSAGE_SENT.topic, MESSAGE_FAILED.topic, DAY_CLOSED["notify"].topic)
"""Its day's totals count the messages that left."""

CARRIED = (Carried("notify.messages", "message_id", _DELIVERY), Carried("notify.content_reads"))
