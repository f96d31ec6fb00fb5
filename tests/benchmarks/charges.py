"""Charge events to committed ledger entries: the real billing process, the ceiling, and a plain handler."""

from dataclasses import dataclass, field

from shared.events.topics import CHARGE_RAISED
from tests.benchmarks import facts
from tests.benchmarks.ceiling import Ceiling
from tests.benchmarks.figures import Figure, ratios
from tests.benchmarks.plain import Plain
from tests.benchmarks.rows import Rows, rows_of
from tests.benchmarks.stage import Office, Stage, until

_TOPIC = CHARGE_RAISED.topic
DONE = "select coalesce(sum(n_done), 0) >= $2 from msg.batch_log where topic = $1"
# One row a batch: a batch has a row for each of its lanes, all of one transaction.
BATCHES = """
select sum(n_done)::int as events, pg_xact_commit_timestamp(xmin) as committed
from msg.batch_log where topic = $1 group by xmin order by 2
"""


@dataclass(slots=True)
class Real:
    """The billing service's own process; rounds add to the same database."""

    office: Office
    sent: int = 0
    batches: list[int] = field(default_factory=list)

    async def round(self, events: int) -> float:
        """Let a fresh process take in a round of charges; return events a second from its first commit to its last."""
        records = facts.charges(self.sent, events)
        await self.office.kafka.send_many(_TOPIC, records)
        before = len(await self.office.sql.fetch(BATCHES, _TOPIC))
        self.sent += events
        await self.office.start()
        await until(self.office.sql, DONE, _TOPIC, self.sent)
        await self.office.stop()
        batches = (await self.office.sql.fetch(BATCHES, _TOPIC))[before:]
        self.batches = [row["events"] for row in batches]
        seconds = (batches[-1]["committed"] - batches[0]["committed"]).total_seconds()
        return float(sum(self.batches[1:]) / seconds)

    async def rows(self, events: int) -> Rows:
        """Return what the last round wrote."""
        return await rows_of(self.office.sql, self.sent - events, self.sent)


async def measure(stage: Stage) -> list[Figure]:
    """Interleave the three, so that what disturbs the machine disturbs all of them."""
    events, plain_events = stage.scaled(20_000), stage.scaled(400)
    real_rates, ceiling_rates, plain_rates = [], [], []
    async with stage.office("billing") as office, stage.office("billing") as second, stage.office("billing") as third:
        await facts.register(office)
        # The plain handler inserts row by row: it is spared the check of postings that are written at once.
        await third.sql.execute("drop trigger causes_balance on billing.entries")
        real, ceiling, plain = Real(office), Ceiling(office, second), Plain(third)
        for _ in range(stage.rounds):
            real_rates.append(await real.round(events))
            rows = await real.rows(events)
            ceiling_rates.append(await ceiling.round(rows, real.batches))
            plain_rates.append(await plain.round(rows, plain_events))
    return [
        Figure("charges.billing", "events/s", tuple(real_rates)),
        Figure("charges.ceiling", "events/s", tuple(ceiling_rates)),
        Figure("charges.plain-handler", "events/s", tuple(plain_rates)),
        Figure("charges.of-ceiling", "ratio", ratios(real_rates, ceiling_rates), least=0.6),
        Figure("charges.over-plain-handler", "times", ratios(real_rates, plain_rates), least=25),
    ]
