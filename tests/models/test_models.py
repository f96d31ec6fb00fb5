"""The protocols of reading and relaying hold in every interleaving, and each of their guards is needed."""

import pytest

from tests.models import reading, relaying
from tests.models.exploring import Explored, explore


def _read(guards: reading.Guards) -> Explored[reading.State]:
    return explore(reading.State(), reading.steps(guards), reading.wrong, reading.done, reading.spent)


def _relay(guards: relaying.Guards) -> Explored[relaying.State]:
    return explore(
        relaying.State(),
        relaying.steps(guards),
        relaying.wrong,
        relaying.done,
        relaying.spent,
    )


def test_reading_applies_every_offset_once_in_every_interleaving() -> None:
    found = _read(reading.Guards())
    assert (found.wrong, found.way, found.stuck) == ("", (), 0)
    assert found.states > 10_000


@pytest.mark.parametrize(
    ("guards", "what"),
    [
        (reading.Guards(fence_epoch=False, fence_start=False), "an offset applied twice"),
        (reading.Guards(fence_start=False), "an offset applied twice"),
        (reading.Guards(inbox=False), "an event applied twice"),
        (reading.Guards(continuity=False), "an offset skipped"),
    ],
    ids=["no fence", "a fence without its start", "no inbox", "no continuity"],
)
def test_reading_without_a_guard_is_found_wrong(guards: reading.Guards, what: str) -> None:
    assert _read(guards).wrong == what


def test_relaying_loses_nothing_and_keeps_each_keys_order_in_every_interleaving() -> None:
    found = _relay(relaying.Guards())
    assert (found.wrong, found.way, found.stuck) == ("", (), 0)
    assert found.states > 10_000


@pytest.mark.parametrize(
    ("guards", "what"),
    [
        (relaying.Guards(mark_after_all=False), "an event forgotten that the broker does not have"),
        (relaying.Guards(in_order=False), "first arrivals of a key out of order"),
        (relaying.Guards(lowest_pending=False), "first arrivals of a key out of order"),
    ],
    ids=["forgetting before the answers", "a producer that goes on behind a lost record", "a cursor"],
)
def test_relaying_without_a_guard_is_found_wrong(guards: relaying.Guards, what: str) -> None:
    assert _relay(guards).wrong == what


def test_a_state_without_a_way_to_a_good_end_is_counted() -> None:
    ways = {0: (1, 3), 1: (2,), 2: (), 3: (3,)}
    found = explore(
        0,
        lambda state: (("go", after) for after in ways[state]),
        lambda _: "",
        lambda state: state == 2,
        lambda _: False,
    )
    assert (found.states, found.stuck) == (4, 1)
