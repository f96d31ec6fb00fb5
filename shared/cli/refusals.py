"""What a service's refusal tells a person: what is wrong, and the next step."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any, Final

import httpx

from shared.cli.errors import CliError, ExitCode

_SOMEBODY_ELSE = ("another person", "limit of your roles")
"""Refusals of a person, not of a token: somebody else can give the command."""

_LOCAL_ISSUER = "closebook-local"
_RENEW = (
    " Tokens of this machine's own live 30 days: a restart of `closebook up` makes new ones, "
    "in compose `docker compose up issuer`."
)

_LISTS: Final[Mapping[str, str]] = {
    "no dead letter": "`closebook dead-letters list` lists every dead letter",
    "no proposal": "`closebook proposals list` lists every proposal",
    "reads no such partition": "`closebook status --json` names every partition",
    "does not say": "docs/producer.md lists the topics of each service",
    "in the sample": "`closebook statements show RUN` lists a run's sample",
    "no run": "`closebook statements list` lists every run",
    "no collection": "`closebook direct-debit list` lists every collection",
    "no mandate": "`closebook direct-debit mandates` lists every mandate",
    "no dispute": "`closebook disputes list` lists every dispute",
    "no notice": "`closebook notices list` lists every notice that somebody has something to do with",
    "no interruption": "`closebook prescription list` lists every interruption",
    "no hold": "`closebook holds list` lists every hold",
    "no plan": "`closebook plans list` lists every plan",
    "no payment": "`closebook suspense list` lists payments nobody matches, `closebook account REF` an account's",
    "no relief": "`closebook fees reliefs` lists every relief",
    "schedule": "`closebook fees list` lists every schedule with its version",
    "No owner of a unit in": "`closebook reserve-funds list` lists every fund",
    "ever told of": "the housing system knows every person and ownership",
    "no such message": "`closebook letters` lists every message",
    "registered": "`closebook accounts` lists every account with its unit",
    "no charge": "`closebook accounts` lists every account, `closebook account REF` its charges",
    "No account has the reference": "`closebook accounts` lists every account",
}
"""Where the names that exist are listed, by the words in which a service says that one is not known."""


def refusal(service: str, role: str, response: httpx.Response) -> CliError:
    """Return the error that an HTTP status stands for."""
    detail, status = _detail(response), response.status_code
    if status == 403:
        return _forbidden(service, detail)
    if status == 401:
        variable = f"CLOSEBOOK_TOKEN_{role.upper().replace('-', '_')}"
        renew = _RENEW if _is_local(response.request) else ""
        return CliError(
            f"{service} does not accept this token: {detail}",
            f"Set {variable} (or CLOSEBOOK_TOKEN) to a valid token of that role.{renew}",
            ExitCode.USAGE,
        )
    if status == 404 or response.is_redirect:  # an empty name leads to its list
        return CliError(f"{service} knows nothing by that name: {detail}", f"Check the spelling; {_list_of(detail)}.")
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


def _forbidden(service: str, detail: str) -> CliError:
    """Return the refusal of a person, or of a token whose roles are not enough."""
    if any(words in detail for words in _SOMEBODY_ELSE):
        return CliError(
            f"{service} refused: {detail}",
            "Let another person give the command with a token of their own; on one machine, --as ROLE names whose.",
        )
    return CliError(
        f"{service} does not accept this token for this command: {detail}",
        "Let somebody with a role that may give the command: their token is CLOSEBOOK_TOKEN, or on one machine "
        "CLOSEBOOK_TOKEN_ROLE with --as ROLE.",
        ExitCode.USAGE,
    )


def _list_of(detail: str) -> str:
    """Return where the names that exist are listed, for what is not known."""
    found = (where for words, where in _LISTS.items() if words in detail)
    return next(found, "`closebook COMMAND --help` says which names it takes")


def _is_local(request: httpx.Request) -> bool:
    """Return whether a request's token is of this machine's own issuer: read, not trusted, for a hint alone."""
    try:
        content = request.headers["Authorization"].split(".")[1]
        return bool(json.loads(urlsafe_b64decode(f"{content}=="))["iss"] == _LOCAL_ISSUER)
    except (LookupError, TypeError, ValueError):
        return False


def _detail(response: httpx.Response) -> str:
    """Return a refusal's words in one line, with each field that is wrong."""
    try:
        body: Any = response.json()
    except ValueError:
        body = response.text[:200]
    told = [body]
    if isinstance(body, dict):
        told = [body.get("detail", body), *map(_field, body.get("fields", ()))]
    return " ".join(" ".join(map(str, told)).split()) or response.reason_phrase


def _field(wrong: Mapping[str, str]) -> str:
    return f"{wrong['field']}: {wrong['problem']}."
