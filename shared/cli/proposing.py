"""What every command that proposes something does: one request, and the sentence that says who has the next word."""

from typing import Any

from shared.cli import output
from shared.cli.api import Api


def propose(
    api: Api, service: str, kind: str, subject: str, body: dict[str, Any], reason: str, key: str | None
) -> dict[str, Any]:
    """Propose a command that needs two people; returns the proposal, ``id`` first, with what it asks for."""
    asked = {"kind": kind, "subject": subject, "body": body, "reason": reason}
    made: dict[str, Any] = api.once(service, "/bus/proposals", asked, key)
    return {**made, **body}


def tell(service: str, made: dict[str, Any], what: str, approver: str, *, as_json: bool) -> None:
    """Tell of a proposal: what it would do, and how somebody with the role ``approver`` lets it."""
    approve = f"closebook proposals approve {service} {made['id']} --as {approver}"
    words = f"{service}: proposal {made['id']}, {what}, waits for a second person (`{approve}`)."
    output.answer(made, words, as_json=as_json)
