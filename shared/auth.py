"""Who is calling: OIDC bearer tokens checked against configured keys, and the roles an action needs.

The keys come from the configured set only; ``jku``, ``jwk`` and ``x5u`` in a token's header are never followed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Depends, HTTPException, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry, extract_compact
from joserfc.jwt import JWTClaimsRegistry

from shared import whence
from shared.auth_keys import KeySource, KeysUnavailableError
from shared.log_events import LogEvent
from shared.logs import log
from shared.web_names import method_of, route_of

ALGORITHMS: Final = ("ES256", "RS256")
LEEWAY_SECONDS = 60
STAFF: Final = ("assistant", "lead-officer", "finance", "board", "admin-team", "auditor")
"""The roles of those whose work owners' affairs are."""
EVERYBODY: Final = (*STAFF, "operator")
"""The staff, and who runs the services."""
ROLES = frozenset(EVERYBODY)
_TYPES = {"JWT", "at+jwt", "application/at+jwt"}
_MAX_TOKEN = 8192
# A token for signing in or for renewal is no access token, even when our own issuer signed it.
_NOT_FOR_ACCESS = {"ID", "Refresh", "Offline", "Logout"}


class TokenError(Exception):
    """A token is not accepted; the text is a reason code for the log, never shown to the caller."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever a valid token speaks for: an opaque subject and the roles we know."""

    subject: str
    roles: frozenset[str]


class TokenVerifier:
    """Checks tokens of one issuer for one audience."""

    def __init__(self, keys: KeySource, *, issuer: str, audience: str) -> None:
        self._keys = keys
        self._registry = JWSRegistry(algorithms=list(ALGORITHMS))
        self._registry.max_header_length = 1024
        self._claims = JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    async def verify(self, token: str) -> Caller:
        """Return the caller of a valid token; raises ``TokenError`` with a reason code for any other."""
        if len(token) > _MAX_TOKEN:
            raise TokenError("too-long")
        try:
            header = extract_compact(token.encode(), registry=self._registry).headers()
            key = await self._keys.find(_kid_of(header))
            claims = jwt.decode(token, key, list(ALGORITHMS), self._registry).claims
            self._claims.validate(claims)
        except JoseError as error:
            raise TokenError(error.error or type(error).__name__) from error
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            # The library refuses some malformed tokens with Python's own errors.
            raise TokenError("malformed") from error
        return _caller(claims)


def _kid_of(header: Mapping[str, Any]) -> str:
    """Return the named key of a header that is an access token's."""
    if header.get("alg") not in ALGORITHMS:
        raise TokenError("algorithm")
    if header.get("typ", "JWT") not in _TYPES:
        raise TokenError("type")
    if "crit" in header or "b64" in header:
        raise TokenError("critical-header")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise TokenError("no-key-named")
    return kid


def _caller(claims: Mapping[str, Any]) -> Caller:
    roles = claims.get("roles", [])
    if claims.get("typ") in _NOT_FOR_ACCESS:
        raise TokenError("type")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise TokenError("roles")
    subject = str(claims["sub"])
    if not subject or len(subject) > 255 or not subject.isprintable():
        raise TokenError("subject")
    return Caller(subject, ROLES & set(roles))


async def authenticate(request: Request) -> Caller:
    """Return the caller of a request whose token ``app.state.verifier`` accepts; 401 without one, 429 too soon.

    The frame asks before the body is read, the route asks again: the caller stands in the request from then on.
    """
    known: Caller | None = getattr(request.state, "caller", None)
    if known is None:
        known = await _verified(request)
        _within_limit(request, known)
        request.state.caller = known
    return known


async def _verified(request: Request) -> Caller:
    verifier: TokenVerifier = request.app.state.verifier
    try:
        return await verifier.verify(_bearer_token(request))
    except TokenError as error:
        log(LogEvent.AUTHN_FAILED, reason_code=str(error), address=whence.address())
        raise HTTPException(401, "A valid token is needed.", {"WWW-Authenticate": "Bearer"}) from None
    except KeysUnavailableError as error:
        log(LogEvent.KEYS_UNAVAILABLE, error_type=error.kind)
        raise HTTPException(503, "Tokens cannot be checked at the moment.", {"Retry-After": "5"}) from None


def _within_limit(request: Request, caller: Caller) -> None:
    """Let a caller pass who has not asked for more than their share (``app.state.rate_limit`` counts)."""
    wait_s = request.app.state.rate_limit.take(caller.subject)
    if wait_s:
        method = method_of(request.scope)
        log(LogEvent.RATE_EXCEEDED, subject=caller.subject, method=method, address=whence.address())
        raise HTTPException(429, "You ask too much at once; try again in a moment.", {"Retry-After": str(wait_s)})


def _bearer_token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TokenError("no-token")
    return token.strip()


class _Requires:
    """The dependency ``requires`` makes; ``shared.web`` looks for it on every route."""

    def __init__(self, roles: frozenset[str]) -> None:
        self.roles = roles

    async def __call__(self, request: Request) -> Caller:
        caller = await authenticate(request)
        if not caller.roles & self.roles:
            method, route = method_of(request.scope), route_of(request.scope)
            log(LogEvent.AUTHZ_FAILED, subject=caller.subject, method=method, route=route, address=whence.address())
            allowed = [role for role in EVERYBODY if role in self.roles]
            raise HTTPException(403, f"Your roles do not allow this; it takes the role {' or '.join(allowed)}.")
        return caller


def requires(*roles: str) -> Any:  # what FastAPI's own ``Depends`` returns
    """Return the dependency that lets in callers with any of ``roles`` and gives the route its ``Caller``.

    ``caller: Annotated[Caller, requires("finance")]``.  A route without it does not start (``shared.web``).
    """
    unknown = set(roles) - ROLES
    if unknown or not roles:
        raise LookupError(f"unknown roles: {', '.join(sorted(unknown)) or 'none given'}")
    return Depends(_Requires(frozenset(roles)))


def roles_allowed(call: object) -> frozenset[str] | None:
    """Return the roles a dependency lets in, ``None`` when it is not one of ``requires``."""
    return call.roles if isinstance(call, _Requires) else None
