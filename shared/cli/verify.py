"""`closebook verify`: the conservation of money across all four databases, to the penny."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import typer

from shared.checks import Check
from shared.cli import output
from shared.cli.api import Api, reading
from shared.cli.errors import CliError, ExitCode
from shared.cli.options import DataDir, JsonFlag
from shared.cli.proof import (
    account_check,
    audit_checks,
    balance_check,
    delivery_checks,
    own_checks,
    version_checks,
)
from shared.cli.settle import wait_until_settled
from shared.cli.standing import NOT_READY, PATIENT_S, statuses
from shared.events.topics import CHARGE_RAISED, LINE_OF_SERVICES, PAYMENT_RECEIVED, PAYMENT_REVERSED

_SETTLE_S = 30.0
# Books can only be compared when nothing is on its way between them.

_ASIDE = {"dup": "repeated", "held": "held", "dead": "dead letters", "ignored": "ignored"}


def verify(*, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """Prove that no penny is lost between the four services; names the first account, topic or sum that differs."""
    api = reading(data)
    _require_all(api)
    output.say("The four services prove their books: seconds for a small ledger, minutes for a large one.")
    checks = prove(api)
    ok = all(check.ok for check in checks)
    if as_json:
        output.write_json({"ok": ok, "checks": [check.as_json() for check in checks]})
    else:
        output.show(as_table(checks))
        output.tell("Every check holds." if ok else "Something differs: see the checks that say NO.")
        for check in checks:
            if not check.ok:
                output.say(f"{check.name}: {check.page} says what to do.")
    if not ok:
        raise typer.Exit(ExitCode.NEGATIVE)


def _require_all(api: Api) -> None:
    """Refuse to begin what takes minutes while a service does not answer a question of seconds."""
    away = [service for service in statuses(api) if service.away]
    if away:
        raise CliError(f"Nothing can be proved: {away[0].away}", f"{NOT_READY} says what to do.", ExitCode.AWAY)


def prove(api: Api, settle_s: float = _SETTLE_S) -> list[Check]:
    """Ask the four services for their proofs and lay them side by side."""
    moving = wait_until_settled(api, settle_s)
    verified, totals = _ask_all(api, "/verify"), _ask_all(api, "/bus/totals")
    return [
        Check("nothing is on its way", not moving.words, moving.in_words(), "lag-growing"),
        *own_checks(verified),
        *money_checks(verified["billing"], totals["billing"], api.get("billing", "/summary")),
        _accounts(api, verified),
        *delivery_checks(totals),
        *version_checks(totals),
        *audit_checks(totals),
        _totals_agree(api),
    ]


def _ask_all(api: Api, path: str) -> dict[str, Any]:
    """Ask all four services the same, at the same time."""
    with ThreadPoolExecutor(len(LINE_OF_SERVICES)) as pool:
        return dict(zip(LINE_OF_SERVICES, pool.map(lambda name: api.get(name, path), LINE_OF_SERVICES), strict=True))


def _accounts(api: Api, verified: Mapping[str, Any]) -> Check:
    billing, arrears = verified["billing"].get("sums", {}), verified["arrears"].get("sums", {})
    check = account_check(billing, arrears, {})
    if check.ok:
        return check
    references = {account["account_id"]: account["account_ref"] for account in api.get("billing", "/accounts")}
    return account_check(billing, arrears, references)


def money_checks(verified: Mapping[str, Any], totals: Mapping[str, Any], summary: Mapping[str, int]) -> list[Check]:
    """Return whether all that the housing system said of money is on an account, in suspense, or put aside."""
    heard, credited = totals["heard"], int(verified["taken_in"]["credits_pence"])
    refunded = {"refunds": -pence} if (pence := int(verified["taken_in"].get("refunds_pence", 0))) else {}
    charges = balance_check(
        "every charge and credit is on an account, in suspense or put aside",
        {"charges": _pence(heard, CHARGE_RAISED.topic), **_raised_here(verified["taken_in"]), "credits": -credited},
        {
            "accounts": summary["billed_pence"],
            "suspense": summary["suspense_charges_pence"],
            **_put_aside(heard, CHARGE_RAISED.topic, 1),
        },
    )
    receipts = balance_check(
        "every receipt and reversal is on an account, in suspense or put aside",
        {
            "receipts": _pence(heard, PAYMENT_RECEIVED.topic),
            "reversals": -_pence(heard, PAYMENT_REVERSED.topic),
            **refunded,
        },
        {
            "accounts": summary["collected_pence"],
            "suspense": summary["suspense_payments_pence"],
            **_put_aside(heard, PAYMENT_RECEIVED.topic, 1),
            **_put_aside(heard, PAYMENT_REVERSED.topic, -1, " (reversals)"),
        },
    )
    return [charges, receipts]


def _raised_here(taken_in: Mapping[str, Any]) -> dict[str, int]:
    """Return what billing's own days raised, if anything."""
    pence = int(taken_in.get("raised_here_pence", 0))
    return {"raised here": pence} if pence else {}


def _pence(heard: Mapping[str, Any], topic: str) -> int:
    return int((heard.get(topic) or {}).get("amount_pence", 0))


def _put_aside(heard: Mapping[str, Any], topic: str, sign: int, suffix: str = "") -> dict[str, int]:
    """Return the pence of events that were taken in but not applied, by what became of them."""
    fates = (heard.get(topic) or {}).get("dispositions") or {}
    return {
        name + suffix: sign * int(fates[fate]["amount_pence"])
        for fate, name in _ASIDE.items()
        if fate in fates and fates[fate]["amount_pence"]
    }


def _totals_agree(api: Api) -> Check:
    """Return whether no service's days stand still over a control total; one that does not say is not believed."""
    said = [(one.name, one.away or one.totals_difference) for one in statuses(api, PATIENT_S)]
    differences = [f"{name}: {words}" for name, words in said if words]
    return Check("control totals agree", not differences, "; ".join(differences), "day-totals-differ")


def as_table(checks: list[Check]) -> Any:
    """Return the checks as a table."""
    rows = [("yes" if check.ok else "NO", check.name, check.detail) for check in checks]
    return output.table("Proof", ("holds", "what", "detail"), rows)
