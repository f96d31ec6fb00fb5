"""Terms in the words of letters: what is dated data elsewhere is not repeated as a number that would outlive it."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.billing.settings import read_direct_debit_policies
from services.notify.templates import stationery

WORDINGS = sorted((stationery.HERE / "wording").glob("*.toml"))
_NUMBER = (
    r"\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen"
    r"|(?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:-[a-z]+)?"
)
_TERM = re.compile(rf"\b(?:{_NUMBER})[ -](?:[a-z]+ )?(?:day|week|fortnight|month)s?\b", re.IGNORECASE)
OURS = {
    "common": {"5 working days"},  # how soon a complaint is answered: this factor's procedure
    "welcome": {"four weeks"},  # until when the Written Statement of Services is with an owner (Code of Conduct 1.2)
    "collection-notice": {"ten working days"},  # the Direct Debit Guarantee, in the banks' words
    "mandate-ended": {"ten working days"},
    "statement": {"ten working days"},
}
"""Every length of time that a letter names in words of its own; one in force by dated data comes with its facts."""


@pytest.mark.parametrize("path", WORDINGS, ids=lambda path: path.stem)
def test_a_letter_names_no_term_that_is_dated_data(path: Path) -> None:
    said = {term for words in _strings(tomllib.loads(path.read_text())) for term in _TERM.findall(words)}
    assert said == OURS.get(path.stem, set())


def test_the_guarantee_names_the_notice_that_owners_get() -> None:
    """Its number stands in the letters: a version of the rules with another notice needs other words first."""
    assert {one.notice_bank_days for one in read_direct_debit_policies()} == {10}


@pytest.mark.parametrize(
    "words", ["due 28 days after", "Twenty-eight days on", "a 28-day term", "three months", "a fortnight"]
)
def test_a_term_is_found_however_it_is_written(words: str) -> None:
    assert _TERM.search(words)


def _strings(value: object) -> Iterator[str]:
    """Every string of a wording's file."""
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from _strings(one)
        case list():
            for one in value:
                yield from _strings(one)
