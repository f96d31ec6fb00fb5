"""Error answers of the staff API: a code, a sentence for people, the correlation id; never what went wrong inside."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from shared.bus.failures import FailureKind, away_in_words, kind_of
from shared.bus.gate import GateClosedError
from shared.bus.refusals import RefusedError
from shared.log_events import LogEvent
from shared.logs import log
from shared.web_names import route_of


class WrongField(BaseModel):
    """One field of a request that makes no sense, and why."""

    field: str
    problem: str


class Problem(BaseModel):
    """An error answer: a code, a sentence for people, the id to ask the operators with, and which fields are wrong."""

    error: str
    detail: str
    correlation_id: str
    fields: list[WrongField] = []


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what the OpenAPI document says of error answers with these statuses."""
    return {status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in statuses}


EVERYWHERE: Final = declared(400, 401, 403, 404, 408, 409, 413, 422, 429, 503)
"""What any route may answer; a route that has more says so itself."""


def install(app: FastAPI) -> None:
    """Give the app its error answers."""
    app.add_exception_handler(HTTPException, _declared)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(GateClosedError, _closing)
    app.add_exception_handler(RefusedError, _refused)


def answer(
    request: Request, status: int, message: str, headers: dict[str, str] | None = None, **more: object
) -> JSONResponse:
    """Return an error answer."""
    code = HTTPStatus(status).phrase.lower().replace(" ", "-")
    correlation = getattr(request.state, "correlation_id", "")
    return JSONResponse({"error": code, "detail": message, "correlation_id": correlation, **more}, status, headers)


async def _declared(request: Request, error: Exception) -> JSONResponse:
    """An answer a route chose itself: its sentence is made for people."""
    return failed(request, error)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Which fields are wrong and why, without what was sent."""
    assert isinstance(error, RequestValidationError)
    fields = [{"field": ".".join(map(str, problem["loc"])), "problem": problem["msg"]} for problem in error.errors()]
    return answer(request, 422, "The request is not valid.", fields=fields)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RefusedError)
    return answer(request, error.status, str(error))


async def _closing(request: Request, _: Exception) -> JSONResponse:
    return answer(request, 503, "A business day is being closed; try again in a moment.", {"Retry-After": "1"})


def failed(request: Request, error: Exception) -> JSONResponse:
    """Return the answer to what ended a request outside its route: one that was chosen, or what nobody expected."""
    if isinstance(error, HTTPException):
        return answer(request, error.status_code, str(error.detail), dict(error.headers or {}))
    return unexpected(request, error)


def unexpected(request: Request, error: Exception) -> JSONResponse:
    """Return the answer to what nobody expected: 503 when a server is away, which it names, else 500 and a log line."""
    if kind_of(error) is FailureKind.TRANSIENT:
        return answer(request, 503, f"{away_in_words(error)} at the moment.", {"Retry-After": "2"})
    correlation = getattr(request.state, "correlation_id", "")
    log(LogEvent.UNEXPECTED_ERROR, error=error, route=route_of(request.scope), correlation_id=correlation)
    return answer(request, 500, "Something went wrong; the operators can find it by the correlation id.")
