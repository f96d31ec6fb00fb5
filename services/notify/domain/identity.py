"""Names of letters and messages: pure functions of the business fact, so that a replay makes no second one."""

import hashlib
from datetime import date
from uuid import UUID


def statement_key(template: str, statement_no: str) -> str:
    """Return the name of an account's statement letter; the statement number already names account and quarter."""
    return f"{template}|{statement_no}"


def reminder_key(account_id: str, cycle: int, stage: int) -> str:
    """Return the name of a reminder: a stage fires once in a debt cycle of an account (domain.md 4.2)."""
    return f"stage|{account_id}|{cycle}|{stage}"


def annual_key(account_id: str, year: int) -> str:
    """Return the name of the letter with an account's annual statement: one for a year, ever."""
    return f"annual|{account_id}|{year}"


def collection_key(collection_id: str, account_id: str) -> str:
    """Return the name of an account's advance notice of a collection."""
    return f"collection|{collection_id}|{account_id}"


def mandate_end_key(account_id: str, reversal_id: str) -> str:
    """Return the name of the letter that tells an account of the return that ended its direct debit."""
    return f"mandate-ended|{account_id}|{reversal_id}"


def mandate_withdrawn_key(account_id: str, mandate_id: str) -> str:
    """Return the name of the letter that tells an account of a mandate that ended with no money taken back."""
    return f"mandate-withdrawn|{account_id}|{mandate_id}"


def welcome_key(account_id: str) -> str:
    """Return the name of an account's one welcome letter."""
    return f"welcome|{account_id}"


def increase_key(account_id: str, schedule_id: str, version: int) -> str:
    """Return the name of the letter that tells an account of a dearer version of a schedule."""
    return f"fee-increase|{account_id}|{schedule_id}|{version}"


def missing_share_key(account_id: str, charge_id: str) -> str:
    """Return the name of the letter that tells an account of a charge for a missing share that it carries."""
    return f"missing-share|{account_id}|{charge_id}"


def relief_key(account_id: str, relief_id: str) -> str:
    """Return the name of the letter that tells an account of the end of a relief."""
    return f"relief-ended|{account_id}|{relief_id}"


def plan_key(plan_id: str, change: int) -> str:
    """Return the name of the letter about a change of a plan: one for each change that has a letter, ever."""
    return f"plan|{plan_id}|{change}"


def notice_key(notice_id: str, number: int) -> str:
    """Return the name of the letter that tells what happened to a notice of potential liability."""
    return f"notice|{notice_id}|{number}"


def message_id(dedup_key: str, contact_kind: str, contact_id: str) -> str:
    """Return the name of the message that carries a letter to one recipient; it is also the head of its Message-ID."""
    return str(UUID(bytes=hashlib.sha256(f"{dedup_key}|{contact_kind}|{contact_id}".encode()).digest()[:16]))


def file_name(account_ref: str, template: str, dated_on: date) -> str:
    """Return the name of a letter's PDF, made by us alone: ``F0…-statement-2026-04-01.pdf``."""
    return f"{account_ref}-{template}-{dated_on.isoformat()}.pdf"
