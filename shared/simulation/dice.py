"""Chance that repeats itself: every decision has dice of its own, so that one more decision changes no other."""

import random
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TypeVar

Choice = TypeVar("Choice")


def dice(*names: object) -> random.Random:
    """Return the dice of one decision, named by the seed and whatever the decision is about."""
    return random.Random("|".join(map(str, names)))  # noqa: S311 - a story, not a secret


def pick(chance: random.Random, weights: Mapping[Choice, int]) -> Choice:
    """Return one of the keys, as often as its weight says."""
    return chance.choices(list(weights), weights=list(weights.values()))[0]


def day_between(chance: random.Random, first: date, last: date) -> date:
    """Return a day from ``first`` to ``last``, both included."""
    return first + timedelta(days=chance.randint(0, (last - first).days))
