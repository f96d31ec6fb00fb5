"""What a person reads when a service knows nothing by the name given."""

import httpx
import pytest

from shared.cli.api import _refusal


@pytest.mark.parametrize(
    ("path", "command"),
    [("/bus/dead-letters/999", "closebook dead-letters list"), ("/accounts/FY9Y37R23PC9", "closebook accounts")],
)
def test_a_name_that_is_not_known_leads_to_the_list_of_its_kind(path: str, command: str) -> None:
    asked = httpx.Request("GET", f"http://127.0.0.1{path}")
    error = _refusal("billing", "operator", httpx.Response(404, json={"detail": "There is none."}, request=asked))
    assert f"`{command}`" in error.next_step


@pytest.mark.parametrize(
    "words", ["another person must approve it.", "£50.01, which is above the limit of your roles."]
)
def test_what_somebody_else_may_approve_is_said_in_the_services_own_words(words: str) -> None:
    asked = httpx.Request("POST", "http://127.0.0.1/bus/proposals/1/approve")
    error = _refusal("billing", "finance", httpx.Response(403, json={"detail": words}, request=asked))
    assert words in error.problem
    assert "another person" in error.next_step
