"""The services' staff APIs over HTTP: a token on every question, and every failure one sentence."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx

from shared.cli.environment import Environment, resolve
from shared.cli.errors import CliError, ExitCode, NotFoundError, away

READER = "auditor"
OPERATOR = "operator"
FINANCE = "finance"
OFFICER = "lead-officer"

_SOMEBODY_ELSE = ("another person", "limit of your roles")
"""Refusals of a person, not of a token: somebody else can give the command."""

_TIMEOUT = httpx.Timeout(30.0, connect=5.0)


class Api:
    """Questions and commands to the four services, in one role."""

    def __init__(self, environment: Environment, role: str = READER, timeout: httpx.Timeout = _TIMEOUT) -> None:
        self.environment = environment
        self.role = role
        self._http = httpx.Client(timeout=timeout, follow_redirects=False)

    def get(self, service: str, path: str, params: dict[str, str] | None = None) -> Any:
        """Ask a service; returns its JSON."""
        return self._json(service, self._send(service, "GET", path, params=params))

    def post(self, service: str, path: str, body: dict[str, Any] | None = None, key: str | None = None) -> Any:
        """Give a service a command, once for each ``key``; returns its JSON."""
        headers = {"Idempotency-Key": key} if key is not None else {}
        return self._json(service, self._send(service, "POST", path, json=body or {}, headers=headers))

    def stream(self, service: str, path: str, params: dict[str, str]) -> Iterator[str]:
        """Yield a long text as it comes."""
        url = self.environment.url(service)
        try:
            with self._http.stream("GET", url + path, params=params, headers=self._headers()) as response:
                if response.is_error:
                    response.read()
                    raise _refusal(service, self.role, response)
                yield from response.iter_text()
        except httpx.TransportError as error:
            raise away(service, url) from error

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()

    def _send(
        self, service: str, method: str, path: str, headers: Mapping[str, str] = MappingProxyType({}), **options: Any
    ) -> httpx.Response:
        url = self.environment.url(service)
        try:
            sent = {**self._headers(), **headers}
            response = self._http.request(method, url + path, headers=sent, **options)
            while response.status_code == 429:  # many letters at once: no faster than the service lets one caller
                time.sleep(float(response.headers.get("Retry-After", "1")))
                response = self._http.request(method, url + path, headers=sent, **options)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise away(service, url) from error
        if response.is_error:
            raise _refusal(service, self.role, response)
        return response

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.environment.token(self.role)}"}

    @staticmethod
    def _json(service: str, response: httpx.Response) -> Any:
        if not response.content:
            return {}
        try:
            return response.json()
        except ValueError as error:
            raise away(service, str(response.request.url)) from error


def acting(data: Path | None, role: str | None, usual: str) -> Api:
    """Return the APIs for whoever gives a command: in the role that is named, else in the one whose work it is."""
    return Api(resolve(data).acting_as(role), role or usual)


def _refusal(service: str, role: str, response: httpx.Response) -> CliError:
    """Return the error that an HTTP status stands for."""
    detail, status = _detail(response), response.status_code
    if status == 403 and any(words in detail for words in _SOMEBODY_ELSE):
        return CliError(
            f"{service} refused: {detail}",
            "Let another person give the command with a token of their own; on one machine, --as ROLE names whose.",
        )
    if status in {401, 403}:
        return CliError(
            f"{service} does not accept this token for this command ({status}).",
            f"Set CLOSEBOOK_TOKEN_{role.upper().replace('-', '_')} (or CLOSEBOOK_TOKEN) to a valid token of that role.",
            ExitCode.USAGE,
        )
    if status == 404:
        return NotFoundError(
            f"{service} knows nothing by that name: {detail}",
            f"Check the spelling; {_list_of(response.request.url.path)}.",
        )
    if status < 500:
        return CliError(f"{service} refused: {detail}", "Put that right and give the command again.")
    if status == 503:
        return CliError(
            f"{service} cannot answer just now: {detail}",
            "Try again in a moment; `closebook status` shows how it is.",
            ExitCode.AWAY,
        )
    return CliError(
        f"{service} failed ({status}): {detail}",
        f"Its log has the details; search it for {response.request.url.path}.",
        ExitCode.AWAY,
    )


def _list_of(path: str) -> str:
    """Return where the names that exist are listed, for what was asked at ``path``."""
    if "/dead-letters" in path:
        return "`closebook dead-letters list` lists every dead letter"
    if path.startswith("/payments/"):
        return "`closebook suspense list` lists payments nobody matches, `closebook accounts` every account"
    return "`closebook accounts` lists every account"


def _detail(response: httpx.Response) -> str:
    """Return a refusal's words, in one line."""
    try:
        body = response.json()
    except ValueError:
        body = response.text[:200]
    detail = body.get("detail", body) if isinstance(body, dict) else body
    if isinstance(detail, list):
        detail = "; ".join(
            f"{'.'.join(map(str, item.get('loc', ())))}: {item.get('msg', '')}"
            for item in detail
            if isinstance(item, dict)
        )
    return " ".join(str(detail).split()) or response.reason_phrase
