"""Each check of the proof holds when it should, and names what differs when it does not."""

from typing import Any

from shared.cli.proof import account_check, balance_check, delivery_checks, own_checks, version_checks
from shared.events.topics import LINE_OF_SERVICES

Totals = dict[str, dict[str, Any]]


def totals(said: int = 3, heard: int = 3, digest: str = "ab") -> Totals:
    """Return totals in which billing said charges and arrears heard them."""
    silent: Totals = {name: {"said": {}, "heard": {}, "versions_ok": True} for name in LINE_OF_SERVICES}
    silent["billing"]["said"]["billing.charge-raised"] = {"events": said, "digest": "ab"}
    silent["arrears"]["heard"]["billing.charge-raised"] = {"events": heard, "digest": digest}
    return silent


def failing(found: Totals) -> list[str]:
    return [f"{check.name}: {check.detail}" for check in delivery_checks(found) if not check.ok]


def test_everything_heard_once_holds() -> None:
    assert failing(totals()) == []


def test_a_lost_event_names_topic_and_both_sides() -> None:
    assert failing(totals(heard=2)) == [
        "arrears heard all that billing said, once: billing.charge-raised: billing said 3 events, arrears took in 2"
    ]


def test_another_event_in_the_place_of_a_lost_one_is_found() -> None:
    assert "but not the same ones" in failing(totals(digest="cd"))[0]


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
