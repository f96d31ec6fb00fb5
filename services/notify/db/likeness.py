"""What a rebuild of notify's database must equal: every letter and its bytes' hash, not what became of it outside."""

from shared.bus.purging import read_retention
from shared.events.topics import DAY_CLOSED, MESSAGE_FAILED, MESSAGE_SENT
from shared.rebuild.likeness import Carried, Compared, whole

_DELIVERY = (
    "state", "due_at", "claim", "lease_until", "attempts", "silences", "first_tried_at", "last_answer", "sent_at",
    "handed_in", "said", "blanked",
)  # fmt: skip

_AS_SENT = ("channel", "sha256")
_TO_ERASED = """
exists (select from notify.contacts as contact where contact.erased
  and (contact.kind = {row}.contact_kind and contact.contact_id = {row}.contact_id
    or {row}.channel = 'print' and contact.kind = 'party' and exists (
      select from notify.accounts as account join notify.ownerships as ownership using (unit_id)
      where account.account_id = {row}.account_id and contact.contact_id = any(ownership.party_ids))))
"""
"""Also paper about a flat that somebody erased owned with or after others: their forwarding address went, too."""
_KEEP_DAYS = min(version.keep_days["letters"] for version in read_retention())
_OLD = f"created_on <= (select last_closed from msg.gate) - {_KEEP_DAYS}"  # noqa: S608 - ours
"""Old enough to have been blanked by a day's close, and no longer compared by where it went."""
_LEFT_OUT = "".join(f" - '{column}'" for column in ("letter_no", *_DELIVERY))
_MESSAGES = f"""
select message_id::text as key, to_jsonb(it){_LEFT_OUT}
  - case when {_TO_ERASED.format(row="it")} then array['channel', 'sha256'] else '{{}}'::text[] end
  - case when {_OLD} then 'mailbox' else '' end as row
from notify.messages as it
"""  # noqa: S608 - ours
"""What was written to somebody who is erased now cannot be written again, nor to where they went: that it was, and its
hash, is kept."""

COMPARED = (
    whole("letters", "notify.letters", "dedup_key", "letter_no"),
    Compared("messages", _MESSAGES),
    whole("address book", "notify.contacts", "kind || ' ' || contact_id"),
    whole("units", "notify.units", "unit_id"),
    whole("ownerships", "notify.ownerships", "unit_id || ' ' || ownership_id"),
    whole("accounts", "notify.accounts", "account_ref"),
    whole("receipts", "notify.receipts", "event_uid::text"),
    # When it started and was set: a rebuild knows it also of holds from before the columns were.
    whole("holds", "notify.holds", "hold_id", "started_on", "set_in"),
    whole("disputes", "notify.disputes", "dispute_id"),
    whole("plan changes", "notify.plan_changes", "plan_id || ' ' || change"),
    whole("notices of liability", "notify.notices", "notice_id"),
    whole("open items", "notify.open_items", "account_id || ' ' || book"),
)
OUTSIDE = (MESSAGE_SENT.topic, MESSAGE_FAILED.topic, DAY_CLOSED["notify"].topic)
"""Its day's totals count the messages that left."""

CARRIED = (
    Carried("notify.messages", "message_id", _DELIVERY),
    Carried("notify.messages", "message_id", _AS_SENT, _TO_ERASED.format(row="messages")),
    Carried("notify.messages", "message_id", ("mailbox",), "blanked"),
    Carried("notify.contents", "message_id", ("body",), "body is null"),
    Carried("notify.content_reads"),
)
