"""`closebook restore`: databases from a backup, made beside what is there and exchanged with it when they are whole."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer

from shared.cli import environment, output, postgres_tools
from shared.cli.backup import MANIFEST, Services, sha256
from shared.cli.databases import Databases, do, refused
from shared.cli.errors import CliError, ExitCode
from shared.cli.options import DataDir, JsonFlag

_IS_MIGRATED = "select to_regclass('msg.inbox') is not null"
_HOLDS_SOMETHING = "select exists (select from msg.inbox) or exists (select from msg.event_log)"

Json = dict[str, Any]


def restore(
    folder: Annotated[Path, typer.Argument(help="The folder of a backup.", show_default=False)],
    services: Services = None,
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of databases that hold something; they are kept.")
    ] = False,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Restore services' databases from a backup; the services must be stopped."""
    databases, manifest = Databases(environment.resolve(data)), _manifest(folder)
    chosen = services or list(manifest)
    for service in chosen:
        _check_file(folder, manifest, service)
    restored = do(_restore(databases, folder, manifest, chosen, replace=replace))
    if as_json:
        output.write_json({"restored": restored})
        return
    columns = ("service", "last day closed", "events said", "the one before is kept as")
    rows = [(one["service"], one["last_day_closed"], one["highest_event"], one["kept"]) for one in restored]
    output.show(output.table("Restored", columns, rows, right=("events said",)))
    output.say("Start the services, wait with `closebook settle`, then prove the books with `closebook verify`.")


def _manifest(folder: Path) -> Json:
    """Return what the manifest says of each service."""
    try:
        found: Json = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["services"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CliError(
            f"{folder} is no finished backup: its {MANIFEST} cannot be read.",
            "Name the folder that `closebook backup` made.", ExitCode.USAGE,
        ) from error  # fmt: skip
    return found


def _check_file(folder: Path, manifest: Json, service: str) -> None:
    """Require a service's file, with the bytes that were written."""
    if service not in manifest:
        raise CliError(f"The backup has no {service}.", f"It has {', '.join(manifest) or 'nothing'}.", ExitCode.USAGE)
    file = folder / manifest[service]["file"]
    if not file.is_file() or sha256(file) != manifest[service]["sha256"]:
        raise CliError(
            f"{file} is not the file that was backed up.", "Take another copy of the backup; this is damaged."
        )


async def _restore(
    databases: Databases, folder: Path, manifest: Json, chosen: list[str], *, replace: bool
) -> list[Json]:  # fmt: skip
    """Look at every service before any is touched; then restore one after the other."""
    for service in chosen:
        await databases.require_stopped(service, "a restore")
        if not replace and await _holds_something(databases, databases.name(service)):
            raise CliError(
                f"The database {databases.name(service)} of {service} is not empty.",
                "With --replace the backup takes its place, and it is kept under a dated name.",
            )
    restored: list[Json] = []
    for service in chosen:
        output.say(f"Restoring {service}.")
        try:
            kept = await _restore_one(databases, folder / manifest[service]["file"], service)
        except (CliError, asyncpg.PostgresError) as error:
            if restored:
                raise _halfway(error, folder, chosen[len(restored) :], replace=replace) from error
            raise
        # Said at once: whatever ends the command before its answer, people know which databases were exchanged.
        output.say(f"{service} is restored" + (f", the one before is kept as {kept}." if kept else "."))
        restored.append({"service": service, "kept": kept, **manifest[service]})
    return restored


def _halfway(error: CliError | asyncpg.PostgresError, folder: Path, rest: list[str], *, replace: bool) -> CliError:
    """Return the error of a restore that ends when some services are exchanged already: those stay."""
    problem = error.problem if isinstance(error, CliError) else refused(error).problem
    command = f"closebook restore {folder} {' '.join(rest)}{' --replace' if replace else ''}"
    return CliError(
        f"{rest[0]} is not restored: {problem}",
        f"What is restored stays so. Mend that and go on with the rest only: {command}",
    )


async def _holds_something(databases: Databases, database: str) -> bool:
    """Return whether a service ever took in or said anything in a database."""
    if not await databases.exists(database):
        return False
    async with databases.connected(database) as connection:
        return bool(await connection.fetchval(_IS_MIGRATED) and await connection.fetchval(_HOLDS_SOMETHING))


async def _restore_one(databases: Databases, file: Path, service: str) -> str | None:
    """Fill a new database from the file, and only when it is whole give it the old one's name."""
    stamp, name = datetime.now(UTC).strftime("%Y%m%d_%H%M%S"), databases.name(service)
    fresh, kept = f"{name[:30]}_restored_{stamp}", f"{name[:30]}_before_{stamp}"
    await databases.make(service, fresh)
    try:
        await postgres_tools.run(
            "pg_restore",
            databases.url(fresh),
            "--exit-on-error",
            "--single-transaction",
            f"--dbname={fresh}",
            str(file),
        )
        await databases.require_stopped(service, "a restore")
        return await databases.exchange(name, fresh, kept)
    except BaseException:
        await databases.drop(fresh)
        raise
