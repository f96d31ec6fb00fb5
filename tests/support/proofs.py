"""An independent verifier of the proofs on lines: every field anew from the published facts, by the contract's words.

Fractions and SHA-256 alone; the policy is read as data.  It knows nothing of how billing divides or explains.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from itertools import groupby
from math import floor
from pathlib import Path
from typing import Any, NamedTuple

from shared.events.base import EventData
from shared.events.housing import ChargeRaised
from shared.events.owners import SharesChanged
from tests.support.verifier import Holding, Spread, Verifier

Proof = dict[str, Any]

Member = tuple[str, int, int]
"""A unit and its share as published: numerator, denominator."""

_POLICY = Path(__file__).parents[2] / "services" / "billing" / "domain" / "liability.json"


def claim(charge_id: str, pence: int, unit_id: str, members: Iterable[Member]) -> Proof:
    """A unit's part of an amount, step by step; a negative one is divided like its absolute value."""
    shares = {unit: Fraction(top, bottom) for unit, top, bottom in members}
    lots = {unit: hashlib.sha256(f"{charge_id}|{unit}".encode()).hexdigest() for unit in shares}
    exact = {unit: abs(pence) * share for unit, share in shares.items()}
    rest = {unit: value - floor(value) for unit, value in exact.items()}
    order = sorted(shares, key=lambda unit: (-rest[unit], -shares[unit], lots[unit]))
    odd = abs(pence) - sum(map(floor, exact.values()))
    sign = -1 if pence < 0 else 1
    return {
        "amount_pence": pence,
        "share": str(shares[unit_id]),
        "exact": str(sign * exact[unit_id]),
        "floor_pence": sign * floor(exact[unit_id]),
        "remainder": str(sign * rest[unit_id]),
        "rank": order.index(unit_id) + 1,
        "odd_pence": odd,
        "lot": lots[unit_id],
        "pence": sign * (floor(exact[unit_id]) + (1 if unit_id in order[:odd] else 0)),
    }


class Pool(NamedTuple):
    """A charge or a credit of it, signed as owed; ``spread``, ``taxes``: what of it, and its tax, each owner holds."""

    kind: str
    fact_id: str
    net: int
    tax: int
    takes_what_is_left: bool
    spread: Spread
    taxes: Spread


def credited(net: int, tax: int, amounts: Iterable[int | None]) -> list[tuple[int, int, bool]]:
    """Net and tax of each credit of a charge (no amount: all that is left), and whether it takes what is left."""
    gross, left_net, left_tax = net + tax, net, tax
    found = []
    for amount in amounts:
        part = left_net + left_tax if amount is None else amount
        completes = part == left_net + left_tax
        of_tax = left_tax if completes else floor(Fraction(tax * part, gross) + Fraction(1, 2))
        found.append((part - of_tax, of_tax, completes))
        left_net, left_tax = left_net - (part - of_tax), left_tax - of_tax
    return found


