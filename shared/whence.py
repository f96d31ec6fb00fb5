"""From which network address the request came that a task answers: for the audit, and for lines of who is kept out."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from starlette.types import Scope

_ADDRESS: ContextVar[str | None] = ContextVar("address", default=None)


def address() -> str | None:
    """Return the address that the connection came from; none outside a request."""
    return _ADDRESS.get()


@contextmanager
def arrived(scope: Scope) -> Iterator[None]:
    """Let what is done for a request know from where its connection came, whatever the request says of itself."""
    peer = scope.get("client")
    token = _ADDRESS.set(str(peer[0]) if peer else None)
    try:
        yield
    finally:
        _ADDRESS.reset(token)
