"""Which ownership changes are let in: refused by a rule, waiting for what they name, said before, or accepted.

Source: contract.md section 6, "Ownership line of a unit", and section 4.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.events.housing import OwnershipChanged


class Rule(StrEnum):
    """Why a change is refused."""

    NAMES_ITSELF = "names-itself"
    OTHER_UNIT = "other-unit"
    CORRECTS_AND_CANCELS = "corrects-and-cancels"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that asks to be let in; ``sha`` is the identity of its content."""

    data: OwnershipChanged
    sha: bytes

    @property
    def target(self) -> str | None:
        """The change it corrects or cancels."""
        return self.data.corrects or self.data.cancels


@dataclass(frozen=True, slots=True)
class KnownChange:
    """A change let in before: whose it is, and its content's identity."""

    unit_id: str
    sha: bytes


@dataclass(frozen=True, slots=True)
class Accepted:
    """The change becomes part of its unit's history."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """The change is known; ``is_conflict``: with other content, and the first one stands."""

    is_conflict: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule says no."""

    rule: Rule
    detail: str
    field: str


@dataclass(frozen=True, slots=True)
class Waits:
    """Something the change names is not known yet: ``unit:ID`` or ``change:ID``."""

    needs: str


Answer = Accepted | Repeated | Refused | Waits


def admit(
    proposals: Sequence[Proposal], units: Collection[str], known: Mapping[str, KnownChange]
) -> tuple[Answer, ...]:
    """Answer each proposal; one that waits for another of the same batch is asked again as soon as that is accepted.

    ``units`` are those registered, ``known`` the changes let in before; both need to hold no more than what the
    proposals name.
    """
    history = dict(known)
    answers: dict[int, Answer] = {}
    waiting: defaultdict[str, list[int]] = defaultdict(list)
    queue = deque(range(len(proposals)))
    while queue:
        number = queue.popleft()
        proposal = proposals[number]
        answer = answers[number] = _answer(proposal, units, history)
        if isinstance(answer, Accepted):
            history[proposal.data.change_id] = KnownChange(proposal.data.unit_id, proposal.sha)
            queue.extendleft(reversed(waiting.pop(f"change:{proposal.data.change_id}", [])))
        elif isinstance(answer, Waits):
            waiting[answer.needs].append(number)
    return tuple(answers[number] for number in range(len(proposals)))


def _answer(proposal: Proposal, units: Collection[str], history: Mapping[str, KnownChange]) -> Answer:
    """Judge one proposal.  Its own unit is asked for first, so that what becomes of it never depends on the order."""
    data = proposal.data
    before = history.get(data.change_id)
    if before is not None:
        return Repeated(is_conflict=before.sha != proposal.sha)
    contradiction = _contradiction(data)
    if contradiction is not None:
        return contradiction
    if data.unit_id not in units:
        return Waits(f"unit:{data.unit_id}")
    return Accepted() if proposal.target is None else _answer_by_target(data, proposal.target, history)


def _contradiction(data: OwnershipChanged) -> Refused | None:
    """Return why the change cannot be meant as it stands, whatever else is known."""
    if data.corrects is not None and data.cancels is not None:
        return Refused(Rule.CORRECTS_AND_CANCELS, "a change either corrects another or cancels one", "cancels")
    if data.change_id in (data.corrects, data.cancels):
        return Refused(Rule.NAMES_ITSELF, "a change cannot correct or cancel itself", _field(data))
    return None


def _answer_by_target(data: OwnershipChanged, target: str, history: Mapping[str, KnownChange]) -> Answer:
    """Ask for the target of a correction or cancellation; only a change of the same unit will do."""
    if target not in history:
        return Waits(f"change:{target}")
    if history[target].unit_id != data.unit_id:
        return Refused(Rule.OTHER_UNIT, "the change it names is another unit's", _field(data))
    return Accepted()


def _field(data: OwnershipChanged) -> str:
    return "cancels" if data.cancels is not None else "corrects"
