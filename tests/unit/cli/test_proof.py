"""Each check of the proof holds when it should, and names what differs when it does not."""

from typing import Any

from shared.cli.proof import (
    account_check,
    audit_checks,
    balance_check,
    delivery_checks,
    own_checks,
    version_checks,
)
from shared.events.topics import LINE_OF_SERVICES
from tests.architecture.source import ROOT

Totals = dict[str, dict[str, Any]]


def totals(said: int = 3, heard: int = 3, digest: str = "ab") -> Totals:
    """Return totals in which billing said charges and arrears heard them."""
    silent: Totals = {name: {"said": {}, "heard": {}, "versions_ok": True} for name in LINE_OF_SERVICES}
    silent["billing"]["said"]["billing.charge-raised"] = {"events": said, "digest": "ab"}
    silent["arrears"]["heard"]["billing.charge-raised"] = {"events": heard, "digest": digest}
    return silent


def aside(found: Totals, events: int, digest: str = "0" * 32) -> Totals:
    """Let arrears have put so many foreign events aside."""
    found["arrears"]["aside"] = {"billing.charge-raised": {"events": events, "amount_pence": 0, "digest": digest}}
    return found


def accepted(found: Totals, events: int, pence: int = 0) -> Totals:
    """Let two people have accepted that arrears took in so many fewer events (fewer than 0: more)."""
    found["arrears"]["accepted"] = {"billing.charge-raised": {"events": events, "amount_pence": pence}}
    return found


def holding(found: Totals) -> str:
    (check,) = [check for check in delivery_checks(found) if check.name == "arrears heard all that billing said, once"]
    assert check.ok, check.detail
    return check.detail


def failing(found: Totals) -> list[str]:
    return [f"{check.name}: {check.detail}" for check in delivery_checks(found) if not check.ok]


def test_everything_heard_once_holds() -> None:
    assert failing(totals()) == []


def test_a_lost_event_names_topic_and_both_sides() -> None:
    (told,) = failing(totals(heard=2))
    assert told == (
        "arrears heard all that billing said, once: billing.charge-raised: billing said 3 events, arrears took in 2;"
        " `closebook republish billing --topic billing.charge-raised --book DAY` says a book again"
    )


def test_an_event_too_many_is_not_said_again() -> None:
    (told,) = failing(totals(heard=4))
    assert told.endswith("billing said 3 events, arrears took in 4; somebody else writes on that topic")


def test_another_event_in_the_place_of_a_lost_one_is_found() -> None:
    assert "but not the same ones" in failing(totals(digest="cd"))[0]


def test_what_was_put_aside_is_a_named_exception() -> None:
    found = aside(totals(heard=5, digest="d0"), 2, f"{0xAB ^ 0xD0:032x}")
    assert holding(found) == "3 events; billing.charge-raised: 5 = 3 + 2 put aside"


def test_other_events_than_those_put_aside_are_found() -> None:
    assert "but not the same ones" in failing(aside(totals(heard=5, digest="d0"), 2))[0]
    assert "took in 4" in failing(aside(totals(heard=4), 2))[0]


def test_a_difference_that_two_people_accepted_is_a_named_exception() -> None:
    assert holding(accepted(totals(heard=2, digest="cd"), 1)) == (
        "3 events; billing.charge-raised: 2 = 3 - 1 whose loss was accepted"
    )
    assert holding(accepted(totals(heard=5, digest="cd"), -2)) == (
        "3 events; billing.charge-raised: 5 = 3 + 2 that were accepted"
    )


def test_what_was_lost_beside_an_accepted_difference_is_found() -> None:
    assert failing(accepted(totals(heard=1, digest="cd"), 1))
    found = totals(heard=2, digest="cd")
    found["billing"]["said"]["billing.charge-raised"]["amount_pence"] = 500
    assert "but not the same money" in failing(accepted(found, 1, 400))[0]
    found["arrears"]["heard"]["billing.charge-raised"]["amount_pence"] = 100
    assert failing(accepted(found, 1, 400)) == []


def test_every_kind_of_check_that_fails_names_a_runbook_that_is_there() -> None:
    found = totals(heard=2)
    for service in found.values():
        service |= {"versions_ok": False, "audit": {"ok": False, "detail": "row 3", "rows": 3, "head": "ab"}}
    checks = [*delivery_checks(found), *version_checks(found), *audit_checks(found)]
    runbooks = {check.as_json()["runbook"] for check in checks if not check.ok}
    assert runbooks == {
        f"docs/runbooks/{page}.md" for page in ("day-totals-differ", "invariant-violated", "audit-chain-broken")
    }
    assert all((ROOT / page).is_file() for page in runbooks)
    assert all("runbook" not in check.as_json() for check in checks if check.ok)


def test_a_gap_in_versions_is_told() -> None:
    found = totals()
    found["owners"] |= {"versions_ok": False, "versions_detail": "U1 lacks 2"}
    assert [check.detail for check in version_checks(found) if not check.ok] == ["U1 lacks 2"]


def test_own_checks_carry_their_service() -> None:
    verified: Totals = {name: {"checks": []} for name in LINE_OF_SERVICES}
    verified["billing"]["checks"] = [{"name": "ledger is zero", "ok": False, "detail": "cause X sums to 1"}]
    assert [(check.name, check.ok) for check in own_checks(verified)] == [("billing: ledger is zero", False)]


def test_the_first_account_that_differs_is_named_by_its_reference() -> None:
    billing = {"a": {"charges": 100_00, "payments": 0}, "b": {"charges": 5_00, "payments": 5_00}}
    arrears = {"a": {"charges": 100_00, "payments": 0}, "b": {"charges": 5_00, "payments": 0}}
    check = account_check(billing, arrears, {"a": "FA", "b": "FB"})
    assert (check.ok, check.detail) == (
        False, "account FB: billing has charges £5.00 and payments £5.00, arrears charges £5.00 and payments £0.00",
    )  # fmt: skip


def test_an_account_without_money_need_not_be_known_to_both() -> None:
    assert account_check({"a": {"charges": 0, "payments": 0}}, {}, {}).ok


def test_money_that_is_nowhere_is_told_to_the_penny() -> None:
    assert balance_check("money", {"in": 10_00, "back": -1_00}, {"accounts": 7_00, "suspense": 2_00}).ok
    lost = balance_check("money", {"in": 10_00}, {"accounts": 9_99})
    assert not lost.ok
    assert "£0.01 differs" in lost.detail
