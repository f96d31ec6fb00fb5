"""The services' staff APIs over HTTP: a token on every question, and every failure one sentence."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import httpx

from shared.cli.environment import Environment, resolve
from shared.cli.errors import CliError, ExitCode, away
from shared.cli.refusals import refusal
from shared.tls import client_context

READER = "auditor"
OPERATOR = "operator"
FINANCE = "finance"
ASSISTANT = "assistant"
OFFICER = "lead-officer"
ASSISTANT = "assistant"

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol)
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_LONG = httpx.Timeout(900.0, connect=5.0)


class Api:
    """Questions and commands to the four services, in one role."""

    def __init__(self, environment: Environment, role: str = READER, timeout: httpx.Timeout = _TIMEOUT) -> None:
        self.environment = environment
        self.role = role
        self._http = httpx.Client(timeout=timeout, follow_redirects=False, verify=client_context())

    def get(
        self, service: str, path: str, params: dict[str, str] | None = None, *, seconds: float | None = None
    ) -> Any:
        """Ask a service; returns its JSON.  ``seconds``: how long to wait for it, if not as long as for the others."""
        patience: dict[str, Any] = {} if seconds is None else {"timeout": httpx.Timeout(seconds)}
        return self._json(service, self._send(service, "GET", path, params=params, **patience))

    def post(
        self, service: str, path: str, body: dict[str, Any], headers: Mapping[str, str] = MappingProxyType({})
    ) -> Any:
        """Give a service a command that does no harm when it is given again; returns its JSON."""
        return self._json(service, self._send(service, "POST", path, json=body, headers=headers))

    def once(self, service: str, path: str, body: dict[str, Any], key: str | None) -> Any:
        """Give a service a command that takes effect once for each ``key``, which is made here if the caller has none.

        Where the answer is lost, the error names the key.
        """
        name = uuid4().hex if key is None else key
        again = (
            f"Whether it took effect is not known: give the command again with --key {name}, and it takes effect once."
        )
        try:
            return self.post(service, path, body, {"Idempotency-Key": name})
        except KeyboardInterrupt:
            raise CliError("Interrupted.", again, ExitCode.INTERRUPTED) from None
        except CliError as error:
            if error.code is not ExitCode.AWAY or isinstance(error.__cause__, _NEVER_SENT):
                raise
            raise CliError(error.problem, f"{error.next_step} {again}", error.code) from error

    def stream(self, service: str, path: str, params: dict[str, str]) -> Iterator[str]:
        """Yield a long text as it comes."""
        url = self.environment.url(service)
        try:
            with self._http.stream("GET", url + path, params=params, headers=self._headers()) as response:
                if not response.is_success:
                    response.read()
                    raise refusal(service, self.role, response)
                yield from response.iter_text()
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise away(service, url) from error

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()

    def _send(
        self,
        service: str,
        method: str,
        path: str,
        headers: Mapping[str, str] = MappingProxyType({}),
        **options: Any,
    ) -> httpx.Response:
        url = self.environment.url(service)
        try:
            sent = httpx.Headers({**self._headers(), **headers}, encoding="utf-8")
            response = self._http.request(method, url + path, headers=sent, **options)
            while response.status_code == 429:  # many letters at once: no faster than the service lets one caller
                time.sleep(float(response.headers.get("Retry-After", "1")))
                response = self._http.request(method, url + path, headers=sent, **options)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise away(service, url) from error
        if not response.is_success:
            raise refusal(service, self.role, response)
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


def reading(data: Path | None) -> Api:
    """Return the APIs for a question over a whole ledger: minutes for a large one (80,000 flats)."""
    return Api(resolve(data), timeout=_LONG)


def acting(data: Path | None, role: str | None, usual: str) -> Api:
    """Return the APIs for whoever gives a command: in the role that is named, else in the one whose work it is."""
    return Api(resolve(data).acting_as(role), role or usual)
