"""The keys that tokens are checked with: read from the configured file or address, and from nowhere else."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from shared.log_events import LogEvent
from shared.logs import log
from shared.tls import client_context

_REFRESH_SECONDS = 600.0
_REFRESH_AT_MOST_SECONDS = 30.0
_RETRY_SECONDS = 5.0
"""After a failure while there are no keys; a fetch, whole, takes as long at most."""
_TRUSTED_SECONDS = 24 * 3600.0
"""While the provider is away it issues no tokens either: after a day hardly any but a thief's is still good."""
_PATIENCE_SECONDS = 0.5
"""So long whoever finds the keys old waits for new ones: a provider that is there has said by then what it withdrew."""
_MAX_BYTES = 262_144
_SMALLEST_RSA = 2048
_UNREADABLE = (
    OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, httpx.HTTPError, JoseError,
)  # fmt: skip


class KeysUnavailableError(Exception):
    """The key set cannot be read at all."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class UnknownKeyError(JoseError):
    """No key of the set has the name a token gives."""

    error = "unknown-key"


class KeySource:
    """A cached key set.

    A file is looked at for every token and read again when it changed.  An address is asked again after ten minutes,
    and for a key nobody knows, but then at most every 30 seconds, and once at a time: tokens with invented names must
    not become a flood of requests.  It is asked beside the requests, which go on with the keys they have.  A set that
    cannot be read any more is trusted for a day, then no token is.
    """

    def __init__(self, location: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._location = location
        self._clock = clock
        self._keys: dict[str, ECKey | RSAKey] = {}
        self._version: object = None
        self._seen_at = self._tried_at = float("-inf")
        self._failure = ""
        self._asking: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> ECKey | RSAKey:
        """Return the key of that name; raises ``UnknownKeyError`` or ``KeysUnavailableError``."""
        if self._location.startswith(("https://", "http://")):
            await self._ask(kid)
        else:
            self._look()
        if not self._trusted:
            raise KeysUnavailableError(self._failure)
        if kid not in self._keys:
            raise UnknownKeyError
        return self._keys[kid]

    @property
    def _trusted(self) -> bool:
        return self._clock() - self._seen_at <= _TRUSTED_SECONDS

    def _look(self) -> None:
        """Read the file if it is not the one we know."""
        try:
            found = Path(self._location).stat()
            version = (found.st_mtime_ns, found.st_size, found.st_ino)
            if version != self._version:
                self._keys = usable_keys(json.loads(Path(self._location).read_bytes()))
                self._version = version
            self._seen_at = self._clock()
        except _UNREADABLE as error:
            self._failed(error)

    async def _ask(self, kid: str) -> None:
        """Let the set be fetched if it is time, and wait for it as long as this key needs."""
        begins = (self._asking is None or self._asking.done()) and self._is_time(kid)
        if begins:
            self._asking = asyncio.create_task(self._renew())
        if self._asking is not None and not self._asking.done():
            # A task of its own: whoever is given up while it waits does not stop what others wait for.
            await asyncio.wait({self._asking}, timeout=self._patience(kid, begins))

    def _patience(self, kid: str, begins: bool) -> float | None:
        """Return how many seconds to wait for a fetch; ``None``: to its end, for nothing else has this key."""
        if not self._trusted or kid not in self._keys:
            return None
        return _PATIENCE_SECONDS if begins and not self._failure else 0.0

    async def _renew(self) -> None:
        """Fetch the set, within its time."""
        try:
            async with asyncio.timeout(_RETRY_SECONDS):
                self._keys = usable_keys(json.loads(await self._fetch()))
            self._seen_at, self._failure = self._clock(), ""
        except _UNREADABLE as error:
            self._failed(error)
        finally:
            self._tried_at = self._clock()

    def _is_time(self, kid: str) -> bool:
        """Say whether the set must be fetched for this key, and may be."""
        now = self._clock()
        if not self._trusted:
            return now - self._tried_at > _RETRY_SECONDS
        wanted = kid not in self._keys or now - self._seen_at > _REFRESH_SECONDS
        return wanted and now - self._tried_at > _REFRESH_AT_MOST_SECONDS

    def _failed(self, error: Exception) -> None:
        """Remember why; the keys stay for their time, and somebody must know before it is over."""
        self._failure = type(error).__name__
        if self._trusted:
            log(LogEvent.KEYS_UNAVAILABLE, error_type=self._failure)

    async def _fetch(self) -> bytes:
        async with httpx.AsyncClient(timeout=5, follow_redirects=False, verify=client_context()) as client:
            answer = await client.get(self._location)
        answer.raise_for_status()
        if len(answer.content) > _MAX_BYTES:
            raise ValueError("the key set is too large")
        return answer.content


def usable_keys(document: dict[str, Any]) -> dict[str, ECKey | RSAKey]:
    """Return the public signing keys of a set by name: EC P-256 and RSA from 2048 bits; shared secrets are ignored."""
    keys = {}
    for entry in document["keys"]:
        key = _usable(entry)
        if key is not None:
            keys[str(key.kid)] = key
    return keys


def _usable(entry: dict[str, Any]) -> ECKey | RSAKey | None:
    """Return one key; a set may hold others (encryption, new kinds) that are none of our business."""
    if entry.get("kty") not in {"EC", "RSA"} or entry.get("use", "sig") != "sig" or not entry.get("kid"):
        return None
    try:
        key = ECKey.import_key(entry) if entry["kty"] == "EC" else RSAKey.import_key(entry)
    except (JoseError, ValueError):
        return None
    return key if _strong(key) else None


def _strong(key: ECKey | RSAKey) -> bool:
    if isinstance(key, ECKey):
        return key.curve_name == "P-256"
    return key.public_key.key_size >= _SMALLEST_RSA
