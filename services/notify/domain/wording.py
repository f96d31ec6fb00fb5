"""The words of each letter: read from a file and filled in with one account's facts, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template

Facts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AdviceBody:
    """A free and independent adviser (Code of Conduct 4.5)."""

    name: str
    phone: str
    website: str


@dataclass(frozen=True, slots=True)
class AdviceWords:
    """Where owners get advice: the same in every letter that gives it."""

    title: str
    intro: str
    rows: tuple[AdviceBody, ...]


@dataclass(frozen=True, slots=True)
class BlockWords:
    """One part of a letter; ``when`` names the condition under which it is printed (always, if empty)."""

    kind: str
    text: str = ""
    title: str = ""
    when: str = ""
    points: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one letter, with their version."""

    version: str
    title: str
    subject: str
    blocks: tuple[BlockWords, ...]
    headline: Facts
    groups: Facts
    balance: Facts
    items: Facts
    group_total: str = ""
    deadline_days: int = 0


@dataclass(frozen=True, slots=True)
class CommonWords:
    """The words that more letters than one have."""

    alternative_formats: str
    complaints_title: str
    complaints: str
    contact_title: str
    contact: str
    pay: Facts
    advice: AdviceWords


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who we are: the register number stands on every letter (R-REG-6), the contact block too (Code of Conduct 2.5)."""

    name: str
    strapline: str
    register_number: str
    address_lines: tuple[str, ...]
    phone: str
    out_of_hours: str
    email: str
    website: str
    bank_account_name: str
    bank_sort_code: str
    bank_account_number: str


@dataclass(frozen=True, slots=True)
class Stationery:
    """Everything a letter is written on: letterhead, common words, and the wording of each template."""

    letterhead: Letterhead
    common: CommonWords
    wordings: Mapping[str, Wording]


def fill(text: str, facts: Facts) -> str:
    """Return ``text`` with its ``$places`` filled in; a place without a fact is a KeyError, never an empty gap."""
    return Template(text).substitute(facts)
