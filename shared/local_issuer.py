"""An issuer of tokens for one machine (``closebook up``, demo, tests): a key of its own and a token for each role.

In production tokens come from the organisation's identity provider; services see no difference.
"""

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey

from shared.auth import ROLES

ISSUER = "closebook-local"
AUDIENCE = "closebook"
_KEY = "signing-key.json"
_SET = "jwks.json"
_DAYS_30 = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class LocalIssuer:
    """A signing key kept in a directory only its user can read the key of."""

    directory: Path
    key: ECKey
    issuer: str = ISSUER
    audience: str = AUDIENCE

    @classmethod
    def open(cls, directory: Path) -> "LocalIssuer":
        """Return the directory's issuer; its key is made at the first use and kept."""
        directory.mkdir(parents=True, exist_ok=True)
        private = directory / _KEY
        if not private.exists():
            _make_key(directory)
        return cls(directory, ECKey.import_key(json.loads(private.read_text())))

    @property
    def jwks(self) -> Path:
        """Return the file services check tokens with (``CLOSEBOOK_JWKS``)."""
        return self.directory / _SET

    def token(self, subject: str, roles: Iterable[str], *, seconds: int = _DAYS_30) -> str:
        """Return a signed access token."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "roles": sorted(roles),
            "iat": now,
            "nbf": now,
            "exp": now + seconds,
        }
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key, ["ES256"])

    def tokens(self) -> dict[str, str]:
        """Return a token for each role; the subject is ``local-<role>``."""
        return {role: self.token(f"local-{role}", [role]) for role in sorted(ROLES)}


def _make_key(directory: Path) -> None:
    """Write the public set, then the private key, readable by its user only."""
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
    (directory / _SET).write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    descriptor = os.open(directory / _KEY, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(key.as_dict(private=True), file)
