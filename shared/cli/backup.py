"""`closebook backup`: each service's database as a file of pg_dump, with a manifest that says what is in it."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from shared.cli import environment, output, postgres_tools
from shared.cli.databases import Databases, do
from shared.cli.errors import CliError, ExitCode, writing
from shared.cli.options import DataDir, JsonFlag
from shared.events.topics import LINE_OF_SERVICES

MANIFEST = "manifest.json"
_PAGE = 1 << 20
_STANDING = """
select (select max(day) from msg.closed_day) as last_day_closed,
  (select coalesce(max(seq), 0) from msg.event_log) as highest_event,
  (select version_num from msg.schema_version) as schema_version, pg_export_snapshot() as snapshot
"""

Json = dict[str, Any]
Services = Annotated[list[str] | None, typer.Argument(help="Which services; all without.", show_default=False)]


def backup(
    services: Services = None,
    *,
    to: Annotated[
        Path | None, typer.Option("--to", help="A new folder; by default one with the time's name.", show_default=False)
    ] = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Back up the databases, each as it stands at one moment; the services may run meanwhile."""
    databases = Databases(environment.resolve(data))
    names = [(service, databases.name(service)) for service in services or LINE_OF_SERVICES]
    folder = to or databases.environment.stack_file.parent / "backups" / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    manifest = do(_backup(databases, names, _new(folder)))
    if as_json:
        output.write_json({"folder": str(folder), **manifest})
        return
    columns = ("service", "last day closed", "events said", "file", "SHA-256")
    rows = [
        (name, one["last_day_closed"], one["highest_event"], one["file"], one["sha256"][:16])
        for name, one in manifest["services"].items()
    ]
    output.show(output.table(f"Backup in {folder}", columns, rows, right=("events said",)))


def _new(folder: Path) -> Path:
    """Make the folder, closed to others: letters and addresses are in it; an older backup is never written over."""
    try:
        folder.mkdir(parents=True, mode=0o700)
    except FileExistsError:
        raise CliError(f"{folder} exists already.", "Name a new folder with --to.", ExitCode.USAGE) from None
    except OSError as error:
        raise CliError(
            f"{folder} cannot be made: {error}.", "Name another folder with --to.", ExitCode.USAGE
        ) from error
    return folder


async def _backup(databases: Databases, names: list[tuple[str, str]], folder: Path) -> Json:
    """Dump one database after the other, then write the manifest: a folder without one is no backup."""
    found: Json = {}
    for service, database in names:
        output.say(f"Backing up {service}.")
        found[service] = await _dump(databases, database, folder / f"{service}.dump")
    manifest = {"made_at": datetime.now(UTC).isoformat(timespec="seconds"), "services": found}
    with writing(folder / MANIFEST):
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return manifest


async def _dump(databases: Databases, database: str, file: Path) -> Json:
    """Dump one database, and note where it stood at that very moment."""
    async with (
        databases.connected(database) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        row = await connection.fetchrow(_STANDING)
        assert row is not None
        await postgres_tools.run(
            "pg_dump", databases.url(database), "--format=custom", f"--snapshot={row['snapshot']}", f"--file={file}"
        )
    return {
        "file": file.name,
        "sha256": sha256(file),
        "last_day_closed": row["last_day_closed"] and row["last_day_closed"].isoformat(),
        "highest_event": row["highest_event"],
        "schema_version": row["schema_version"],
    }


def sha256(file: Path) -> str:
    """Return a file's SHA-256, read a page at a time; raises ``CliError`` when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with file.open("rb") as opened:
            while page := opened.read(_PAGE):
                digest.update(page)
    except OSError as error:
        raise CliError(
            f"{file} cannot be read: {error.strerror or error}.", "Check the disk and its permissions.", ExitCode.USAGE
        ) from error
    return digest.hexdigest()
