"""What a person reads when a service refuses: the list of what exists, whose word it takes, how a token is renewed."""

import re
from pathlib import Path

import httpx
import pytest

from shared.cli.errors import CliError, ExitCode
from shared.cli.refusals import refusal
from shared.local_issuer import LocalIssuer
from tests.architecture.source import ROOT

_NOT_KNOWN = re.compile(r'(?:NotKnownError\(|HTTPException\(404, )f?"([^"]+)"')


def not_known() -> set[str]:
    """Return every sentence in which a service says that there is no such thing."""
    files = [*(ROOT / "services").rglob("*.py"), *(ROOT / "shared").rglob("*.py")]
    return {sentence for file in files for sentence in _NOT_KNOWN.findall(file.read_text(encoding="utf-8"))}


def refused(status: int, words: str, token: str = "") -> CliError:
    asked = httpx.Request("GET", "http://127.0.0.1/there", headers={"Authorization": f"Bearer {token}"})
    return refusal("billing", "finance", httpx.Response(status, json={"detail": words}, request=asked))


@pytest.mark.parametrize("sentence", sorted(not_known()))
def test_whatever_is_not_known_leads_to_a_list_of_its_kind(sentence: str) -> None:
    assert "--help" not in refused(404, sentence).next_step


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("There is no dead letter 999.", "closebook dead-letters list"),
        ("No account has the reference FY9Y37R23PC9.", "closebook accounts"),
        ("The service billing reads no such partition.", "closebook status --json"),
        ("There is no version 3 of schedule no-run.", "closebook fees list"),
        ("F1 is not in the sample of run R1.", "closebook statements show RUN"),
    ],
)
def test_a_name_that_is_not_known_leads_to_the_list_of_its_kind(words: str, command: str) -> None:
    assert f"`{command}`" in refused(404, words).next_step


@pytest.mark.parametrize(
    "words", ["another person must approve it.", "£50.01, which is above the limit of your roles."]
)
def test_what_somebody_else_may_approve_is_said_in_the_services_own_words(words: str) -> None:
    error = refused(403, words)
    assert words in error.problem
    assert "another person" in error.next_step


@pytest.mark.parametrize(
    "words",
    [
        "To approve erasure needs the role board or lead-officer.",
        "Your roles do not allow this; it takes the role finance.",
    ],
)
def test_which_role_is_wanting_is_said_in_the_services_own_words(words: str) -> None:
    error = refused(403, words)
    assert words in error.problem
    assert "--as ROLE" in error.next_step
    assert error.code == ExitCode.USAGE


def test_a_token_of_this_machines_own_is_renewed_by_a_restart(tmp_path: Path) -> None:
    local = LocalIssuer.open(tmp_path).token("local-finance", ["finance"], seconds=-3600)
    renewed = refused(401, "A valid token is needed.", local).next_step
    assert "CLOSEBOOK_TOKEN_FINANCE" in renewed
    assert "a restart of `closebook up` makes new ones" in renewed
    assert "`docker compose up issuer`" in renewed


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", "e30.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUifQ.x", "a.W10.c"])
def test_of_another_issuers_token_nothing_is_said_about_this_machine(token: str) -> None:
    assert "closebook up" not in refused(401, "A valid token is needed.", token).next_step
