"""The proof and the settling against services that are played by hand."""

import json
from copy import deepcopy
from typing import Any

import pytest

from shared.cli.api import Api
from shared.cli.environment import resolve
from shared.cli.errors import CliError, ExitCode
from shared.cli.main import run
from shared.cli.settle import wait_until_settled, what_moves
from shared.cli.verify import prove
from shared.events.topics import LINE_OF_SERVICES
from tests.architecture.test_roles import BUS, OWN
from tests.support.played import services_of

QUIET = {
    "lag": 0,
    "outbox": 0,
    "held": 0,
    "dead_letters": 0,
    "totals_difference": None,
    "last_day_closed": "2026-04-01",
}
RECEIPTS = {
    "amount_pence": 100_00,
    "events": 4,
    "dispositions": {
        "done": {"amount_pence": 80_00, "events": 2},
        "dup": {"amount_pence": 15_00, "events": 1},
        "dead": {"amount_pence": 5_00, "events": 1},
    },
}
AUDIT = {"ok": True, "detail": "", "rows": 1, "head": "ab" * 32}
ANSWERS: dict[tuple[str, str], Any] = {
    **{(name, "/bus/status"): QUIET for name in LINE_OF_SERVICES},
    **{(name, "/verify"): {"checks": [], "sums": {}} for name in LINE_OF_SERVICES},
    **{
        (name, "/bus/totals"): {"said": {}, "heard": {}, "versions_ok": True, "audit": AUDIT}
        for name in LINE_OF_SERVICES
    },
    ("notify", "/due"): {"due": 0},
    ("billing", "/verify"): {"checks": [], "sums": {}, "taken_in": {"credits_pence": 0}},
    ("billing", "/summary"): {
        "billed_pence": 0,
        "collected_pence": 60_00,
        "suspense_payments_pence": 20_00,
        "suspense_charges_pence": 0,
    },
    ("billing", "/bus/totals"): {
        "said": {},
        "heard": {"housing.payment-received": RECEIPTS},
        "versions_ok": True,
        "audit": AUDIT,
    },
}


class Played(Api):
    """Answers from a table; what the table has an error for is raised."""

    def __init__(self, **changes: Any) -> None:
        super().__init__(resolve(None, {}))
        self.asked: set[tuple[str, str]] = set()
        self.answers = deepcopy(ANSWERS)
        for name, fields in changes.items():
            self.answers[name, "/bus/status"] = fields if isinstance(fields, CliError) else QUIET | fields

    def get(
        self, service: str, path: str, params: dict[str, str] | None = None, *, seconds: float | None = None
    ) -> Any:
        self.asked.add((service, path))
        answer = self.answers[service, path]
        if isinstance(answer, CliError):
            raise answer
        return answer


def failing(api: Api) -> dict[str, str]:
    return {check.name: check.detail for check in prove(api, 0) if not check.ok}


def test_the_proof_holds_when_every_penny_is_somewhere() -> None:
    assert failing(Played()) == {}


def test_a_service_stopped_over_its_totals_fails_the_proof() -> None:
    differs = {"detail": "billing.charge-raised, book 2026-04-01: 1 events"}
    assert failing(Played(arrears={"totals_difference": differs})) == {
        "control totals agree": "arrears: billing.charge-raised, book 2026-04-01: 1 events"
    }


def test_totals_of_a_service_that_does_not_say_are_not_believed() -> None:
    away = CliError("arrears at http://x does not answer.", "", ExitCode.AWAY)
    assert "arrears at http://x" in failing(Played(arrears=away))["control totals agree"]


def test_an_operator_may_ask_all_that_a_proof_needs_also_when_an_account_differs() -> None:
    api = Played()
    api.answers["billing", "/verify"]["sums"] = {"a": {"charges": 1, "payments": 0}}
    api.answers["billing", "/accounts"] = [{"account_id": "a", "account_ref": "F1"}]
    assert any("F1" in detail for detail in failing(api).values())
    refused = {one for one in api.asked if "operator" not in (BUS | OWN[one[0]])[f"GET {one[1]}"].split()}
    assert refused == set()


def test_books_in_motion_are_no_proof() -> None:
    assert failing(Played(billing={"lag": 3})) == {"nothing is on its way": "billing: 3 records to read"}


def test_settling_names_everything_that_moves() -> None:
    moving = what_moves(Played(owners={"outbox": 2}, billing={"lag": 1, "outbox": 1}))
    assert moving.words == {"owners": "2 events to say", "billing": "1 records to read, 1 events to say"}


def test_messages_that_are_due_still_move() -> None:
    api = Played()
    api.answers["notify", "/due"] = {"due": 7}
    assert what_moves(api).words == {"notify": "7 messages to hand over"}


def test_a_service_that_is_away_is_not_settled() -> None:
    api = Played(notify=CliError("notify does not answer.", "", ExitCode.AWAY))
    assert wait_until_settled(api, 0).words == {"notify": "notify does not answer."}


def test_a_wrong_token_is_told_at_once() -> None:
    with pytest.raises(CliError, match="token"):
        what_moves(Played(owners=CliError("no such token", "", ExitCode.USAGE)))


def test_a_check_that_fails_is_told_with_its_runbook(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with services_of(monkeypatch) as played:
        for (service, path), answer in ANSWERS.items():
            played.says(service, f"GET {path}", answer)
        played.says("arrears", "GET /bus/status", QUIET | {"totals_difference": "1 events"})
        assert run(["verify"]) == 1
        assert "control totals agree: docs/runbooks/day-totals-differ.md says what to do." in capsys.readouterr().err
        assert run(["verify", "--json"]) == 1
        told = json.loads(capsys.readouterr().out)["checks"]
        assert [one["runbook"] for one in told if not one["ok"]] == ["docs/runbooks/day-totals-differ.md"]
