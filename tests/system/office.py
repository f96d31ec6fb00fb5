"""A running stack, used as a person would: through the commands of `closebook`, with their exit codes and JSON."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.cli import main
from shared.cli.supervisor import Stack
from shared.embedded import stack as servers_stack
from shared.embedded.databases import ServiceUrls
from shared.embedded.stack import KafkaServer, PostgresServer, Servers
from tests.support.kafka_tools import PARTITIONS
from tests.system.story import Said

_IDS = ("credit_id", "charge_id", "reversal_id", "payment_id", "change_id", "share_set_id", "unit_id")


@dataclass(frozen=True)
class Answer:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass
class Office:
    """The stack and a folder for the files that are published."""

    stack: Stack
    folder: Path
    files: int = 0

    async def run(self, *arguments: str) -> Answer:
        """Run one command against the stack."""
        return await asyncio.to_thread(self._run, [*arguments, "--data", str(self.stack.directory)])

    async def ask(self, *arguments: str) -> Any:
        """Run one command with --json that must succeed; returns its document."""
        answer = await self.run(*arguments, "--json")
        assert answer.code == 0, f"{arguments}: {answer.err}\n{answer.out}"
        return answer.document

    async def publish(self, said: Iterable[Said]) -> Any:
        """Publish events through a file."""
        return await self.ask("publish", str(self.write(said)))

    async def close(self, day: str, through: str | None = None) -> Any:
        """Close days in all four services."""
        return await self.ask("close", day, *(["--through", through] if through else []), "--timeout", "120")

    def write(self, said: Iterable[Said]) -> Path:
        """Write events to a new file, each with an id that its content gives it."""
        self.files += 1
        file = self.folder / f"events-{self.files}.jsonl"
        file.write_text("".join(json.dumps(cloud_event(name, data)) + "\n" for name, data in said))
        return file

    @staticmethod
    def _run(arguments: list[str]) -> Answer:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main.run(arguments)
        return Answer(int(code), out.getvalue(), err.getvalue())


def cloud_event(name: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return an event of the housing system."""
    business_id = next(data[field] for field in _IDS if field in data)
    return {
        "specversion": "1.0",
        "id": f"{name}/{business_id}",
        "source": "housing-system/story",
        "type": f"housing.{name}.v1",
        "time": "2026-01-01T09:00:00Z",
        "data": data,
    }


@asynccontextmanager
async def an_office(
    folder: Path, kafka: KafkaServer, postgres: PostgresServer, urls: Mapping[str, ServiceUrls], prefix: str
) -> AsyncIterator[Office]:
    """Four real service processes on the run's servers, with a mail server of their own."""
    mail = await servers_stack.start_mail(folder / "mail", containers=True)
    stack = Stack(
        folder / "stack",
        servers=Servers(kafka, postgres, mail),
        urls=urls,
        topic_prefix=prefix,
        partitions=PARTITIONS,
    )
    await stack.start()
    try:
        yield Office(stack, folder)
    finally:
        await stack.stop()
        await mail.stop()
