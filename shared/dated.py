"""Dated data: a rule has versions, each in force from a day on, and old days are judged by the version of their day."""

from collections.abc import Iterable
from datetime import date
from typing import Protocol, TypeVar


class Dated(Protocol):
    """A version of a rule, in force from ``effective_from`` until the next version's day."""

    @property
    def version(self) -> str:
        """Its name for ever."""

    @property
    def effective_from(self) -> date:
        """The first day that it is for."""


Version = TypeVar("Version", bound=Dated)


def in_force(versions: Iterable[Version], day: date) -> Version:
    """Return the version in force on a day, the last name of those of one day; without one the data is wrong."""
    newest: Version | None = None
    for version in versions:
        if version.effective_from <= day and (newest is None or _rank(version) > _rank(newest)):
            newest = version
    assert newest is not None, f"no version is in force on {day}"
    return newest


def _rank(version: Dated) -> tuple[date, str]:
    return (version.effective_from, version.version)
