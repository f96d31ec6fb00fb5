"""Reminders of one account keep their distance: a later one waits for the one before it to be out long enough."""

from services.notify.domain.dispatch import BOOKS_APART, FINAL, State

REMINDERS = ", ".join(f"'{name}'" for name in BOOKS_APART)
_ENDED = ", ".join(f"'{state}'" for state in sorted(FINAL))
_APART = " ".join(f"when '{name}' then {books}" for name, books in BOOKS_APART.items())
OPEN_BOOK = "(select coalesce(last_closed + 1, first_ended) from msg.gate)"
"""The book that is being written; null before any day has ended, and then nobody waits."""
FREE = f"""
(message.template not in ({REMINDERS}) or not exists (
  select from notify.messages as earlier
  where earlier.account_id = message.account_id and earlier.template in ({REMINDERS})
    and earlier.letter_no < message.letter_no
    and (earlier.state not in ({_ENDED})
      or (earlier.state = '{State.HANDED_OVER}'
        and coalesce(earlier.handed_in, earlier.created_on) + case message.template {_APART} end > {OPEN_BOOK}))))
"""
"""Whether ``message`` may leave as far as the reminders before it go: each is at another end than handed over, or has
been out for so many books."""
