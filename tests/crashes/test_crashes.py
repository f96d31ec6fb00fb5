"""Killed at every await and recovered, a work leaves what it leaves undisturbed (reliability.md c0 layer 2, F3)."""

import pytest

from tests.crashes.conftest import SOME, Experiments, Surveys
from tests.crashes.laboratory import NEVER, killed_twice, places_of, spread
from tests.crashes.relaying import PAGE

WORKS = ("reading", "relaying", "mailing", "announcing", "closing")
IDLE = ("wait", "sleep_unless")
"""Functions in which a part that has nothing to do waits: how often is chance."""


@pytest.mark.parametrize("work", [pytest.param("reading", marks=pytest.mark.slow), *WORKS[1:]])
async def test_a_work_killed_at_some_of_its_awaits_ends_like_one_in_peace(samples: Surveys, work: str) -> None:
    found = await samples[work]
    assert found.wrong == []
    assert len(found.killed) >= SOME - 1  # an idle part may come by there less often


@pytest.mark.slow
@pytest.mark.timeout(14_400)
@pytest.mark.parametrize("work", WORKS)
async def test_a_work_killed_at_every_await_ends_like_one_in_peace(
    surveys: Surveys, work: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = await surveys[work]
    with capsys.disabled():
        print(f"\n{work}: killed at {len(found.killed)} points, {len(places_of(found.killed))} places")  # noqa: T201 - the figure
    assert found.wrong == []
    assert {place for place in found.unseen() if not place.endswith(IDLE)} == set()


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("work", WORKS)
async def test_a_recovery_that_is_killed_too_ends_like_one_in_peace(experiments: Experiments, work: str) -> None:
    """Each point meets an early, a middle and a late one of the recovery after it."""
    twice, wrong = await killed_twice(experiments[work], 3 * SOME)
    assert wrong == []
    assert twice >= SOME


@pytest.mark.slow
@pytest.mark.parametrize(
    ("work", "broken"),
    [
        ("reading", "positions_apart"),
        ("relaying", "forgotten_before_sent"),
        ("mailing", "noted_before_sent"),
        ("announcing", "said_apart"),
        ("closing", "progress_apart"),
    ],
)
async def test_what_is_noted_apart_from_its_effect_is_found_out(
    experiments: Experiments, work: str, broken: str
) -> None:
    experiment = experiments[work]
    assert (await experiment.killed(NEVER, broken))[1] == [], "it does harm without a crash"
    for at in spread(experiment, 5 * SOME):
        _, wrong = await experiment.killed(at, broken)
        if wrong:
            return
    pytest.fail(f"{work}, {broken}: nobody noticed")


async def test_the_works_are_what_they_are_meant_to_be(experiments: Experiments) -> None:
    """Else there would be little to lose: batches with something held, dead and twice; pages, claims and slices."""
    read, closed = experiments["reading"].wanted, experiments["closing"].wanted
    counts = {name: len(read[name]) for name in ("msg.held", "msg.dead_letter", "billing.accounts", "billing.payments")}
    assert counts == {"msg.held": 1, "msg.dead_letter": 2, "billing.accounts": 6, "billing.payments": 3}
    assert len(read["events not relayed"]) > 2 * PAGE
    assert len(closed["billing.statements"]) == 6
    assert "events not relayed" not in closed
    assert len(experiments["mailing"].wanted["notify.messages"]) == 3
