"""`closebook up`: the whole stack on this machine, its data kept, until Ctrl-C."""

import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from shared.cli import control, environment, last_stop, output
from shared.cli.errors import CliError, ExitCode
from shared.cli.keeper import Keeper
from shared.cli.options import JsonFlag
from shared.cli.supervisor import InUseError, Stack
from shared.embedded.errors import ServerError
from shared.exit_codes import EXIT_FORGOTTEN

_T = TypeVar("_T")
_NEXT = "Its folder of logs says more; mend the cause and start again: nothing that was accepted is lost."


def up(
    *,
    data: Annotated[
        Path, typer.Option("--data", envvar="CLOSEBOOK_DATA", help="Folder in which everything is kept.")
    ] = environment.DEFAULT_DATA,
    scheduler: Annotated[bool, typer.Option("--scheduler", help="Also end each day just after midnight.")] = False,
    as_json: JsonFlag = False,
) -> int:
    """Start Kafka, PostgreSQL, mail and the four services; print the addresses; run until Ctrl-C."""
    return asyncio.run(_run(Stack(data, tell=output.say), scheduler=scheduler, as_json=as_json))


async def _run(stack: Stack, *, scheduler: bool, as_json: bool) -> int:
    asked = _stop_signals()
    last_stop.forget(stack.directory)
    try:
        # Mending a database that forgot what was said needs its server, and the others may serve meanwhile.
        started = asyncio.create_task(stack.start(without={EXIT_FORGOTTEN}))
        if not await _first(started, asked):
            return ExitCode.INTERRUPTED
        if scheduler:
            stack.start_scheduler()
        keeper = Keeper(stack, tell=output.say)
        async with control.answering(keeper, stack.directory):
            _print_addresses(stack, as_json=as_json)
            await _keep(keeper, asked)
    except InUseError as error:
        raise CliError(str(error), _NEXT, ExitCode.AWAY) from error
    except ServerError as error:
        last_stop.leave(stack.directory, str(error))
        raise CliError(str(error), _NEXT, ExitCode.AWAY) from error
    finally:
        output.say("Stopping: every service finishes its batch first.")
        await stack.stop()
    return 0


async def _keep(keeper: Keeper, asked: asyncio.Event) -> None:
    """Keep the services alive until a stop signal; raises ``CliError`` when a server ends before that."""
    keeping, folder = asyncio.create_task(keeper.keep()), keeper.stack.directory
    if not await _first(keeping, asked):
        last_stop.leave(folder, "it was told to (Ctrl-C or SIGTERM).")
        return
    last_stop.leave(folder, f"{keeping.result()}.")
    raise CliError(f"{keeping.result()}.", _NEXT)


def _stop_signals() -> asyncio.Event:
    """Return the event that Ctrl-C or SIGTERM sets; servers and services are stopped by us, in order."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    return asked


async def _first(work: "asyncio.Task[_T]", asked: asyncio.Event) -> bool:
    """Wait for the work or for a stop signal; say whether the work came first (its error is raised)."""
    stop = asyncio.create_task(asked.wait())
    await asyncio.wait([work, stop], return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if work.done():
        work.result()
        return True
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    return False


def _print_addresses(stack: Stack, *, as_json: bool) -> None:
    addresses = {
        "kafka": stack.servers.kafka.bootstrap,
        **{process.service: process.api_url for process in stack.processes.values()},
        "mail": str(stack.folders.mail),
        "print": str(stack.folders.print),
        "logs": str(stack.directory / "logs"),
        "environment": str(stack.stack_file),
    }
    if as_json:
        output.write_json(addresses)
        return
    for name, address in addresses.items():
        output.tell(f"{name:<12} {address}")
    output.say("Running. Ctrl-C stops everything; the data stays. In another shell: closebook status")
