"""What a proposal asks for, line by line: what whoever decides about it has to have read."""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.money import as_pounds


def head_line(service: str, proposal: Mapping[str, Any]) -> str:
    """Return what is proposed about what, by whom and why."""
    what = f"{service}: proposal {proposal['id']}, {proposal['kind']} of {proposal['subject']}"
    return f"{what}, proposed by {proposal['proposed_by']}: {_one_line(proposal['why'])}"


def asked_lines(proposal: Mapping[str, Any]) -> list[str]:
    """Return the whole of what a proposal would do, a line for each field; money in pounds."""
    return [f"  {line}" for name, value in proposal["body"].items() for line in _lines(name, value)]


def decision_line(proposal: Mapping[str, Any]) -> str:
    """Return when it was proposed and what became of it."""
    told = f"Proposed at {proposal['proposed_at']}"
    told += f", open until {proposal['expires_at']}" if proposal["expires_at"] else ""
    told += f"; it is {proposal['status']}"
    if not proposal["decided_by"]:
        return f"{told}."
    book = f" in the book of {proposal['book']}" if proposal["book"] else ""
    return (
        f"{told}, decided by {proposal['decided_by']} at {proposal['decided_at']}{book}:"
        f" {_one_line(proposal['decision_note'])}"
    )


def _lines(name: str, value: object) -> Iterator[str]:
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        for number, one in enumerate(value, 1):
            yield f"{_label(name)} {number}: {_words(name, one)}"
    else:
        yield f"{_label(name)}: {_words(name, value)}"


def _label(name: str) -> str:
    return _one_line(name.replace("_", " ").removesuffix(" pence"))


def _words(name: str, value: object) -> str:
    """Return a value in words; what is inside of it goes on in the same line."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case int() if name.endswith("_pence"):
            return as_pounds(value)
        case list():
            return ", ".join(_words(name, one) for one in value) or "none"
        case dict():
            return ", ".join(f"{_label(inner)} {_words(inner, one)}" for inner, one in value.items())
    return _one_line(str(value))


def _one_line(words: str) -> str:
    """Return words that begin no line of their own: nobody writes a field that is not there."""
    return " ".join(words.split())
