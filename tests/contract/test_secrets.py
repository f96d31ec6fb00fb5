"""No secret stands in what is committed: keys by their shape, passwords and tokens by how random they look."""

import re
import subprocess
from collections.abc import Iterator
from math import log2

import pytest

from tests.architecture.source import ROOT

SHAPES = {
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "cloud key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{35}\b"),
    "token of a code host": re.compile(
        r"\bgh[pousr]_[0-9A-Za-z]{36}\b|\bglpat-[0-9A-Za-z_-]{20}\b|\bxox[abprs]-[0-9]+-"
    ),
    "signed token": re.compile(r"\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\."),
}
_ASSIGNED = re.compile(
    r"""(?:password|passwd|passphrase|secret|token|credential|api_?key)['"]?\]?\s*[:=]+\s*['"]?"""
    r"""([0-9A-Za-z+/_.=~!@%^*-]{12,})""",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"://[^\s/:@'\"{}$]+:([^\s/@'\"{}$]+)@")
BITS = 3.3
"""So many bits a letter: words stay below it, twelve drawn letters are above it nearly always."""
LOCAL = {"throw-away", "secret", "p%40ss", "p", "PASSWORD", "sslmode=verify-full"}
"""Passwords in addresses of tests, of a container that lives for one run, and of a sentence that says what to set."""


def bits(word: str) -> float:
    """Return how many bits of surprise each letter of a word has, by how often it occurs in the word."""
    return -sum(word.count(letter) / len(word) * log2(word.count(letter) / len(word)) for letter in set(word))


def _looks_drawn(word: str) -> bool:
    return bits(word) >= BITS and any(map(str.isdigit, word)) and any(map(str.isalpha, word))


def secrets_in(text: str) -> Iterator[str]:
    """Every secret in a text, by its kind and never by its letters."""
    yield from (kind for kind, shape in SHAPES.items() if shape.search(text))
    yield from ("assigned" for word in _ASSIGNED.findall(text) if _looks_drawn(word))
    yield from ("in an address" for word in _IN_ADDRESS.findall(text) if word not in LOCAL)


def _committed() -> Iterator[tuple[str, str]]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            yield name, (ROOT / name).read_text(encoding="utf-8", errors="replace")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no clone: nothing says what is committed")
def test_nothing_committed_has_a_secret_in_it() -> None:
    files = dict(_committed())
    assert len(files) > 1_000
    assert {name: kinds for name, text in files.items() if (kinds := sorted(set(secrets_in(text))))} == {}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("private key", "-----BEGIN EC " + "PRIVATE KEY-----\nMHc"),
        ("cloud key", "aws = AK" + "IAIOSFODNN7EXAMPLE"),
        ("token of a code host", "gh" + "p_" + "a1B2c3D4e5F6" * 3),
        ("signed token", "ey" + "JhbGciOiJFUzI1NiJ9.ey" + "JzdWIiOiJhbm4ifQ.x"),
        ("assigned", "SMTP_PASS" + "WORD=h7Kq2vTz9LmX4"),
        ("assigned", '"api' + '_key": "9f86d081884c7d659a2feaa0c55ad015"'),
        ("in an address", "postgresql://billing_app" + ":hunter2@db/billing"),
    ],
)
def test_a_secret_is_seen(kind: str, text: str) -> None:
    assert list(secrets_in(text)) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "password=settings.smtp_password", "token: ${OWNERS_KAFKA_PASSWORD:?run deploy/new-env first}",
        "SCRAM-SHA-512=[password=$${!password}]", "password = address.password.get_secret_value()",
        "postgresql://owners_app:${OWNERS_APP_PASSWORD}@postgres:5432/owners", "CLOSEBOOK_TOKEN_FINANCE=…",
    ],
)  # fmt: skip
def test_a_name_of_a_secret_is_none(text: str) -> None:
    assert list(secrets_in(text)) == []
