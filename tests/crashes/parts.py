"""The service under test, built as its own composition root builds it, of which a run starts only a part."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from services.arrears import app as arrears
from services.billing import app as billing
from services.billing.settings import Settings as BillingSettings
from services.notify import app as notify
from services.notify.settings import Settings as NotifySettings
from shared.bus.service import Running, build
from shared.db.engine import connect
from shared.settings import ServiceSettings
from tests.crashes.case import Case
from tests.support.kafka_tools import PARTITIONS


def _common(case: Case) -> dict[str, Any]:
    return {
        "database_url": case.database, "kafka": case.kafka, "topic_prefix": case.prefix, "partitions": PARTITIONS,
    }  # fmt: skip


@asynccontextmanager
async def watching(case: Case) -> AsyncIterator[asyncpg.Connection]:
    """Lend a connection to look on with: one from the work's own pool would change how often the work connects."""
    connection = await connect(case.database, application_name="watching")
    yield connection
    await connection.close()


@asynccontextmanager
async def billing_of(case: Case) -> AsyncIterator[Running]:
    """Lend billing, of which nothing runs yet."""
    settings = BillingSettings(**_common(case))
    running = build(billing.build(settings), settings)
    yield running
    await running.cuts.stop()
    await running.engine.dispose()


@asynccontextmanager
async def arrears_of(case: Case) -> AsyncIterator[Running]:
    """Lend arrears, of which nothing runs yet."""
    settings = ServiceSettings(**_common(case))
    running = build(arrears.build(settings), settings)
    yield running
    await running.cuts.stop()
    await running.engine.dispose()


@asynccontextmanager
async def notify_of(case: Case) -> AsyncIterator[Running]:
    """Lend notify with one sender, whose silences are not waited for; nothing of it runs yet."""
    settings = NotifySettings(
        **_common(case), smtp_host="127.0.0.1", smtp_port=case.smtp_port, smtp_tls="none", smtp_connections=1,
        sender="Rowanbank <factor@rowanbank.example>", print_dir=Path("/nowhere"), silence_seconds=0,
    )  # fmt: skip
    running = build(notify.build(settings), settings)
    yield running
    await running.cuts.stop()
    await running.engine.dispose()
