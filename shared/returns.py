"""Why a bank takes money back, in its own codes: what each means, and what the office does next.

Codes of Bacs: ARUDD (a direct debit returned unpaid), ADDACS (a mandate changed), DDICA (an indemnity claim, which may
come months later).  Source: https://docs.numeral.io/reference/bacs-reason-codes; domain.md 9, cases 20 to 23.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class NextStep(StrEnum):
    """What the office does about money that was taken back."""

    COLLECT_AGAIN = "collect-again"
    ASK_FOR_METHOD = "ask-for-another-method"
    CONDOLE = "stop-and-condole"
    CHECK_OURS = "check-our-own-collection"
    ANSWER_CLAIM = "answer-the-claim"
    NONE = "nothing"
    READ = "read-the-bank's-words"


@dataclass(frozen=True, slots=True)
class Reason:
    """A known reason: its code, its meaning in plain words, and what follows."""

    code: str
    meaning: str
    next_step: NextStep


def _known(prefix: str, *rows: tuple[str, str, NextStep]) -> dict[str, Reason]:
    return {f"{prefix}-{code}": Reason(f"{prefix}-{code}", meaning, step) for code, meaning, step in rows}


_UNKNOWN = "not one of the known codes"
REASONS = {
    **_known(
        "arudd",
        ("0", "refer to payer: no money, or no reason given", NextStep.COLLECT_AGAIN),
        ("1", "instruction cancelled by the payer", NextStep.ASK_FOR_METHOD),
        ("2", "payer deceased", NextStep.CONDOLE),
        ("3", "account moved to another bank", NextStep.ASK_FOR_METHOD),
        ("4", "advance notice disputed", NextStep.CHECK_OURS),
        ("5", "no such account", NextStep.ASK_FOR_METHOD),
        ("6", "no instruction", NextStep.ASK_FOR_METHOD),
        ("7", "amount differs from the notice", NextStep.CHECK_OURS),
        ("8", "amount not yet due", NextStep.CHECK_OURS),
        ("9", "presented too late", NextStep.CHECK_OURS),
        ("a", "another collector's instruction", NextStep.CHECK_OURS),
        ("b", "account closed", NextStep.ASK_FOR_METHOD),
    ),
    **_known(
        "addacs",
        ("0", "instruction cancelled: refer to payer", NextStep.ASK_FOR_METHOD),
        ("1", "instruction cancelled by the payer", NextStep.ASK_FOR_METHOD),
        ("2", "payer deceased", NextStep.CONDOLE),
        ("3", "account moved to another bank", NextStep.NONE),
        ("b", "account closed", NextStep.ASK_FOR_METHOD),
        ("c", "account moved to another branch", NextStep.NONE),
        ("d", "advance notice disputed", NextStep.CHECK_OURS),
        ("e", "instruction amended", NextStep.NONE),
        ("r", "instruction in force again", NextStep.NONE),
    ),
    **_known(
        "ddica",
        ("1", "claim: amount or day differ from the notice", NextStep.ANSWER_CLAIM),
        ("2", "claim: no advance notice received", NextStep.ANSWER_CLAIM),
        ("3", "claim: instruction was cancelled by the bank", NextStep.ANSWER_CLAIM),
        ("4", "claim: payer had cancelled with us", NextStep.ANSWER_CLAIM),
        ("5", "claim: no instruction held", NextStep.ANSWER_CLAIM),
        ("6", "claim: signature not the payer's", NextStep.ANSWER_CLAIM),
        ("7", "claim: raised because we asked", NextStep.NONE),
        ("8", "claim: payer does not know our name", NextStep.ANSWER_CLAIM),
    ),
    "indemnity-claim": Reason("indemnity-claim", "claim under the direct debit guarantee", NextStep.ANSWER_CLAIM),
    "cheque-returned": Reason("cheque-returned", "cheque returned unpaid", NextStep.ASK_FOR_METHOD),
    "entered-in-error": Reason("entered-in-error", "entered in error by the housing system", NextStep.NONE),
    "refund": Reason("refund", "sent back by us", NextStep.NONE),
}


def reason_of(words: str) -> Reason:
    """Return what a bank's words mean, ``ARUDD 2`` as well as ``arudd-2``; unknown words are to be read by a person."""
    code = re.sub(r"[\s_/:]+", "-", words.strip().lower())
    return REASONS.get(code, Reason(code[:64], _UNKNOWN, NextStep.READ))


def tells_of_death(words: str) -> bool:
    """Say whether the bank says that the payer has died: nothing may be sent as if they lived."""
    return reason_of(words).next_step is NextStep.CONDOLE
