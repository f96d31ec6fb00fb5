"""What is issued in other ways than by the day alone, at ten and at eighty thousand flats.

A quarter's run that officers look at (struck on one day, released by a second person, issued on the next), and then the
annual statements of its year.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx

from services.billing.usecases.statement_reviews import POLICY, RELEASE
from tests.benchmarks import ledger
from tests.benchmarks.closing import close_day
from tests.benchmarks.figures import Figure, ratios
from tests.benchmarks.stage import Office, Stage, know_sizes, peak_mib

_YEAR = 2025
_QUARTERS = tuple(date(_YEAR, month, 1) for month in (1, 4, 7, 10))
_EVE, _LAST = date(_YEAR, 12, 30), date(_YEAR, 12, 31)
_STRUCK, _ISSUED, _ANNUAL = (date(_YEAR + 1, 1, day) for day in (1, 2, 3))
_RUN = f"{_YEAR}Q4-1"
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds of each day's work and of the question what a run would say, and the process's highest memory in MiB."""

    struck: float
    issued: float
    annual: float
    dry_run: float
    peak: float


async def measure(stage: Stage) -> list[Figure]:
    """Take the smaller size through its three days a few times, as it takes seconds, and the larger once: minutes."""
    middle, large = (500, 4_000) if stage.quick else (10_000, 80_000)
    small = [await _run(stage, middle) for _ in range(_ROUNDS)]
    big = await _run(stage, large)
    figures = []
    for name in ("struck", "issued", "annual"):
        each = [getattr(run, name) / middle * 1000 for run in small]
        each_of_big = getattr(big, name) / large * 1000
        figures += [
            Figure(f"run.{name} 10k-each", "ms", tuple(each)),
            Figure(f"run.{name} 80k-each", "ms", (each_of_big,)),
            Figure(f"run.{name} 80k-over-10k", "times", ratios([each_of_big] * _ROUNDS, each), most=1.2),
            Figure(f"run.{name} 80k", "s", (getattr(big, name),), most=300),
        ]
    return [
        *figures, Figure("run.dry-run 80k", "s", (big.dry_run,)), Figure("run.80k-peak", "MiB", (big.peak,), most=200)
    ]  # fmt: skip


async def _run(stage: Stage, units: int) -> Run:
    async with stage.office("billing") as office:
        await _a_year(office, units)
        process = await office.start()
        async with httpx.AsyncClient(base_url=office.api_url, timeout=600) as client:
            people = People(stage, client)
            await close_day(office, _EVE, 1)
            await people.agree(POLICY, "statements", {"release": "reviewed"})
            await close_day(office, _LAST, 2)
            await office.checked()
            dry_run = await people.ask_dry_run(units)
            struck = await close_day(office, _STRUCK, 3)
            await people.pass_all()
            await people.agree(RELEASE, _RUN, {"run_id": _RUN})
            issued = await close_day(office, _ISSUED, 4)
            await people.say("/annual-statements", {"year": _YEAR, "reason": "asked for"})
            annual = await close_day(office, _ANNUAL, 5)
        peak = peak_mib(process.pid)
        for table, where in (("statements", f"quarter = '{_YEAR}Q4'"), ("annual_statements", f"year = {_YEAR}")):
            assert await office.sql.fetchval(f"select count(*) from billing.{table} where {where}") == units
    return Run(struck, issued, annual, dry_run, peak)


async def _a_year(office: Office, units: int) -> None:
    """Write four quarters of charges, of which three are billed and paid."""
    await ledger.register(office.sql, units)
    for number, first_on in enumerate(_QUARTERS):
        if number:
            await ledger.pay_quarter(office.sql, first_on, f"{_YEAR}Q{number}", opening=number == 1)
        await ledger.charge_quarter(office.sql, first_on, units)
    await know_sizes(office.sql)


class People:
    """Those who say what happens to a run, each with a token of their own."""

    def __init__(self, stage: Stage, client: httpx.AsyncClient) -> None:
        self._client = client
        self._tokens = {role: stage.issuer.token(role, [role]) for role in ("lead-officer", "finance", "board")}

    async def say(self, path: str, body: dict[str, Any], role: str = "finance") -> Any:
        """Give a command; one that is refused fails the benchmark."""
        answer = await self._client.post(path, json=body, headers=self._as(role))
        assert answer.is_success, answer.text
        return answer.json()

    async def agree(self, kind: str, subject: str, body: dict[str, Any]) -> None:
        """Let one person propose and another approve."""
        asked = {"kind": kind, "subject": subject, "body": body, "reason": "asked for"}
        number = (await self.say("/bus/proposals", asked))["id"]
        await self.say(f"/bus/proposals/{number}/approve", {"reason": "agreed"}, "board")

    async def pass_all(self) -> None:
        """Pass every statement of the run's sample."""
        answer = await self._client.get(f"/statement-runs/{_RUN}", headers=self._as("finance"))
        for one in answer.json()["sample"]:
            said = {"account_ref": one["account_ref"], "passed": True, "reason": "read"}
            await self.say(f"/statement-runs/{_RUN}/checks", said)

    async def ask_dry_run(self, units: int) -> float:
        """Return the seconds that the question takes what a run would say."""
        answer = await self._client.get("/statement-runs/dry-run", headers=self._as("finance"))
        assert answer.json()["statements"] == units, answer.text[:500]
        return answer.elapsed.total_seconds()

    def _as(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens[role]}"}
