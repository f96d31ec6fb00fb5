"""`closebook publish`: a JSONL file of CloudEvents to Kafka, every bad line named, safe to repeat."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, NodeNotReadyError

from shared.cli import environment, output
from shared.cli.errors import CliError, ExitCode
from shared.cli.kafka import Broker, partitions_of, producing
from shared.cli.lines import BadLine, Sendable, checked, read_lines, unchecked
from shared.cli.options import DataDir, JsonFlag

_WINDOW = 5_000
# So many lines are under way at once: memory stays flat however long the file is.

_HEADERS = [("content-type", b"application/cloudevents+json")]
_BROKER_AWAY = (KafkaConnectionError, KafkaTimeoutError, NodeNotReadyError)


@dataclass
class Report:
    """What became of the file's lines."""

    file: Path
    dry_run: bool
    lines: int = 0
    published: int = 0
    bad: list[BadLine] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the report for ``--json``."""
        return {
            "file": str(self.file),
            "lines": self.lines,
            "published": self.published,
            "dry_run": self.dry_run,
            "bad": [line.as_json() for line in sorted(self.bad, key=lambda line: line.number)],
        }


def publish(
    file: Annotated[Path, typer.Argument(help="A JSONL file: one CloudEvent a line.", show_default=False)],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every line and send nothing.")] = False,
    no_validate: Annotated[bool, typer.Option("--no-validate", help="Send the lines as they are.")] = False,
    topic: Annotated[
        str | None, typer.Option("--topic", help="With --no-validate: where lines without a readable type go.")
    ] = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Publish a JSONL file of events; bad lines are reported and left out, and repeating it does no harm."""
    if not file.exists():
        raise CliError(f"There is no file {file}.", "Name an existing JSONL file, one event a line.", ExitCode.USAGE)
    report = Report(file, dry_run)
    lines = _judged(read_lines(file), no_validate, topic)
    if dry_run:
        _check(lines, report)
    else:
        asyncio.run(send(Broker.of(environment.resolve(data)), lines, report))
    _tell(report, as_json)
    if report.bad:
        raise typer.Exit(ExitCode.NEGATIVE)


def _judged(lines: Iterable[tuple[int, bytes]], as_they_are: bool, topic: str | None) -> Iterator[Sendable | BadLine]:
    for number, value in lines:
        yield unchecked(number, value, topic) if as_they_are else checked(number, value)


def _check(lines: Iterable[Sendable | BadLine], report: Report) -> None:
    for line in lines:
        report.lines += 1
        if isinstance(line, BadLine):
            report.bad.append(line)


async def send(broker: Broker, lines: Iterator[Sendable | BadLine], report: Report) -> None:
    """Send the good lines in the file's order, a window at a time."""
    known: set[str] = set()
    async with producing(broker, linger_ms=5, max_batch_size=256 * 1024) as producer:
        with output.counting("publishing") as progress:
            task = progress.add_task("", total=None)
            while window := _window(lines, report):
                await _know_topics(broker, known, window)
                await _send_window(broker, producer, window, report)
                progress.update(task, completed=report.published)


def _window(lines: Iterator[Sendable | BadLine], report: Report) -> list[Sendable]:
    """Return the next good lines, at most a window full; the bad ones on the way go into the report."""
    window: list[Sendable] = []
    for line in lines:
        report.lines += 1
        if isinstance(line, BadLine):
            report.bad.append(line)
        else:
            window.append(line)
        if len(window) == _WINDOW:
            break
    return window


async def _know_topics(broker: Broker, known: set[str], window: Iterable[Sendable]) -> None:
    """Make sure, before anything is sent, that its topic is there: a producer would wait a minute for it."""
    new = {line.topic for line in window} - known
    if new:
        await partitions_of(broker, sorted(new))
        known |= new


async def _send_window(broker: Broker, producer: AIOKafkaProducer, window: list[Sendable], report: Report) -> None:
    try:
        sent = [
            await producer.send(broker.wire(line.topic), line.value, key=line.key, headers=_HEADERS) for line in window
        ]
        outcomes = await asyncio.gather(*sent, return_exceptions=True)
    except _BROKER_AWAY as error:
        raise _stopped(broker, report) from error
    for line, outcome in zip(window, outcomes, strict=True):
        if isinstance(outcome, _BROKER_AWAY):
            raise _stopped(broker, report) from outcome
        if isinstance(outcome, KafkaError):
            report.bad.append(BadLine(line.number, "refused-by-kafka", None, str(outcome)))
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            report.published += 1


def _stopped(broker: Broker, report: Report) -> CliError:
    return CliError(
        f"Kafka at {broker.bootstrap} went away after {report.published} events of {report.file}.",
        "When it is back, give the same command again: events that were sent already do no harm.",
        ExitCode.AWAY,
    )


def _tell(report: Report, as_json: bool) -> None:
    if as_json:
        output.write_json(report.as_json())
        return
    if report.bad:
        rows = [(line.number, line.reason, line.field, line.detail) for line in report.bad]
        output.show(output.table("Bad lines", ("line", "reason", "field", "what is wrong"), rows, right=("line",)))
    good = report.lines - len(report.bad)
    done = f"{good} good, nothing sent (--dry-run)" if report.dry_run else f"{report.published} published"
    output.tell(f"{report.file}: {report.lines} events, {done}, {len(report.bad)} bad.")
