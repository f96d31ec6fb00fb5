"""Every interleaving of a small model's steps, breadth first: the shortest way to what must not be, or none."""

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

State = TypeVar("State", bound=Hashable)
Steps = Callable[[State], Iterable[tuple[str, State]]]


@dataclass(frozen=True)
class Explored(Generic[State]):
    """What was found: how many states there are, the way to the first wrong one, and states without a good end."""

    states: int
    wrong: str
    way: tuple[str, ...]
    stuck: int


def explore(
    start: State,
    steps: Steps[State],
    wrong: Callable[[State], str],
    done: Callable[[State], bool],
    spent: Callable[[State], bool],
) -> Explored[State]:
    """Visit every state that can be reached; stops at the first that is wrong.

    A state is stuck when no good end can be reached from it, but for those at the model's own limits (``spent``).
    """
    came_from: dict[State, tuple[State, str] | None] = {start: None}
    backwards: dict[State, list[State]] = {}
    queue = deque([start])
    while queue:
        state = queue.popleft()
        words = wrong(state)
        if words:
            return Explored(len(came_from), words, _way(came_from, state), 0)
        for name, following in steps(state):
            backwards.setdefault(following, []).append(state)
            if following not in came_from:
                came_from[following] = state, name
                queue.append(following)
    good = _leading_to(done, came_from, backwards)
    return Explored(len(came_from), "", (), sum(1 for state in came_from if state not in good and not spent(state)))


def _way(came_from: dict[State, tuple[State, str] | None], state: State) -> tuple[str, ...]:
    names: list[str] = []
    while (step := came_from[state]) is not None:
        state, name = step
        names.append(name)
    return tuple(reversed(names))


def _leading_to(
    done: Callable[[State], bool], states: Iterable[State], backwards: dict[State, list[State]]
) -> set[State]:
    """Return the states from which a good end can still be reached."""
    good = {state for state in states if done(state)}
    queue = deque(good)
    while queue:
        for before in backwards.get(queue.popleft(), ()):
            if before not in good:
                good.add(before)
                queue.append(before)
    return good
