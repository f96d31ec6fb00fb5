"""One row of the fault table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A fault: ``tests`` are node ids that prove its outcome; ``open`` says what they leave out, and the next step."""

    number: int
    what: str
    injected: str
    outcome: str
    tests: tuple[str, ...] = ()
    open: str = ""
