import secrets
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import create_engine, roles
from shared.db.engine import connect
from shared.embedded import stack

SERVICES = ("owners", "billing")
FIRST_MIGRATION = '''"""The bus tables."""

from shared.db import ddl

revision = "0001"
down_revision = None


def upgrade() -> None:
    ddl.create_bus_tables()
    ddl.create_people_tables()


def downgrade() -> None:
    ddl.drop_people_tables()
    ddl.drop_bus_tables()
'''


@dataclass(frozen=True)
class Server:
    admin: str
    urls: dict[str, str]
    versions: Path


@pytest_asyncio.fixture(scope="session")
async def postgres() -> AsyncIterator[str]:
    """A server of these tests' own: they give the roles other passwords."""
    with tempfile.TemporaryDirectory(prefix="closebook-tests-", ignore_cleanup_errors=True) as directory:
        server = await stack.start_postgres(Path(directory) / "postgres", containers=True)
        yield server.admin_url
        await server.stop()


@pytest.fixture(scope="session")
def passwords() -> dict[str, str]:
    return {role: secrets.token_hex(8) + "'%s" for service in SERVICES for role in roles.roles_of(service)}


@pytest.fixture(scope="session")
async def server(postgres: str, passwords: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Server:
    from shared.db import migrate

    versions = tmp_path_factory.mktemp("versions")
    (versions / "0001_bus.py").write_text(FIRST_MIGRATION)
    urls = await roles.provision(postgres, passwords, SERVICES)
    for service in SERVICES:
        await migrate.upgrade(urls[f"{service}_owner"], service, versions=versions)
        await migrate.bootstrap_positions(urls[f"{service}_owner"], service, 3)
    return Server(postgres, urls, versions)


@pytest.fixture
async def engine(server: Server) -> AsyncIterator[AsyncEngine]:
    """Billing's database as the service sees it, emptied of what earlier tests left."""
    owner = await connect(server.urls["billing_owner"], application_name="tests")
    await owner.execute("alter table msg.audit disable trigger only_added_to")
    await owner.execute(
        "truncate msg.event_log, msg.outbox_pending, msg.dead_letter, msg.held, msg.inbox, msg.audit, msg.closed_day,"
        " msg.ended_day, msg.accepted_difference, msg.upstream_closed, msg.batch_log, msg.stream, msg.proposal"
        " restart identity"
    )
    await owner.execute("update msg.gate set first_ended = null")
    await owner.execute("alter table msg.audit enable trigger only_added_to")
    await owner.close()
    engine = create_engine(server.urls["billing_app"], application_name="tests")
    yield engine
    await engine.dispose()
