"""The proof's arithmetic: what the services say about themselves, laid side by side; no question is asked here."""

from collections.abc import Iterable, Mapping
from typing import Any

from shared.checks import Check
from shared.events.topics import CHANNELS, LINE_OF_SERVICES, Channel
from shared.money import as_pounds

Json = Mapping[str, Any]


def own_checks(verified: Mapping[str, Json]) -> list[Check]:
    """Return what each service found about its own books."""
    return [
        Check(
            f"{service}: {str(found['name']).removeprefix(f'{service}: ')}",
            bool(found["ok"]),
            str(found.get("detail", "")),
        )
        for service in LINE_OF_SERVICES
        for found in verified[service].get("checks", ())
    ]


def version_checks(totals: Mapping[str, Json]) -> list[Check]:
    """Return whether each service's events carry versions without a gap."""
    return [
        Check(f"{service}: versions without a gap", bool(found["versions_ok"]), str(found.get("versions_detail") or ""))
        for service, found in totals.items()
    ]


def audit_checks(totals: Mapping[str, Json]) -> list[Check]:
    """Return whether each service's audit is as it was written."""
    return [
        Check(f"{service}: the audit is as it was written", found["audit"]["ok"], _audit_in_words(found["audit"]))
        for service, found in totals.items()
    ]


def _audit_in_words(found: Json) -> str:
    return str(found["detail"]) or f"{found['rows']} rows" + (f", head {found['head'][:16]}" if found["rows"] else "")


def delivery_checks(totals: Mapping[str, Json]) -> list[Check]:
    """Return, for each pair of services, whether one has taken in exactly what the other has said."""
    pairs = [(owner, hearer) for owner in LINE_OF_SERVICES for hearer in LINE_OF_SERVICES]
    checks = []
    for owner, hearer in pairs:
        channels = [channel for channel in CHANNELS if channel.owner == owner and hearer in channel.heard_by]
        if channels:
            checks.append(_delivery(owner, hearer, channels, totals))
    return checks


def _delivery(owner: str, hearer: str, channels: Iterable[Channel], totals: Mapping[str, Json]) -> Check:
    name, events = f"{hearer} heard all that {owner} said, once", 0
    for channel in channels:
        said = _count(totals[owner].get("said", {}), channel.topic)
        heard = _count(totals[hearer].get("heard", {}), channel.topic)
        if said != heard:
            detail = f"{channel.topic}: {owner} said {said[0]} events, {hearer} took in {heard[0]}"
            return Check(name, False, detail + ("" if said[0] != heard[0] else ", but not the same ones"))
        events += said[0]
    return Check(name, True, f"{events} events")


def _count(topics: Json, topic: str) -> tuple[int, str]:
    """Return how many events of a topic there are, and the digest over their names."""
    found = topics.get(topic) or {}
    events = int(found.get("events", 0))
    return events, str(found.get("digest", "")) if events else ""


def account_check(billing: Json, arrears: Json, references: Mapping[str, str]) -> Check:
    """Return whether billing's ledger and what arrears heard agree on every account."""
    name = "billing and arrears agree on every account"
    for account_id in sorted({*billing, *arrears}, key=lambda account_id: references.get(account_id, account_id)):
        ours, theirs = _sums(billing, account_id), _sums(arrears, account_id)
        if ours != theirs:
            reference = references.get(account_id, account_id)
            return Check(
                name, False, f"account {reference}: billing has {_in_words(ours)}, arrears {_in_words(theirs)}"
            )
    return Check(name, True, f"{len(billing)} accounts")


def _sums(found: Json, account_id: str) -> tuple[int, int]:
    sums = found.get(account_id) or {}
    return int(sums.get("charges", 0)), int(sums.get("payments", 0))


def _in_words(sums: tuple[int, int]) -> str:
    return f"charges {as_pounds(sums[0])} and payments {as_pounds(sums[1])}"


def balance_check(name: str, taken_in: Mapping[str, int], placed: Mapping[str, int]) -> Check:
    """Return whether what was taken in is what was placed; both sides are signed pence by name."""
    left, right = sum(taken_in.values()), sum(placed.values())
    detail = f"{_terms(taken_in)} = {_terms(placed)}" if left == right else (
        f"{_terms(taken_in)} make {as_pounds(left)}, {_terms(placed)} make {as_pounds(right)}: "
        f"{as_pounds(left - right)} differs"
    )  # fmt: skip
    return Check(name, left == right, detail)


def _terms(amounts: Mapping[str, int]) -> str:
    return " + ".join(f"{name} {as_pounds(pence)}" for name, pence in amounts.items())