class ProofVerifier(Verifier):
    """What the proof of each charge and credit on an account must say; ``refs``: references by unit and ownership."""

    def __init__(self, events: Sequence[EventData], refs: Mapping[Holding, str]) -> None:
        super().__init__(events)
        self.refs = refs
        (self.policy,) = json.loads(_POLICY.read_text())
        self.pools = {
            (pool.kind, pool.fact_id): (charge, pool) for charge in self.charges for pool in self._pools(charge)
        }

    def proof(self, holding: Holding, fact: tuple[str, str]) -> Proof:
        """The proof of a charge or credit, by kind and id, on an account whose unit has part in it."""
        return self._proof(*self.pools[fact], holding)

    def _pools(self, charge: ChargeRaised) -> Iterator[Pool]:
        tax = charge.tax.tax_pence if charge.tax else 0
        net = charge.amount_pence - tax
        left = [self._spread(charge, net, tax), self._spread(charge, 0, tax)]
        yield Pool("charge", charge.charge_id, net, tax, False, *left)
        told = self.credits[charge.charge_id]
        for credit, (of_net, of_tax, completes) in zip(
            told, credited(net, tax, (one.amount_pence for one in told)), strict=True
        ):
            taken = left if completes else [self._spread(charge, net_, of_tax) for net_ in (of_net, 0)]
            left = [{one: has[one] - off.get(one, 0) for one in has} for has, off in zip(left, taken, strict=True)]
            off = [{holding: -pence for holding, pence in spread.items()} for spread in taken]
            yield Pool("credit", credit.credit_id, -of_net, -of_tax, completes, *off)

    def _proof(self, charge: ChargeRaised, pool: Pool, holding: Holding) -> Proof:
        unit_id, days = holding[0], self._days(charge)
        version = self._version(charge, days[0])
        whole = version is not None and not pool.takes_what_is_left
        members = [(one.unit_id, one.numerator, one.denominator) for one in version.members] if version else []
        claims = [claim(charge.charge_id, pence, unit_id, members) if whole else None for pence in (pool.net, pool.tax)]
        return {
            "pool": {"net_pence": pool.net, "tax_pence": pool.tax, "gross_pence": pool.net + pool.tax},
            "liability": {
                "policy": self.policy["version"], "decided_by": self._decided_by(charge), "from": str(days[0]),
                "to": str(days[-1]), "days": len(days),
            },
            "share_set": self._share_set(version, unit_id),
            "net": claims[0],
            "tax": claims[1] if pool.tax else None,
            "days": list(self._stretches(charge, unit_id, pool)),
            "takes_what_is_left": pool.takes_what_is_left,
            "stands_pence": pool.spread.get(holding, 0),
        }  # fmt: skip

    def _version(self, charge: ChargeRaised, day: date) -> SharesChanged | None:
        versions = self.shares[charge.share_set_id or ""]
        return versions[max(since for since in versions if since <= day)] if charge.share_set_id else None

    @staticmethod
    def _share_set(version: SharesChanged | None, unit_id: str) -> Proof | None:
        if version is None:
            return None
        (own,) = [one for one in version.members if one.unit_id == unit_id]
        return {
            "share_set_id": version.share_set_id, "effective_from": str(version.effective_from),
            "share": f"{own.numerator}/{own.denominator}", "units": len(version.members), "complete": True,
        }  # fmt: skip

    def _decided_by(self, charge: ChargeRaised) -> str:
        rule = self.policy["kinds"][charge.kind]
        if rule["accrues"] and charge.period is not None:
            return "period"
        return str(next(name for name in rule["owed_on"] if getattr(charge, name) is not None))

    def _stretches(self, charge: ChargeRaised, unit_id: str, pool: Pool) -> Iterator[Proof]:
        """Days in a row of one owner, or of nobody yet; pence are all that the owner has of the charge or credit."""
        held = [(day, self._owner(unit_id, day)) for day in self._days(charge)]
        for owner, run in groupby(held, key=lambda one: one[1]):
            days = [day for day, _ in run]
            yield {
                "from": str(days[0]),
                "to": str(days[-1]),
                "days": len(days),
                "account_ref": self.refs.get((unit_id, owner)),
                "waiting_for": None if owner is not None else self._missing(unit_id, days[0]),
                "holder_pence": pool.spread.get((unit_id, owner), 0),
                "holder_tax_pence": pool.taxes.get((unit_id, owner), 0),
            }

    def _missing(self, unit_id: str, day: date) -> str:
        """What days without an owner wait for: to be managed, or an owner."""
        unit = self.units[unit_id]
        managed = unit.managed_from <= day and (unit.managed_to is None or day <= unit.managed_to)
        return f"{'owner' if managed else 'managed'}:{unit_id}"


def by_fact(lines: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    """The lines of an account by the charge or credit they are of; fees are charges."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for line in lines:
        if line["kind"] in ("charge", "fee"):
            found["charge", line["charge_id"]].append(line)
        elif line["kind"] == "credit":
            found["credit", line["credit_id"]].append(line)
    return dict(found)
