"""Money is whole pence in an ``int``; it is divided without loss and formatted only for people."""

import re

MAX_PENCE = 10**13
"""Amounts on the wire and in the ledger stay strictly below this (one hundred thousand million pounds)."""

_POUNDS = re.compile(r"([+-]?)£?(\d{1,3}(?:,\d{3})+|\d{1,11})(?:\.(\d{1,2}))?", re.ASCII)


def divide_half_up(numerator: int, denominator: int) -> int:
    """Return ``numerator / denominator`` rounded to the nearest whole number, halves away from zero.

    ``denominator`` is positive.  Used once per figure, where a rule says "rounded half up".
    """
    assert denominator > 0
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return magnitude if numerator >= 0 else -magnitude


def as_pounds(pence: int) -> str:
    """Return pence as people write them: ``£1,234.56``, ``-£0.05``."""
    sign = "-" if pence < 0 else ""
    pounds, rest = divmod(abs(pence), 100)
    return f"{sign}£{pounds:,}.{rest:02d}"


def pence_of(pounds: str) -> int:
    """Return the pence that people write as ``1,234.56``, ``£45`` or ``-0.05``; raises ``ValueError`` at all else."""
    found = _POUNDS.fullmatch(pounds.strip())
    if found is None:
        raise ValueError(f"{pounds!r} is no sum of money")
    sign, whole, rest = found.groups()
    pence = int(whole.replace(",", "")) * 100 + int((rest or "").ljust(2, "0"))
    return -pence if sign == "-" else pence
