"""Whatever order changes arrive in, and however they are batched, the line is the same (contract.md 1 and 6)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.owners.domain.admission import Accepted, KnownChange, Proposal, Refused, Waits, admit
from services.owners.domain.changes import change_of
from services.owners.domain.line import Line, UnitFacts, line_of
from shared.events.base import content_sha
from shared.events.housing import OwnershipChanged, Tenure
from tests.support.ownership import ASSOCIATION, a_cancellation, a_change, a_party
from tests.unit.owners.plain_line import PlainLine

ORIGIN = date(2026, 1, 1)


@dataclass
class Registry:
    """The owners service in memory: lets changes in as they arrive and keeps what waits."""

    units: set[str] = field(default_factory=set)
    known: dict[str, KnownChange] = field(default_factory=dict)
    changes: dict[str, OwnershipChanged] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    held: defaultdict[str, list[OwnershipChanged]] = field(default_factory=lambda: defaultdict(list))

    def hear(self, batch: list[OwnershipChanged]) -> None:
        """Let a batch in, and what waited for it."""
        proposals = [Proposal(one, content_sha("t", one.model_dump(mode="json"))) for one in batch]
        for proposal, answer in zip(proposals, admit(proposals, self.units, self.known), strict=True):
            change_id = proposal.data.change_id
            if isinstance(answer, Waits):
                self.held[answer.needs].append(proposal.data)
            elif isinstance(answer, Refused):
                self.refused.add(change_id)
            elif isinstance(answer, Accepted):
                self.changes[change_id] = proposal.data
                self.known[change_id] = KnownChange(proposal.data.unit_id, proposal.sha)
        for one in batch:
            if one.change_id in self.changes and (released := self.held.pop(f"change:{one.change_id}", [])):
                self.hear(released)

    def register(self, unit_id: str) -> None:
        """Make a unit known, and let in what waited for it."""
        self.units.add(unit_id)
        self.hear(self.held.pop(f"unit:{unit_id}", []))

    def line(self, unit: UnitFacts, unit_id: str = "U1") -> Line:
        """Draw a unit's line."""
        return line_of(unit, [change_of(one) for one in self.changes.values() if one.unit_id == unit_id])

    def waiting(self) -> set[str]:
        """Return the changes that still wait."""
        return {one.change_id for each in self.held.values() for one in each}


@st.composite
def histories(draw: st.DrawFn) -> list[OwnershipChanged]:
    """Return changes, corrections and cancellations of two units, few days apart so that they collide."""
    count = draw(st.integers(1, 12))
    ids = draw(st.permutations([f"C{n:02}" for n in range(count)]))
    days = st.integers(0, 5).map(lambda n: ORIGIN + timedelta(days=n))
    changes: list[OwnershipChanged] = []
    for number, change_id in enumerate(ids):
        kind = draw(st.sampled_from(["first", "corrects", "cancels", "cancels"])) if number else "first"
        unit_id = draw(st.sampled_from(["U1"] * 7 + ["U2"]))
        notified_on = draw(days)
        target = draw(st.sampled_from([*ids[:number], "missing"] if number > 3 else [*ids[:number], ids[0]]))
        if kind == "cancels":
            changes.append(a_cancellation(change_id, target, notified_on.isoformat(), unit_id))
            continue
        parties = draw(st.sampled_from([(ASSOCIATION,), (a_party("P"),), (a_party("Q"), ASSOCIATION)]))
        corrects = target if kind == "corrects" else None
        entry = draw(days).isoformat()
        facts = {"notified_on": notified_on, "corrects": corrects, "parties": parties, "unit_id": unit_id}
        changes.append(a_change(change_id, entry, **facts))
    return changes


units = st.builds(
    UnitFacts,
    st.sampled_from(Tenure),
    st.sampled_from([ORIGIN - timedelta(days=9), ORIGIN + timedelta(days=2)]),
    st.sampled_from([None, ORIGIN + timedelta(days=3)]),
)


def arrive(changes: list[OwnershipChanged], random: Random) -> Registry:
    """Let the changes arrive in any order and in batches of any size, the units' registrations anywhere between."""
    order: list[OwnershipChanged | str] = [*changes, "U1", "U2"]
    random.shuffle(order)
    registry, batch = Registry(), list[OwnershipChanged]()
    for one in order:
        if isinstance(one, str):
            registry.register(one)
        else:
            batch.append(one)
        if random.random() < 0.4:
            registry.hear(batch)
            batch = []
    registry.hear(batch)
    return registry


@settings(max_examples=300)
@given(histories(), units, st.randoms(use_true_random=False))
def test_the_order_of_arrival_never_matters(changes: list[OwnershipChanged], unit: UnitFacts, random: Random) -> None:
    once, again = arrive(changes, random), arrive(changes, random)
    assert once.line(unit) == again.line(unit)
    assert once.line(unit, "U2") == again.line(unit, "U2")
    assert (once.refused, once.waiting()) == (again.refused, again.waiting())


@settings(max_examples=300)
@given(histories(), units, st.randoms(use_true_random=False))
def test_the_line_is_what_the_rules_plainly_say(
    changes: list[OwnershipChanged], unit: UnitFacts, random: Random
) -> None:
    registry = arrive(changes, random)
    line = registry.line(unit)
    plain = PlainLine(unit, [one for one in registry.changes.values() if one.unit_id == "U1"])
    assert [(one.ownership_id, one.from_, one.to, one.internal) for one in line.periods] == plain.periods()
    assert [one.ownership_id for one in line.without_period] == plain.accounts_without_days()


@settings(max_examples=200)
@given(histories(), units, st.randoms(use_true_random=False))
def test_an_account_that_exists_never_disappears(
    changes: list[OwnershipChanged], unit: UnitFacts, random: Random
) -> None:
    registry, accounts = Registry({"U1", "U2"}), set[str]()
    random.shuffle(changes)
    for change in changes:
        registry.hear([change])
        line = registry.line(unit)
        now = {one.ownership_id for one in line.periods if not one.internal and one.ownership_id}
        now |= {one.ownership_id for one in line.without_period}
        assert accounts <= now
        accounts = now
