"""The question people ask most, one account whole, of a ledger of five years, through the staff API."""

import time
from datetime import date

import httpx

from shared.auth import ROLES
from tests.benchmarks import ledger
from tests.benchmarks.figures import Figure, milliseconds
from tests.benchmarks.stage import Office, Stage, know_sizes

_YEARS = range(2021, 2026)
_MONTHS = (1, 4, 7, 10)


async def measure(stage: Stage) -> list[Figure]:
    """Ask for accounts all over the ledger, one after the other; beside it the bare round trip of the same server."""
    units, asked = stage.scaled(1_000), stage.scaled(400)
    rounds: list[list[float]] = []
    bare: list[list[float]] = []
    async with stage.office("billing") as office:
        await _five_years(office, units)
        await office.start()
        refs = [row["account_ref"] for row in await office.sql.fetch("select account_ref from billing.accounts")]
        token = stage.issuer.token("bench", ROLES)
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as client:
            await _ask(client, f"{office.api_url}/accounts/", refs[:20])  # warm
            for number in range(stage.rounds):
                chosen = [refs[(number + 7 * nth) % units] for nth in range(asked)]
                rounds.append(await _ask(client, f"{office.api_url}/accounts/", chosen))
                bare.append(await _ask(client, f"{office.private_url}/livez", [""] * asked))
    return [
        milliseconds("question.account p50", rounds, 0.5),
        milliseconds("question.account p99", rounds, 0.99, most=50),
        milliseconds("question.bare p50", bare, 0.5),
        milliseconds("question.bare p99", bare, 0.99),
    ]


async def _five_years(office: Office, units: int) -> None:
    """Write twenty quarters, each billed with its end and paid."""
    await ledger.register(office.sql, units)
    quarters = [date(year, month, 1) for year in _YEARS for month in _MONTHS]
    billed: str | None = None
    for number, first_on in enumerate(quarters):
        if billed is not None:
            await ledger.pay_quarter(office.sql, first_on, billed, opening=number == 1)
        await ledger.charge_quarter(office.sql, first_on, units)
        billed = f"{first_on.year}Q{(first_on.month + 2) // 3}"
    await know_sizes(office.sql)


async def _ask(client: httpx.AsyncClient, url: str, names: list[str]) -> list[float]:
    took = []
    for name in names:
        started = time.monotonic()
        answer = await client.get(url + name)
        took.append(time.monotonic() - started)
        assert answer.status_code == httpx.codes.OK, answer.text
    return took
