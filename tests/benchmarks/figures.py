"""Measured figures: the median of several rounds with the machine's noise beside it, against a target."""

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

REPORT = Path("build/bench.json")
PAGE = Path("docs/performance.md")
_BEGIN, _END = "<!-- figures -->\n", "<!-- end of figures -->"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the report; ``least`` and ``most`` are the target's bounds, a figure without them only informs.

    One without values was not measured: what it needs is not on this machine.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    least: float | None = None
    most: float | None = None

    @property
    def value(self) -> float | None:
        return median(self.values) if self.values else None

    @property
    def target(self) -> str:
        if self.least is not None:
            return f">= {self.least:g}"
        return f"<= {self.most:g}" if self.most is not None else ""

    @property
    def met(self) -> bool | None:
        value = self.value
        if value is None or (self.least is None and self.most is None):
            return None
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def line(self) -> str:
        noise = f"({_shown(min(self.values))} - {_shown(max(self.values))})" if len(self.values) > 1 else ""
        verdict = {None: "", True: "met", False: "MISSED"}[self.met]
        if self.value is None:
            return f"{self.name:<52}not measured"
        return f"{self.name:<52}{_shown(self.value):>12} {self.unit:<10}{noise:<24}{self.target:<10}{verdict}".rstrip()

    def row(self) -> str:
        noise = f"{_shown(min(self.values))} to {_shown(max(self.values))}" if len(self.values) > 1 else ""
        verdict = {None: "", True: "met", False: "**missed**"}[self.met]
        shown = f"{_shown(self.value)} {self.unit}" if self.value is not None else "not measured"
        return f"| {self.name} | {shown} | {noise} | {self.target} | {verdict} |"

    def entry(self) -> dict[str, Any]:
        value, least, most = self.value, min(self.values, default=None), max(self.values, default=None)
        return {
            "name": self.name, "value": _rounded(value), "unit": self.unit, "target": self.target, "met": self.met,
            "min": _rounded(least), "max": _rounded(most), "rounds": len(self.values),
        }  # fmt: skip


def ratios(above: list[float], below: list[float]) -> tuple[float, ...]:
    """Return the ratio of each round: what the machine does to one half of a round it mostly does to the other."""
    return tuple(a / b for a, b in zip(above, below, strict=True))


def percentile(values: list[float], share: float) -> float:
    """Return the value that ``share`` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def milliseconds(name: str, rounds: list[list[float]], share: float, most: float | None = None) -> Figure:
    """Return the figure of a percentile of waiting; ``rounds`` are seconds."""
    return Figure(name, "ms", tuple(percentile(values, share) * 1000 for values in rounds), most=most)


def write(figures: list[Figure]) -> None:
    """Write the report that other programs read."""
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps([figure.entry() for figure in figures], indent=2) + "\n")


def write_page(figures: list[Figure]) -> None:
    """Write the figures into the page about performance, between its two marks."""
    head, _, rest = PAGE.read_text().partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    rows = "".join(f"{figure.row()}\n" for figure in figures)
    PAGE.write_text(
        f"{head}{_BEGIN}| figure | median | least to most | target | |\n|---|---|---|---|---|\n{rows}{_END}{tail}"
    )


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
