"""Which changes are let in (contract.md 6 and 4)."""

from services.owners.domain.admission import (
    Accepted,
    Answer,
    KnownChange,
    Proposal,
    Refused,
    Repeated,
    Waits,
    admit,
)
from shared.events.base import content_sha
from shared.events.housing import OwnershipChanged
from tests.support.ownership import a_cancellation, a_change


def proposal(data: OwnershipChanged) -> Proposal:
    """Return the change as it asks to be let in."""
    return Proposal(data, content_sha("t", data.model_dump(mode="json", exclude_unset=True)))


def answers(*changes: OwnershipChanged, units: tuple[str, ...] = ("U1", "U2"), known: str = "") -> list[Answer]:
    """Return the answers to the changes; ``known`` are ids of changes of U1 let in before."""
    before = {change_id: KnownChange("U1", proposal(a_change(change_id)).sha) for change_id in known.split()}
    return list(admit([proposal(change) for change in changes], units, before))


def rule(answer: Answer) -> str:
    """Return the rule that refused."""
    assert isinstance(answer, Refused)
    return answer.rule


def test_a_change_of_an_unregistered_unit_is_held_for_the_unit() -> None:
    assert answers(a_change("A"), units=()) == [Waits("unit:U1")]


def test_a_correction_is_held_until_its_target_is_known() -> None:
    assert answers(a_change("B", corrects="A")) == [Waits("change:A")]


def test_a_cancellation_is_held_until_its_target_is_known() -> None:
    assert answers(a_cancellation("X", cancels="A")) == [Waits("change:A")]


def test_a_correction_of_a_known_change_is_accepted() -> None:
    assert answers(a_change("B", corrects="A"), known="A") == [Accepted()]


def test_a_correction_ahead_of_its_target_in_one_batch_is_accepted() -> None:
    assert answers(a_change("C", corrects="B"), a_change("B", corrects="A"), a_change("A")) == [Accepted()] * 3


def test_a_change_that_names_itself_is_refused() -> None:
    answer = answers(a_change("A", corrects="A"))[0]
    assert rule(answer) == "names-itself"


def test_a_cancellation_that_names_itself_is_refused() -> None:
    assert rule(answers(a_cancellation("X", cancels="X"))[0]) == "names-itself"


def test_a_change_that_names_another_units_change_is_refused() -> None:
    assert rule(answers(a_change("B", corrects="A", unit_id="U2"), known="A")[0]) == "other-unit"


def test_a_change_that_names_another_units_change_waits_for_its_own_unit_first() -> None:
    answer = answers(a_change("B", corrects="A", unit_id="U2"), units=("U1",), known="A")
    assert answer == [Waits("unit:U2")]


def test_a_change_that_corrects_and_cancels_is_refused() -> None:
    assert rule(answers(a_change("B", corrects="A", cancels="A"), known="A")[0]) == "corrects-and-cancels"


def test_a_change_said_again_is_a_repetition() -> None:
    assert answers(a_change("A"), known="A") == [Repeated(is_conflict=False)]


def test_a_change_said_again_in_one_batch_is_a_repetition() -> None:
    assert answers(a_change("A"), a_change("A")) == [Accepted(), Repeated(is_conflict=False)]


def test_a_change_id_with_other_content_is_a_conflict_and_the_first_stands() -> None:
    assert answers(a_change("A", "2026-05-05"), known="A") == [Repeated(is_conflict=True)]


def test_a_refused_change_does_not_use_up_its_id() -> None:
    refused, accepted = answers(a_change("A", corrects="A"), a_change("A"))
    assert isinstance(refused, Refused)
    assert accepted == Accepted()
