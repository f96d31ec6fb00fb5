"""The schema version that a service's code needs, and the one its database has.

Every start asks, so neither answer needs Alembic: its import takes a tenth of a start (measured).
"""

from pathlib import Path

from shared.db.engine import connect

_ROOT = Path(__file__).resolve().parents[2]


def versions_directory(service: str) -> Path:
    """Return where a service's migrations lie."""
    return _ROOT / "services" / service / "db" / "migrations" / "versions"


def needed(service: str, *, versions: Path | None = None) -> str | None:
    """Return the version this code needs: that of the last migration, with which the name of its file begins."""
    names = [path.name for path in (versions or versions_directory(service)).glob("[0-9]*_*.py")]
    return max(names).partition("_")[0] if names else None


async def found(url: str, service: str) -> str | None:
    """Return the database's version, ``None`` before the first migration."""
    connection = await connect(url, application_name=f"{service}-check")
    try:
        if await connection.fetchval("select to_regclass('msg.schema_version')") is None:
            return None
        version: str | None = await connection.fetchval("select version_num from msg.schema_version")
        return version
    finally:
        await connection.close()
