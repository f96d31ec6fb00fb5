"""The quarter close of billing at a thousand, ten thousand and eighty thousand flats: one pass, bounded memory."""

from dataclasses import dataclass
from datetime import date

from tests.benchmarks import ledger
from tests.benchmarks.closing import close_day
from tests.benchmarks.figures import Figure, ratios
from tests.benchmarks.stage import Stage, know_sizes, peak_mib

_QUARTER, _DAY = date(2026, 1, 1), date(2026, 4, 1)


@dataclass(frozen=True, slots=True)
class Close:
    """One quarter closed: seconds from learning of its end to its close, the same as ms a flat, the peak in MiB."""

    seconds: float
    each_ms: float
    peak_mib: float


async def measure(stage: Stage) -> list[Figure]:
    """Close the quarter of ledgers of three sizes; the largest once, as it takes the time of all others."""
    sizes = (1_000, 2_000, 4_000) if stage.quick else (1_000, 10_000, 80_000)
    small, middle = [], []
    for _ in range(stage.rounds):
        small.append(await _close(stage, sizes[0]))
        middle.append(await _close(stage, sizes[1]))
    large = await _close(stage, sizes[2], is_long=True)
    each = [[close.each_ms for close in closes] for closes in (small, middle)]
    return [
        Figure("quarter.1k-each", "ms", tuple(each[0])),
        Figure("quarter.10k-each", "ms", tuple(each[1])),
        Figure("quarter.80k-each", "ms", (large.each_ms,)),
        Figure("quarter.10k-over-1k", "times", ratios(each[1], each[0]), most=1.2),
        Figure("quarter.80k-over-1k", "times", ratios([large.each_ms] * stage.rounds, each[0]), most=1.2),
        Figure("quarter.80k", "s", (large.seconds,), most=300),
        Figure("quarter.1k-peak", "MiB", tuple(close.peak_mib for close in small)),
        Figure("quarter.80k-peak", "MiB", (large.peak_mib,), most=200),
    ]


async def _close(stage: Stage, units: int, *, is_long: bool = False) -> Close:
    """Close a quarter; one that takes longer than the books are left alone is closed after their first check."""
    async with stage.office("billing") as office:
        await ledger.register(office.sql, units)
        await ledger.charge_quarter(office.sql, _QUARTER, units)
        await know_sizes(office.sql)
        process = await office.start()
        if is_long:
            await office.checked()
        seconds = await close_day(office, _DAY)
        peak = peak_mib(process.pid)
        assert await office.sql.fetchval("select count(*) from billing.statements") == units
    return Close(seconds, seconds / units * 1000, peak)
