"""Share sets: whether a version is a whole, and whether it names a unit twice."""

from collections import Counter
from collections.abc import Sequence
from math import lcm

from shared.events.housing import Member


def is_complete(members: Sequence[Member]) -> bool:
    """Say whether the shares total exactly 1; a set that does not is INCOMPLETE and nothing is billed through it.

    Compared as whole numbers over the common denominator: exact, and fast for thousands of unlike denominators.
    Source: contract.md section 2 (shares-published); Tenements (Scotland) Act 2004, domain.md R-TEN-1.
    """
    common = lcm(*(member.denominator for member in members))
    return sum(member.numerator * (common // member.denominator) for member in members) == common


def unit_named_twice(members: Sequence[Member]) -> str | None:
    """Return the first unit that stands in the set more than once, or nothing.  Source: contract.md section 4."""
    counts = Counter(member.unit_id for member in members)
    return next((unit_id for unit_id, count in counts.items() if count > 1), None)
