"""How long a process is waited for: a minute, and as long as it takes in again what its database forgot."""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from shared.cli import supervisor
from shared.cli.supervisor import ServiceProcess, Stack
from shared.embedded.errors import ServerError
from shared.embedded.process import spawn
from shared.health import Health, private_app
from shared.web import WebServer

_SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.mark.parametrize("retaking", [False, True])
async def test_whoever_takes_in_again_is_waited_for(
    retaking: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_READY_SECONDS", 0.7)
    health = Health("owners", schema_ok=True, ping_at=time.monotonic())
    health.retaking.under_way = retaking
    server = WebServer(private_app(health), host="127.0.0.1", port=0)
    port = server.bind()
    serving = asyncio.ensure_future(server.run())
    await server.started()
    process = ServiceProcess("owners", 1, 0, port, spawn("owners", _SLEEPER, log=tmp_path / "owners.jsonl"))
    waiting = asyncio.ensure_future(Stack(tmp_path).until_ready(process))
    try:
        await asyncio.sleep(1.8)
        assert waiting.done() is not retaking
        health.startup_done, health.retaking.under_way = True, False
        if retaking:
            await asyncio.wait_for(waiting, 5)
        else:
            with pytest.raises(ServerError, match="did not become ready"):
                await waiting
    finally:
        process.child.kill()
        server.stop()
        await serving
