"""Under which names a request stands in figures and log lines: a closed list, never a word its caller made up."""

from typing import Final

from starlette.types import Scope

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def method_of(scope: Scope) -> str:
    """Return the request's method, ``other`` for one that HTTP does not know: the server takes any word for one."""
    method = str(scope["method"])
    return method if method in _METHODS else "other"


def route_of(scope: Scope) -> str:
    """Return the route's template, never the path with its ids; ``unknown`` where none fits."""
    return str(getattr(scope.get("route"), "path", "unknown"))
