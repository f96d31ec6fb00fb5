"""Names come from the business fact, so that a replay makes no second letter."""

from datetime import date
from uuid import UUID

from services.notify.domain import identity


def test_one_fact_and_recipient_is_one_message_for_ever() -> None:
    key = identity.statement_key("statement", "F000000000A1-2026Q1")
    first = identity.message_id(key, "party", "P1")
    assert first == identity.message_id(key, "party", "P1")
    assert UUID(first)
    assert len({first, identity.message_id(key, "party", "P2"), identity.message_id(key, "billing-contact", "P1")}) == 3


def test_a_stage_is_one_letter_in_a_cycle() -> None:
    assert identity.reminder_key("A1", 1, 1) != identity.reminder_key("A1", 2, 1)
    assert identity.reminder_key("A1", 1, 1) != identity.reminder_key("A1", 1, 2)


def test_a_file_is_named_by_us_alone() -> None:
    assert identity.file_name("F1", "statement", date(2026, 4, 1)) == "F1-statement-2026-04-01.pdf"
