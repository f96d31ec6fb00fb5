"""`closebook rebuild`: a service's database built anew beside the live one, compared with it, swapped on request."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from shared.cli import environment, output
from shared.cli.databases import Databases, child_environment, do
from shared.cli.errors import CliError, ExitCode
from shared.cli.options import DataDir, JsonFlag
from shared.events.topics import LINE_OF_SERVICES, heard_by

SERVICES = ("billing", "arrears", "notify")
_LINE_LIMIT = 1 << 24

Json = dict[str, Any]


def rebuild(
    service: Annotated[str, typer.Argument(help="billing, arrears or notify.", show_default=False)],
    *,
    swap: Annotated[bool, typer.Option("--swap", help="Put the rebuilt database in the live one's place.")] = False,
    accept: Annotated[
        bool, typer.Option("--accept-differences", help="Swap although something differs: the live one is wrong.")
    ] = False,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Build a service's database anew from what it heard and was told, and compare every row with the live one."""
    if service not in SERVICES:
        raise CliError(
            f"The database of {service!r} cannot be rebuilt.",
            "billing, arrears and notify can; owners hears sales that Kafka keeps for 30 days only: restore a backup.",
            ExitCode.USAGE,
        )
    answer = do(_rebuild(Databases(environment.resolve(data)), service, swap=swap, accept=accept))
    _show(answer, as_json=as_json)
    if not answer["ok"] and answer["kept"] is None:
        raise typer.Exit(ExitCode.NEGATIVE)


async def _rebuild(databases: Databases, service: str, *, swap: bool, accept: bool) -> Json:
    """Build, compare, swap or remove what was built."""
    if swap:
        await databases.require_stopped(service, "a swap")
    stamp = datetime.now(UTC).strftime("%Y%m%d_%H%M%S")
    live, fresh = databases.name(service), f"{databases.name(service)[:30]}_rebuilt_{stamp}"
    kept = None
    await databases.make(service, fresh)
    try:
        found = await _built(databases, service, fresh)
        ok = not any(one["differ"] for one in found)
        if swap and (ok or accept):
            before = f"{live[:30]}_before_{stamp}"
            await _swap(databases, service, fresh, before)
            kept = before
    finally:
        if kept is None:
            await databases.drop(fresh)
    return {"service": service, "ok": ok, "differences": found, "kept": kept}


async def _built(databases: Databases, service: str, fresh: str) -> list[Json]:
    """Let the service's own code fill the fresh database and compare it."""
    output.say(f"Building the database of {service} anew, beside the live one.")
    senders = {channel.owner for channel in heard_by(service) if channel.owner in LINE_OF_SERVICES}
    order = {
        "live": databases.url(databases.name(service)),
        "senders": {name: databases.url(databases.name(name)) for name in sorted(senders - {service})},
    }
    answer = await _run(databases, service, fresh, "rebuild", order)
    found: list[Json] = answer["result"]
    return found


async def _swap(databases: Databases, service: str, fresh: str, kept: str) -> None:
    """Let the rebuilt database take over what is not derived, then exchange the names."""
    await databases.require_stopped(service, "a swap")
    live = databases.name(service)
    await _run(databases, service, fresh, "adopt", {"live": databases.url(live), "fresh": databases.url(fresh)})
    await databases.exchange(live, fresh, kept)


async def _run(databases: Databases, service: str, database: str, verb: str, order: Json) -> Json:
    """Run a verb of the service as a process; show how far it is; return the last line of its answer."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"services.{service}", verb, env=child_environment(databases, service, database),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        limit=_LINE_LIMIT,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write(json.dumps(order).encode())
    process.stdin.close()
    complaints = asyncio.ensure_future(process.stderr.read())
    answer = await _follow(process.stdout)
    await process.wait()
    return _judged(answer, service, (await complaints).decode(errors="replace"))


def _judged(answer: Json, service: str, complaints: str) -> Json:
    """Return the answer, or raise what the process complained of."""
    if "error" in answer:
        raise CliError(answer["error"], "The live database was not touched. docs/operator.md, Rebuild, says more.")
    if "result" not in answer:
        last = complaints.strip().splitlines()[-1:] or ["it said nothing"]
        raise CliError(
            f"The rebuild of {service} ended before it was done: {last[0]}.", "The live database was not touched."
        )
    return answer


async def _follow(lines: asyncio.StreamReader) -> Json:
    """Show progress until the answer comes."""
    answer: Json = {}
    with output.counting("Applying events") as bar:
        task = bar.add_task("", total=None)
        async for line in lines:
            answer = json.loads(line)
            if "done" in answer:
                bar.update(task, total=answer["of"], completed=answer["done"], description=f"book {answer['book']}")
    return answer


def _show(answer: Json, *, as_json: bool) -> None:
    """Print the table of differences, or the document."""
    if as_json:
        output.write_json(answer)
        return
    columns = ("equal", "what", "live", "rebuilt", "differ", "first difference")
    rows = [
        ("NO" if one["differ"] else "yes", one["what"], one["live"], one["rebuilt"], one["differ"], one["first"])
        for one in answer["differences"]
    ]
    output.show(output.table(f"Rebuild of {answer['service']}", columns, rows, right=("live", "rebuilt", "differ")))
    output.tell("The rebuilt database is equal." if answer["ok"] else "Something differs: see the lines that say NO.")
    if answer["kept"]:
        output.tell(f"It is the live one now; the one before is kept as {answer['kept']}.")
