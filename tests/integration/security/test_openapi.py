"""The staff API of each service against its own OpenAPI document: whatever it is asked, it answers as declared."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.notify.settings import Settings as NotifySettings
from shared.auth import ROLES
from shared.bus.api import bus_router
from shared.bus.service import build
from shared.events.topics import LINE_OF_SERVICES
from shared.local_issuer import LocalIssuer
from shared.web import create_app, guarded_routes
from tests.support.kafka_tools import PARTITIONS, KafkaTools
from tests.support.servers import Databases
from tests.support.staff import verifier_of

_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
_EXAMPLES = 4
_NOTIFY = {"smtp_host": "127.0.0.1", "smtp_port": 25, "sender": "Closebook <a@example.org>", "print_dir": "print"}

Ask = Callable[[Any], httpx.Response]


@asynccontextmanager
async def staff_api(
    service: str, databases: Databases, kafka: KafkaTools, issuer: LocalIssuer
) -> AsyncIterator[FastAPI]:
    """The service's whole staff API as its process builds it, on a database and topics of its own."""
    kind = importlib.import_module(f"services.{service}.settings").Settings
    chosen = kind(
        database_url=(await databases(service)).app_url, kafka=kafka.bootstrap, topic_prefix=kafka.prefix,
        partitions=PARTITIONS, **(_NOTIFY if kind is NotifySettings else {}),
    )  # fmt: skip
    running = build(importlib.import_module(f"services.{service}.app").build(chosen), chosen)
    assert running.service.api
    yield create_app(service, [running.service.api(running), bus_router(running)], verifier_of(issuer))
    await running.cuts.stop()
    await running.engine.dispose()
    await running.api_engine.dispose()


def examine(operation: Any, ask: Ask) -> None:
    """Ask one operation with made-up values, sound ones and spoilt ones, and hold each answer to the document.

    The values are the same in every run: few are made, and none that nobody has seen stops somebody else's change.
    """
    sound, spoilt = (operation.as_strategy(mode) for mode in GenerationMode)

    @settings(
        max_examples=_EXAMPLES, deadline=None, database=None, derandomize=True,
        phases=(Phase.generate,), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(sound | spoilt)
    def conforms(case: Any) -> None:
        case.validate_response(ask(case), checks=_CHECKS)

    conforms()


@pytest.mark.parametrize("service", LINE_OF_SERVICES)
async def test_every_answer_is_as_the_openapi_document_declares(
    service: str, databases: Databases, kafka: KafkaTools, issuer: LocalIssuer
) -> None:
    await kafka.provide()
    loop = asyncio.get_running_loop()
    token = {"Authorization": f"Bearer {issuer.token('somebody', list(ROLES))}"}
    async with (
        staff_api(service, databases, kafka, issuer) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://staff", headers=token) as client,
    ):

        def ask(case: Any) -> httpx.Response:
            asked: Any = requests.Request(**case.as_transport_kwargs(base_url="http://staff")).prepare()
            sent = client.request(asked.method, asked.url, headers=dict(asked.headers), content=asked.body)
            return asyncio.run_coroutine_threadsafe(sent, loop).result(20)

        document: Any = schemathesis.openapi.from_dict(app.openapi())
        operations = [found.ok() for found in document.get_all_operations()]
        assert len(operations) == len(guarded_routes(app))
        for operation in operations:
            await asyncio.to_thread(examine, operation, ask)
        for with_a_zero_byte in ("/bus/dead-letters?group=%00", "/bus/dead-letters/%00", "/units/%00", "/holds/%00"):
            assert (await client.get(with_a_zero_byte)).status_code == 400
