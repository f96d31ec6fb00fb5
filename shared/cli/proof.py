"""The proof's arithmetic: what the services say about themselves, laid side by side; no question is asked here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
        Check(
            f"{service}: the audit is as it was written",
            found["audit"]["ok"],
            _audit_in_words(found["audit"]),
            "audit-chain-broken",
        )
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


@dataclass(frozen=True, slots=True)
class _Tally:
    """Events of a topic: how many, their pence, and the digest over their names."""

    events: int
    pence: int
    digest: int

    @classmethod
    def of(cls, topics: Json | None, topic: str) -> "_Tally":
        """Return the tally of one topic; nothing was counted: none."""
        found = (topics or {}).get(topic) or {}
        events, digest = int(found.get("events", 0)), str(found.get("digest", ""))
        return cls(events, int(found.get("amount_pence", 0)), int(digest or "0", 16) if events else 0)


@dataclass(frozen=True, slots=True)
class _Topic:
    """What one service said on a topic, and what became of it in another.

    ``aside``: foreign events that two people discarded; ``accepted``: what they accepted to be missing (below 0: too
    much).
    """

    owner: str
    hearer: str
    topic: str
    said: _Tally
    heard: _Tally
    aside: _Tally
    accepted: _Tally

    @classmethod
    def of(cls, owner: str, hearer: str, topic: str, totals: Mapping[str, Json]) -> "_Topic":
        """Return what two services tell of a topic."""
        there = totals[hearer]
        said = _Tally.of(totals[owner].get("said"), topic)
        parts = [_Tally.of(there.get(name), topic) for name in ("heard", "aside", "accepted")]
        return cls(owner, hearer, topic, said, *parts)

    def wrong(self) -> str:
        """Return what differs and is not explained; empty when all is accounted for."""
        lacks = self.said.events + self.aside.events - self.accepted.events - self.heard.events
        told = f"{self.topic}: {self.owner} said {self.said.events} events, {self.hearer} took in {self.heard.events}"
        again = f"; `closebook republish {self.owner} --topic {self.topic} --book DAY` says a book again"
        if lacks:
            return told + (again if lacks > 0 else "; somebody else writes on that topic")
        if self.accepted.events or self.accepted.pence:  # which ones are missing is not known: their number and pence
            pence = self.said.pence + self.aside.pence - self.accepted.pence
            return "" if self.heard.pence == pence else f"{told}, but not the same money{again}"
        same = self.heard.digest == self.said.digest ^ self.aside.digest
        return "" if same else f"{told}, but not the same ones{again}"

    def exception(self) -> str:
        """Return in words what is accounted for although it was not said and heard alike; empty: nothing is."""
        many, terms = self.accepted.events, [str(self.said.events)]
        if self.aside.events:
            terms.append(f"+ {self.aside.events} put aside")
        if many:
            terms.append(f"- {many} whose loss was accepted" if many > 0 else f"+ {-many} that were accepted")
        return f"{self.topic}: {self.heard.events} = {' '.join(terms)}" if len(terms) > 1 else ""


def _delivery(owner: str, hearer: str, channels: Iterable[Channel], totals: Mapping[str, Json]) -> Check:
    name, found = f"{hearer} heard all that {owner} said, once", []
    for channel in channels:
        one = _Topic.of(owner, hearer, channel.topic, totals)
        if one.wrong():
            return Check(name, False, one.wrong(), "day-totals-differ")
        found.append(one)
    events = sum(one.said.events for one in found)
    return Check(name, True, "; ".join([f"{events} events", *filter(None, (one.exception() for one in found))]))


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
