"""How days, quarters and addresses are written for people."""

from datetime import date

from shared.events.housing import Address

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def day(value: date) -> str:
    """Return a day as letters write it: ``1 April 2026``; the same in every locale."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def short_day(value: date) -> str:
    """Return a day as a table writes it: ``1 Apr 2026``."""
    return f"{value.day} {MONTHS[value.month - 1][:3]} {value.year}"


def quarter(name: str) -> str:
    """Return a quarter (``2026Q1``) as people say it: ``January to March 2026``."""
    year, number = int(name[:4]), int(name[5])
    first = (number - 1) * 3
    return f"{MONTHS[first]} to {MONTHS[first + 2]} {year}"


def address_lines(address: Address) -> tuple[str, ...]:
    """Return a postal address line by line, as an envelope shows it."""
    return (*address.lines, f"{address.town} {address.postcode}")
