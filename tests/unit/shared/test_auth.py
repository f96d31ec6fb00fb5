import base64
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from shared.auth import Caller, TokenError, TokenVerifier, requires
from shared.auth_keys import KeySource, KeysUnavailableError, usable_keys
from shared.local_issuer import AUDIENCE, ISSUER, LocalIssuer
from tests.support.staff import verifier_of

NOW = int(time.time())
GOOD: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u1", "roles": ["finance"], "exp": NOW + 7200}


@pytest.fixture(scope="module")
def verifier(issuer: LocalIssuer) -> TokenVerifier:
    return verifier_of(issuer)


def signed(issuer: LocalIssuer, claims: dict[str, Any], **header: Any) -> str:
    return jwt.encode({"alg": "ES256", "kid": issuer.key.kid, **header}, claims, issuer.key, ["ES256"])


def b64(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw_token(header: dict[str, Any], claims: Any, signature: bytes = b"x" * 64) -> str:
    return f"{b64(header)}.{b64(claims)}.{b64(signature)}"


def public_as_secret(issuer: LocalIssuer) -> str:
    """HS256 with the public key's bytes as the secret: the classic confusion."""
    signed_part = f"{b64({'alg': 'HS256', 'kid': issuer.key.kid})}.{b64(GOOD)}"
    mac = hmac.digest(issuer.key.as_pem(private=False), signed_part.encode(), "sha256")
    return f"{signed_part}.{b64(mac)}"


def by_a_stranger(issuer: LocalIssuer, **header: Any) -> str:
    stranger = ECKey.generate_key("P-256", auto_kid=True)
    given = {name: value(stranger) if callable(value) else value for name, value in header.items()}
    return jwt.encode({"alg": "ES256", "kid": issuer.key.kid, **given}, GOOD, stranger, ["ES256"])


def with_changed_claims(issuer: LocalIssuer) -> str:
    head, _, signature = signed(issuer, GOOD).split(".")
    return f"{head}.{b64({**GOOD, 'roles': ['operator']})}.{signature}"


FORGED: dict[str, Callable[[LocalIssuer], str]] = {
    "no algorithm": lambda i: raw_token({"alg": "none", "kid": i.key.kid}, GOOD, b""),
    "no algorithm, other case": lambda i: raw_token({"alg": "NoNe", "kid": i.key.kid}, GOOD, b""),
    "public key as shared secret": public_as_secret,
    "an algorithm outside the list": lambda i: raw_token({"alg": "ES384", "kid": i.key.kid}, GOOD),
    "signed by a stranger": by_a_stranger,
    "stranger's key in the header": lambda i: by_a_stranger(i, jwk=lambda key: key.as_dict(private=False)),
    "stranger's key set address": lambda i: by_a_stranger(i, jku="https://evil.example/jwks.json"),
    "stranger's certificate address": lambda i: by_a_stranger(i, x5u="https://evil.example/cert.pem"),
    "a key nobody knows": lambda i: signed(i, GOOD, kid="unknown"),
    "no key named": lambda i: jwt.encode({"alg": "ES256"}, GOOD, i.key, ["ES256"]),
    "kid as a path": lambda i: signed(i, GOOD, kid="../../../../dev/null"),
    "claims changed": with_changed_claims,
    "signature missing": lambda i: signed(i, GOOD).rsplit(".", 1)[0] + ".",
    "signature cut": lambda i: signed(i, GOOD)[:-10],
    "two parts": lambda i: signed(i, GOOD).rsplit(".", 1)[0],
    "expired": lambda i: signed(i, {**GOOD, "exp": NOW - 120}),
    "never expires": lambda i: signed(i, {k: v for k, v in GOOD.items() if k != "exp"}),
    "expiry as text": lambda i: signed(i, {**GOOD, "exp": str(NOW + 7200)}),
    "not yet valid": lambda i: signed(i, {**GOOD, "nbf": NOW + 7200}),
    "issued in the future": lambda i: signed(i, {**GOOD, "iat": NOW + 7200}),
    "another issuer": lambda i: signed(i, {**GOOD, "iss": "https://evil.example"}),
    "no issuer": lambda i: signed(i, {k: v for k, v in GOOD.items() if k != "iss"}),
    "another audience": lambda i: signed(i, {**GOOD, "aud": "payroll"}),
    "no audience": lambda i: signed(i, {k: v for k, v in GOOD.items() if k != "aud"}),
    "no subject": lambda i: signed(i, {k: v for k, v in GOOD.items() if k != "sub"}),
    "subject with control characters": lambda i: signed(i, {**GOOD, "sub": "a\nb"}),
    "refresh token": lambda i: signed(i, {**GOOD, "typ": "Refresh"}),
    "identity token": lambda i: signed(i, {**GOOD, "typ": "ID"}),
    "another token type": lambda i: signed(i, GOOD, typ="dpop+jwt"),
    "critical header": lambda i: raw_token({"alg": "ES256", "kid": i.key.kid, "crit": ["exp"], "exp": 1}, GOOD),
    "roles as text": lambda i: signed(i, {**GOOD, "roles": "operator"}),
    "claims are a list": lambda i: raw_token({"alg": "ES256", "kid": i.key.kid}, [1]),
    "encrypted": lambda _: ".".join([b64({"alg": "dir", "enc": "A256GCM"}), "", "aaaa", "aaaa", "aaaa"]),
    "not a token": lambda _: "hello",
    "empty parts": lambda _: "..",
    "header is no object": lambda _: f"{b64([1])}.{b64(GOOD)}.{b64(b'x')}",
    "not base64": lambda _: "é.é.é",
    "huge": lambda i: signed(i, {**GOOD, "x": "y" * 9000}),
}


@pytest.mark.parametrize("kind", FORGED)
async def test_a_forged_token_is_refused(verifier: TokenVerifier, issuer: LocalIssuer, kind: str) -> None:
    with pytest.raises(TokenError):
        await verifier.verify(FORGED[kind](issuer))


async def test_a_token_of_the_issuer_names_its_caller(verifier: TokenVerifier, issuer: LocalIssuer) -> None:
    assert await verifier.verify(issuer.tokens()["finance"]) == Caller("local-finance", frozenset({"finance"}))
    assert await verifier.verify(
        signed(issuer, {**GOOD, "aud": ["x", AUDIENCE], "roles": ["finance", "king"]})
    ) == Caller("u1", frozenset({"finance"}))


async def test_clocks_may_differ_by_a_minute(verifier: TokenVerifier, issuer: LocalIssuer) -> None:
    now = int(time.time())
    assert await verifier.verify(signed(issuer, {**GOOD, "exp": now - 30, "nbf": now + 30}))


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
async def test_an_rsa_key_serves_too_but_a_short_one_and_a_secret_do_not(tmp_path: Path) -> None:
    rsa = RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
    short = RSAKey.generate_key(1024, auto_kid=True)
    secret = OctKey.generate_key(256, auto_kid=True)
    document = {"keys": [secret.as_dict(private=True), rsa.as_dict(private=False), short.as_dict(private=False)]}
    assert set(usable_keys(document)) == {rsa.kid}
    place = tmp_path / "jwks.json"
    place.write_text(json.dumps(document))
    verifier = TokenVerifier(KeySource(str(place)), issuer=ISSUER, audience=AUDIENCE)
    assert await verifier.verify(jwt.encode({"alg": "RS256", "kid": rsa.kid}, GOOD, rsa, ["RS256"]))
    with pytest.raises(TokenError):
        await verifier.verify(jwt.encode({"alg": "HS256", "kid": secret.kid}, GOOD, secret, ["HS256"]))
    with pytest.raises(TokenError):
        await verifier.verify(jwt.encode({"alg": "PS256", "kid": rsa.kid}, GOOD, rsa, ["PS256"]))


async def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    first, second = LocalIssuer.open(tmp_path / "a"), LocalIssuer.open(tmp_path / "b")
    place = tmp_path / "jwks.json"
    place.write_text(first.jwks.read_text())
    verifier = TokenVerifier(KeySource(str(place)), issuer=ISSUER, audience=AUDIENCE)
    assert await verifier.verify(signed(first, GOOD))
    place.write_text(json.dumps({"keys": [second.key.as_dict(private=False), first.key.as_dict(private=False)]}))
    assert await verifier.verify(signed(second, GOOD))


async def test_keys_that_cannot_be_read_are_our_fault_not_the_callers(tmp_path: Path, issuer: LocalIssuer) -> None:
    verifier = TokenVerifier(KeySource(str(tmp_path / "none.json")), issuer=ISSUER, audience=AUDIENCE)
    with pytest.raises(KeysUnavailableError):
        await verifier.verify(signed(issuer, GOOD))


async def test_unknown_key_names_do_not_become_a_flood_of_requests(
    monkeypatch: pytest.MonkeyPatch, issuer: LocalIssuer
) -> None:
    source, asked = KeySource("https://id.example/jwks.json"), 0

    async def fetch(_: KeySource) -> bytes:
        nonlocal asked
        asked += 1
        return issuer.jwks.read_bytes()

    monkeypatch.setattr(KeySource, "_fetch", fetch)
    verifier = TokenVerifier(source, issuer=ISSUER, audience=AUDIENCE)
    assert await verifier.verify(signed(issuer, GOOD))
    for n in range(20):
        with pytest.raises(TokenError):
            await verifier.verify(signed(issuer, GOOD, kid=f"k{n}"))
    assert asked == 1


def test_the_key_stays_and_only_its_user_can_read_it(tmp_path: Path) -> None:
    first = LocalIssuer.open(tmp_path)
    assert LocalIssuer.open(tmp_path).key.kid == first.key.kid
    assert (tmp_path / "signing-key.json").stat().st_mode & 0o077 == 0
    assert "d" not in json.loads(first.jwks.read_text())["keys"][0]


def test_a_role_nobody_knows_cannot_be_required() -> None:
    with pytest.raises(LookupError):
        requires("king")
