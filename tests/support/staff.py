"""The staff's door of a service in this process: its routes over HTTP, asked with real tokens."""

import httpx
import pytest
from fastapi import APIRouter

from shared.auth import TokenVerifier
from shared.auth_keys import KeySource
from shared.local_issuer import LocalIssuer
from shared.web import create_app


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> LocalIssuer:
    """Who gives tokens out."""
    return LocalIssuer.open(tmp_path_factory.mktemp("issuer"))


def verifier_of(issuer: LocalIssuer) -> TokenVerifier:
    """Return what a service looks at the issuer's tokens with."""
    return TokenVerifier(KeySource(str(issuer.jwks)), issuer=issuer.issuer, audience=issuer.audience)


def as_(issuer: LocalIssuer, role: str, person: str = "", **more: str) -> dict[str, str]:
    """Return the headers of a person with one role; ``more`` are headers beside the token."""
    return {"Authorization": f"Bearer {issuer.token(person or f'{role}-1', [role])}", **more}


def staff_door(
    issuer: LocalIssuer, service: str, *routes: APIRouter, headers: dict[str, str] | None = None
) -> httpx.AsyncClient:
    """Return a client of a service's routes; it asks with ``headers`` where a request brings none of its own."""
    app = create_app(service, list(routes), verifier_of(issuer))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{service}", headers=headers)
