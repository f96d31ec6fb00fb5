"""What surrounds every answer of the staff API: correlation id, security headers, limits, measured duration.

Nothing of a body is read before the caller is known: strangers get their 401 and nothing to hang on to.
"""

import asyncio
import re
import time
from collections.abc import Callable
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import metrics, whence
from shared.auth import authenticate
from shared.log_events import LogEvent
from shared.logs import log
from shared.rate_limit import OpenRequests
from shared.web_names import method_of, route_of

MAX_BODY = 1_048_576
BODY_SECONDS = 10.0
"""So long a body may take, from the end of the head."""
CORRELATION = "x-correlation-id"
SECURITY_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}
_GIVEN = re.compile(r"[A-Za-z0-9._:/\-]{1,64}")


class TooLargeError(HTTPException):
    """A request's body is above the limit."""

    def __init__(self) -> None:
        super().__init__(413, "The request is too large.")


class TooSlowError(HTTPException):
    """A request's body did not come in time; what may still come of it is not waited for."""

    def __init__(self) -> None:
        super().__init__(408, "The request did not come in time.", {"Connection": "close"})


class Frame:
    """ASGI middleware around a whole app: every route of it needs a token."""

    def __init__(
        self, app: ASGIApp, on_failure: Callable[[Request, Exception], Response], open_requests: OpenRequests
    ) -> None:
        self._app = app
        self._on_failure = on_failure
        self._open = open_requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get(CORRELATION, "")
        correlation = given if _GIVEN.fullmatch(given) else uuid4().hex
        scope.setdefault("state", {})["correlation_id"] = correlation
        answer = _Answer(send, correlation)
        started = time.monotonic()
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY:
            body = {"error": "too-large", "detail": "The request is too large.", "correlation_id": correlation}
            await JSONResponse(body, 413)(scope, receive, answer)
        elif _has_zero_byte(scope):
            body = {"error": "bad-request", "detail": "No name has a zero byte.", "correlation_id": correlation}
            await JSONResponse(body, 400)(scope, receive, answer)
        else:
            with whence.arrived(scope):
                await self._answer(scope, _Body(receive), answer)
        _measure(scope, answer.status, time.monotonic() - started, correlation)

    async def _answer(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        """Let the app answer a caller we know; what nobody expected becomes a generic answer, if none has begun."""
        try:
            with self._open.another((scope.get("client") or ("",))[0]):
                await authenticate(Request(scope))
                await self._app(scope, receive, answer)
        except Exception as error:
            response = self._on_failure(Request(scope), error)
            if answer.begun:
                raise  # half an answer: only closing the connection tells the caller
            await response(scope, receive, answer)


class _Answer:
    """The way out of one request: adds the headers, remembers the status."""

    def __init__(self, send: Send, correlation: str) -> None:
        self._send = send
        self._correlation = correlation
        self.status = 500
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.begun = message["status"], True
            headers = MutableHeaders(scope=message)
            headers[CORRELATION] = self._correlation
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _has_zero_byte(scope: Scope) -> bool:
    """Say whether a zero byte is asked for: PostgreSQL keeps none in a text, and its error would be ours (500)."""
    return "\0" in scope["path"] or b"%00" in scope["query_string"]


class _Body:
    """The way in of one request: a body is neither larger nor slower than the limits, whatever it says of itself."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._seen = 0
        self._until: float | None = asyncio.get_running_loop().time() + BODY_SECONDS

    async def __call__(self) -> Message:
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise TooSlowError from None
        self._seen += len(message.get("body", b""))
        if self._seen > MAX_BODY:
            raise TooLargeError
        if not message.get("more_body", False):
            self._until = None  # whole: who asks now waits for the caller to go away
        return message


def _measure(scope: Scope, status: int, seconds: float, correlation: str) -> None:
    method, route = method_of(scope), route_of(scope)
    metrics.REQUESTS.labels(method, route, str(status)).observe(seconds)
    log(
        LogEvent.REQUEST,
        method=method,
        route=route,
        status_code=status,
        duration_ms=round(seconds * 1000, 1),
        correlation_id=correlation,
    )
