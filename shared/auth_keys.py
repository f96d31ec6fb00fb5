"""The keys that tokens are checked with: read from the configured file or address, and from nowhere else."""

import json
import time
from pathlib import Path
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

_REFRESH_SECONDS = 600.0
_REFRESH_AT_MOST_SECONDS = 30.0
_MAX_BYTES = 262_144
_SMALLEST_RSA = 2048


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

    An address is asked again after ten minutes, or for a key nobody knows, but then at most every 30 seconds: tokens
    with invented names must not become a flood of requests.  A file is read again when it changes.
    """

    def __init__(self, location: str) -> None:
        self._location = location
        self._keys: dict[str, ECKey | RSAKey] = {}
        self._version: object = None
        self._tried_at = float("-inf")

    async def find(self, kid: str) -> ECKey | RSAKey:
        """Return the key of that name; raises ``UnknownKeyError`` or ``KeysUnavailableError``."""
        age = time.monotonic() - self._tried_at
        if age > _REFRESH_SECONDS or (kid not in self._keys and age > self._patience):
            await self._refresh()
        if kid not in self._keys:
            raise UnknownKeyError
        return self._keys[kid]

    @property
    def _remote(self) -> bool:
        return self._location.startswith(("https://", "http://"))

    @property
    def _patience(self) -> float:
        """Looking at a file costs nothing; asking somebody else does."""
        return _REFRESH_AT_MOST_SECONDS if self._remote and self._keys else 0.0

    async def _refresh(self) -> None:
        """Read the set anew; a set that cannot be read leaves the one we have."""
        self._tried_at = time.monotonic()
        try:
            raw = await self._fetch() if self._remote else self._read()
            if raw is not None:
                self._keys = usable_keys(json.loads(raw))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, httpx.HTTPError, JoseError) as error:
            if not self._keys:
                self._tried_at = float("-inf")
                raise KeysUnavailableError(type(error).__name__) from error

    def _read(self) -> bytes | None:
        path = Path(self._location)
        version = (path.stat().st_mtime_ns, path.stat().st_size)
        if version == self._version:
            return None
        raw = path.read_bytes()
        self._version = version
        return raw

    async def _fetch(self) -> bytes:
        async with httpx.AsyncClient(timeout=5, follow_redirects=False) as client:
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
