"""Schema versions: Alembic driven from code; each service has its history in its ``db/migrations/versions``."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from shared.db import reading
from shared.db.engine import connect, create_engine, server_settings
from shared.db.schema_version import versions_directory
from shared.events.topics import heard_by

BUS_SCHEMA = "msg"
LOCK_TIMEOUT = "5s"
"""A migration gives way to running transactions rather than queueing everybody behind itself."""

_T = TypeVar("_T")
_VERSION_TABLE = "schema_version"
_POSITIONS = """
insert into msg.position (topic, partition_no, next_offset)
select topic, partition_no, 0 from unnest($1::text[], $2::int[]) as wanted(topic, partition_no)
where not exists (select from msg.batch_log as log
  where log.topic = wanted.topic and log.partition_no = wanted.partition_no)
on conflict do nothing
"""


def _config(service: str, versions: Path | None) -> Config:
    config = Config()
    for name, path in (
        ("script_location", Path(__file__).parent / "alembic"),
        ("version_locations", versions or versions_directory(service)),
    ):
        config.set_main_option(name, str(path).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes["service"] = service
    return config


async def _with_connection(url: str, service: str, work: Callable[[Connection], _T]) -> _T:
    settings = server_settings(f"{service}-migrate", statement_timeout="0", lock_timeout=LOCK_TIMEOUT)
    engine = create_engine(
        url, application_name=f"{service}-migrate", pool_size=0, settings=settings, command_timeout=None
    )
    try:
        async with engine.connect() as connection:
            result = await connection.run_sync(work)
            await connection.commit()
            return result
    finally:
        await engine.dispose()


async def upgrade(url: str, service: str, revision: str = "head", *, versions: Path | None = None) -> None:
    """Bring a service's database to ``revision``; each migration is its own transaction, repeating is harmless.

    Two processes at once are safe: the second waits on an advisory lock and finds nothing to do.  The reading role sees
    the tables that there are then.
    """
    config = _config(service, versions)

    def run(connection: Connection) -> None:
        connection.exec_driver_sql("set local lock_timeout = '60s'")
        connection.exec_driver_sql("select pg_advisory_lock(hashtextextended('closebook-migrate', 0))")
        connection.exec_driver_sql(f"create schema if not exists {BUS_SCHEMA}")
        connection.commit()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        reading.grant(connection, service)

    await _with_connection(url, service, run)


async def downgrade(url: str, service: str, revision: str, *, versions: Path | None = None) -> None:
    """Take a service's database back to ``revision`` (``base`` removes everything)."""
    config = _config(service, versions)

    def run(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)

    await _with_connection(url, service, run)


async def differences(url: str, *metadatas: MetaData) -> list[str]:
    """Return how the live schema differs from the declared tables; empty when migrations and code agree."""
    names = {metadata.schema for metadata in metadatas}

    def wanted(name: str | None, kind: str, _parents: object) -> bool:
        return name in names if kind == "schema" else name != _VERSION_TABLE

    def compare(connection: Connection) -> list[str]:
        options = {"include_schemas": True, "include_name": wanted}
        context = MigrationContext.configure(connection, opts=options)
        return [repr(difference) for difference in compare_metadata(context, list(metadatas))]  # type: ignore[arg-type]

    return await _with_connection(url, "check", compare)


async def bootstrap_positions(url: str, service: str, partitions: int) -> int:
    """Make a position at the start of every partition ``service`` hears; rows that exist are never touched.

    Returns how many are new: none for a partition that was read before, whose lost place is a person's to find (it is
    paged when it is met).  A service with ``partitions`` other than those of the topics would miss records, so the
    number is fixed when the topics are made.
    """
    lanes = [
        (channel.topic, number)
        for channel in heard_by(service)
        for number in range(1 if channel.single else partitions)
    ]
    connection = await connect(url, application_name=f"{service}-migrate")
    try:
        status: str = await connection.execute(
            _POSITIONS, [topic for topic, _ in lanes], [number for _, number in lanes]
        )
    finally:
        await connection.close()
    return int(status.rpartition(" ")[2])
