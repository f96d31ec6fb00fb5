"""The staff API: deny by default, generic errors, and a server that runs inside our own event loop."""

import asyncio
import socket
import sys
from collections.abc import Sequence

import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.types import ASGIApp

from shared.auth import TokenVerifier, roles_allowed
from shared.rate_limit import OpenRequests, RateLimit
from shared.web_connections import Connection, Server
from shared.web_errors import EVERYWHERE, failed, install
from shared.web_frame import Frame

_NOT_SENT_LOWAT, _MOST_NOT_SENT = 25, 65_536
"""Linux' TCP_NOTSENT_LOWAT, which Python 3.11 does not name; accepted connections inherit it."""
_GRACE_SECONDS = 5
MOST_CONNECTIONS = 200
"""So many open connections of one port; a request that finds all of them being answered gets 503."""


def create_app(
    title: str,
    routers: Sequence[APIRouter],
    verifier: TokenVerifier,
    *,
    requests_per_minute: int = 0,
    open_per_address: int = 0,
) -> FastAPI:
    """Return the staff API of a service; fails when a route does not say which roles it lets in.

    ``requests_per_minute`` is what one caller may ask for, ``open_per_address`` how many requests of one address may be
    open at a time; 0: no limit.
    Its OpenAPI document is ``app.openapi()``: it is published with the code, not by the service.
    """
    app = FastAPI(title=title, docs_url=None, redoc_url=None, openapi_url=None, responses=EVERYWHERE)
    app.state.verifier = verifier
    app.state.rate_limit = RateLimit(requests_per_minute)
    for router in routers:
        app.include_router(router)
    install(app)
    open_routes = sorted(path for path, roles in guarded_routes(app) if not roles)
    if open_routes:
        raise LookupError(f"routes without required roles: {', '.join(open_routes)}")
    app.add_middleware(Frame, on_failure=failed, open_requests=OpenRequests(open_per_address))
    return app


def guarded_routes(app: FastAPI) -> list[tuple[str, frozenset[str]]]:
    """Return every route, ``GET /bus/status``, with the roles it lets in (none: it is open, which is an error)."""
    return [
        (f"{method} {context.path}", _roles(getattr(context, "dependant", None)))
        for context in iter_route_contexts(app.routes)
        for method in sorted(context.methods or {"?"})
    ]


def _roles(dependant: Dependant | None) -> frozenset[str]:
    if dependant is None:
        return frozenset()
    own = roles_allowed(dependant.call)
    if own is not None:
        return own
    return next((roles for inner in dependant.dependencies if (roles := _roles(inner))), frozenset())


class WebServer:
    """An HTTP server in the running event loop: ``bind`` (port 0: any free one), ``run`` as a task, ``stop``."""

    def __init__(self, app: ASGIApp, *, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            # The peer of the connection, not what a header says: anybody may write one.
            proxy_headers=False,
            lifespan="off",
            timeout_keep_alive=5,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            http=Connection,
            ws="none",
            limit_concurrency=MOST_CONNECTIONS,
            h11_max_incomplete_event_size=16_384,
        )
        self._server = Server(config)

    def bind(self) -> int:
        """Open the port and return its number; raises ``OSError`` when somebody else has it."""
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        # The protocol is named, or asyncio does not know it for TCP and lets the body of an answer wait for the receipt
        # of its head: 40 ms with most clients (measured).
        self._socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Or megabytes wait in the kernel, and a caller who reads steadily but slowly looks like one who does not read.
        if sys.platform.startswith("linux"):
            self._socket.setsockopt(socket.IPPROTO_TCP, _NOT_SENT_LOWAT, _MOST_NOT_SENT)
        self._socket.bind(self._address)
        port: int = self._socket.getsockname()[1]
        return port

    async def run(self) -> None:
        """Serve until ``stop``; requests that are being answered get five seconds."""
        if self._socket is None:
            self.bind()
        assert self._socket is not None
        await self._server.serve(sockets=[self._socket])

    async def started(self) -> None:
        """Wait until the server accepts connections."""
        while not self._server.started:  # noqa: ASYNC110 - the server has a flag, not an event
            await asyncio.sleep(0.01)

    def stop(self) -> None:
        """Ask the server to finish."""
        self._server.should_exit = True

    @property
    def url(self) -> str:
        """Return the address that was bound."""
        assert self._socket is not None
        host, port = self._socket.getsockname()[:2]
        return f"http://{host}:{port}"
