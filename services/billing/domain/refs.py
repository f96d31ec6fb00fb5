"""Names that are pure functions of what they name: account ids, account references, statement numbers."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from uuid import UUID

from stdnum.iso7064 import mod_37_36

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_REF_LENGTH = 12
_LONGEST_ID = 64
IGNORED = " -\t\u00a0"
"""What people write into references as they like."""
_IGNORED = str.maketrans("", "", IGNORED)


@lru_cache(maxsize=100_000)
def account_id(unit_id: str, ownership_id: str | None) -> str:
    """Return the id of the account of an ownership, or (no ownership) of the unit's internal account.

    Source: contract.md 6, ownership line.
    """
    digest = hashlib.sha256(f"account|{unit_id}|{ownership_id or ''}".encode()).digest()
    return str(UUID(bytes=digest[:16]))


@lru_cache(maxsize=100_000)
def account_ref(unit_id: str, ownership_id: str | None) -> str:
    """Return the reference owners quote: ``F``, ten characters without I, L, O and U, and a check character.

    The check character (ISO 7064 mod 37,36) finds every single wrong character.
    """
    digest = hashlib.sha256(f"ref|{unit_id}|{ownership_id or ''}".encode()).digest()
    number = int.from_bytes(digest[:8], "big")
    body = "F" + "".join(_ALPHABET[(number >> (5 * place)) & 31] for place in range(10))
    return body + str(mod_37_36.calc_check_digit(body))


def statement_no(ref: str, quarter: str) -> str:
    """Return the number of the statement of ``quarter`` (``2026Q1``), known before it is issued."""
    return f"{ref}-{quarter}"


def other_name(charge_id: str) -> str:
    """Return what a charge of ours is called when the housing system has used its name for another."""
    name = f"{charge_id}:ours"
    return name if len(name) <= _LONGEST_ID else f"OURS:{hashlib.sha256(charge_id.encode()).hexdigest()[:32]}"


def own_name(charge_id: str, known: Mapping[str, bool]) -> str | None:
    """Return the name under which we raise a charge; None: it is raised.

    ``known`` are the names in use, and whether a charge of ours has it.  The housing system may name its charges as it
    likes: one that has a name of ours must not stand in for the fee.  If ours came first, theirs is a conflict.
    """
    other = other_name(charge_id)
    if known.get(charge_id) or known.get(other):
        return None
    return other if charge_id in known else charge_id


def normalised(text: str) -> str:
    """Return a reference as it is compared: upper case, no spaces, no hyphens."""
    return text.translate(_IGNORED).upper()


def is_account_ref(text: str) -> bool:
    """Say whether a normalised text has the form of an account_ref and the right check character."""
    return (
        len(text) == _REF_LENGTH
        and text[0] == "F"
        and text.isascii()
        and text.isalnum()
        and bool(mod_37_36.is_valid(text))
    )


def stated_ref(text: str | None) -> str | None:
    """Return the account_ref that a payment states, or nothing if its check character is wrong."""
    ref = normalised(text) if text else ""
    return ref if is_account_ref(ref) else None


def found_refs(reference: str | None) -> tuple[str, ...]:
    """Return every account_ref that can be read in a free text, sorted; a statement number begins with one.

    Case, spaces and hyphens are ignored (contract.md 6, receipts).  Chance hits are weeded out by whether such an
    account exists.
    """
    text = normalised(reference) if reference else ""
    starts = (at for at, letter in enumerate(text) if letter == "F")
    return tuple(sorted({text[at : at + _REF_LENGTH] for at in starts if is_account_ref(text[at : at + _REF_LENGTH])}))
