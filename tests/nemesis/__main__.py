"""``make nemesis``: faults at random under load while days open and close; then heal, drain, and prove every penny."""

import argparse
import asyncio
import logging
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from random import SystemRandom

from shared.cli.supervisor import Stack
from shared.embedded.kafka import EmbeddedKafka
from shared.embedded.postgres import EmbeddedPostgres
from shared.embedded.stack import Servers
from tests.nemesis.faults import strike
from tests.nemesis.load import Load
from tests.nemesis.schedule import PROCESS_FAULTS, Fault, draw
from tests.support.faults import Plant
from tests.support.kafka_tools import KafkaTools
from tests.support.plant_parts import crashing_program
from tests.support.scripted_mail import ScriptedMail

# The quarter turns after some days: statements, then reminders, fall into the run.
_FIRST_DAY = date(2026, 3, 27)
_DRAIN_S = 240.0
# A broker whose heartbeat comes late on a busy machine is not shut out again and again before it has started.
_PATIENT = {"broker.session.timeout.ms": "6000", "broker.heartbeat.interval.ms": "500"}
_SETTINGS = {
    "NOTIFY_RETRY_FIRST_SECONDS": "1", "NOTIFY_RETRY_LONGEST_SECONDS": "2", "NOTIFY_SILENCE_SECONDS": "2",
    "NOTIFY_LEASE_SECONDS": "10",
}  # fmt: skip


def main() -> int:
    """Run one seed; the exit code is 0 only when nothing was lost, doubled or left standing."""
    parser = argparse.ArgumentParser(prog="python -m tests.nemesis", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeats the faults of a run; drawn when it is not given")
    parser.add_argument("--seconds", type=float, default=180, help="how long faults happen (default 180)")
    parser.add_argument("--keep", action="store_true", help="keep databases and logs, also when everything held")
    parser.add_argument("--violate", action="store_true", help="change an entry before the proof: it must find it")
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else SystemRandom().randrange(1_000_000)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # servers come and go here
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    directory = Path(tempfile.mkdtemp(prefix="closebook-nemesis-"))
    faults = draw(seed, asked.seconds)
    _tell(f"seed {seed}: {len(faults)} faults in {asked.seconds:.0f} s")
    found = _found(directory, faults, asked)
    if not found:
        _tell("Nothing lost, nothing twice, every penny accounted for.")
    else:
        _report(found, faults, f"make nemesis SEED={seed} SECONDS={asked.seconds:.0f}", directory)
    if not (found or asked.keep):
        shutil.rmtree(directory, ignore_errors=True)
    return 1 if found else 0


def _found(directory: Path, faults: Sequence[Fault], asked: argparse.Namespace) -> list[str]:
    """Return what differs after the faults, or what ended the run before its proof; none: everything holds."""
    try:
        return asyncio.run(_run(directory, faults, asked.seconds, violate=asked.violate))
    except Exception:  # noqa: BLE001 - whatever it is, the report says how to see it again
        return ["the run ended before its proof:", *traceback.format_exc().splitlines()]


async def _run(directory: Path, faults: Sequence[Fault], seconds: float, *, violate: bool) -> list[str]:
    """Return what differs after the faults; none: everything holds."""
    async with _plant(directory) as plant:
        load = Load(plant)
        plant.today = _FIRST_DAY
        _tell("healthy; load and faults begin")
        work = [asyncio.ensure_future(part) for part in (load.publish(), load.end_days())]
        await _strike_all(plant, faults, seconds, load)
        load.stopping.set()
        await asyncio.wait_for(asyncio.gather(*work), 120)
        _tell("healing and draining")
        return await _judge(plant, load, violate=violate)


async def _strike_all(plant: Plant, faults: Sequence[Fault], seconds: float, load: Load) -> None:
    """Let the faults happen, those of processes beside those of servers; raises what made one impossible."""
    started = time.monotonic()

    async def one_by_one(mine: Sequence[Fault]) -> None:
        for fault in mine:
            await asyncio.sleep(max(0.0, started + fault.at_s - time.monotonic()))
            _tell(f"{fault}   [{sum(load.events.values())} facts, {load.days} days ended]")
            await strike(plant, fault)

    processes = [fault for fault in faults if fault.what in PROCESS_FAULTS]
    servers = [fault for fault in faults if fault.what not in PROCESS_FAULTS]
    await asyncio.gather(one_by_one(processes), one_by_one(servers))
    await asyncio.sleep(max(0.0, started + seconds - time.monotonic()))


async def _judge(plant: Plant, load: Load, *, violate: bool) -> list[str]:
    """Heal, drain, and return all that differs; ``violate``: after something was made to differ."""
    try:
        await plant.heal()
        await plant.end_day()
        if violate:
            await _change_an_entry(plant)
        await plant.prove(_DRAIN_S)
    except AssertionError as error:
        return str(error).splitlines() or ["a check failed without words"]
    code, printed = await plant.command("verify")
    found = await load.differences()
    if code:
        found.append(f"closebook verify ended with {code}:\n{printed}")
    published = ", ".join(f"{count} {topic}" for topic, count in sorted(load.events.items()))
    _tell(f"published: {published}; {load.again} times again; {load.days + 1} days ended")
    return found


async def _change_an_entry(plant: Plant) -> None:
    """Add a penny to one entry of the ledger, past the guards of the database."""
    await plant.settle(_DRAIN_S)
    async with plant.database("billing") as connection:
        await connection.execute("alter table billing.entries disable trigger user")
        await connection.execute(
            "update billing.entries set amount_pence = amount_pence + 1"
            " where ctid = (select min(ctid) from billing.entries)"
        )


@asynccontextmanager
async def _plant(directory: Path) -> AsyncIterator[Plant]:
    """Four services on embedded servers of their own, that a fault may stop and kill."""
    kafka = EmbeddedKafka(directory / "kafka", settings=_PATIENT, start_seconds=300)
    postgres = EmbeddedPostgres(directory / "postgres")
    mail = await ScriptedMail().start()
    await asyncio.gather(kafka.start(), postgres.start())
    stack = Stack(
        directory / "stack", servers=Servers(kafka, postgres, mail), overrides=_SETTINGS, program=crashing_program
    )
    plant = Plant(stack, KafkaTools(kafka.bootstrap, ""), kafka, postgres, mail)
    try:
        await stack.start()
        await plant.settle_in()
        await plant.settle()
        yield plant
    finally:
        await plant.stop()
        await kafka.stop()
        await postgres.stop()


def _report(found: Sequence[str], faults: Sequence[Fault], again: str, directory: Path) -> None:
    """Say what differs, what had happened, and how to see it again."""
    _tell("Something does not hold:\n  " + "\n  ".join(found))
    _tell("The faults were:\n" + "\n".join(str(fault) for fault in faults))
    _tell(f"Logs and databases: {directory}\nAgain: {again}")


def _tell(words: str) -> None:
    print(words, flush=True)  # noqa: T201 - the progress


if __name__ == "__main__":
    sys.exit(main())
