"""Chains: corrections, cancellations, and cancellations of cancellations (contract.md 6)."""

from services.owners.domain.chains import chains_of
from services.owners.domain.changes import change_of
from shared.events.housing import OwnershipChanged
from tests.support.ownership import ASSOCIATION, a_cancellation, a_change, a_party, day
from tests.unit.owners.drawing import days, draw, owners, without


def standing(*changes: OwnershipChanged) -> dict[str, str | None]:
    """Return which change of each chain stands."""
    chains = chains_of([change_of(change) for change in changes])
    return {chain.ownership_id: chain.standing.change_id if chain.standing else None for chain in chains}


def test_a_first_change_stands() -> None:
    assert standing(a_change("A")) == {"A": "A"}


def test_a_correction_replaces_its_target_whole_and_keeps_the_ownership() -> None:
    line = draw(a_change("A", "2026-02-01"), a_change("B", "2026-02-10", corrects="A", parties=(a_party("Q"),)))
    assert days(line) == [("A", "2026-02-10", None)]
    assert owners(line) == [("Q",)]


def test_a_correction_of_a_correction_belongs_to_the_chain() -> None:
    assert standing(a_change("A"), a_change("B", corrects="A"), a_change("C", corrects="B")) == {"A": "C"}


def test_of_two_corrections_the_later_notified_stands() -> None:
    late = a_change("B", corrects="A", notified_on=day("2026-05-02"))
    early = a_change("C", corrects="A", notified_on=day("2026-05-01"))
    assert standing(a_change("A"), late, early) == {"A": "B"}


def test_of_two_corrections_notified_on_one_day_the_greater_id_stands() -> None:
    assert standing(a_change("A"), a_change("B", corrects="A"), a_change("C", corrects="A")) == {"A": "C"}


def test_a_later_notified_correction_deeper_in_another_branch_does_not_count() -> None:
    chosen = a_change("B", corrects="A", notified_on=day("2026-05-02"))
    other = a_change("C", corrects="A", notified_on=day("2026-05-01"))
    built_on_other = a_change("D", corrects="C", notified_on=day("2026-06-01"))
    assert standing(a_change("A"), chosen, other, built_on_other) == {"A": "B"}


def test_a_cancelled_correction_falls_and_what_it_corrected_holds_again() -> None:
    changes = a_change("A"), a_change("B", corrects="A"), a_cancellation("X", cancels="B")
    assert standing(*changes) == {"A": "A"}


def test_a_cancelled_correction_takes_the_corrections_built_on_it() -> None:
    changes = a_change("A"), a_change("B", corrects="A"), a_change("C", corrects="B"), a_cancellation("X", cancels="B")
    assert standing(*changes) == {"A": "A"}


def test_when_a_correction_falls_the_next_greatest_takes_its_place() -> None:
    changes = a_change("A"), a_change("B", corrects="A"), a_change("C", corrects="A"), a_cancellation("X", cancels="C")
    assert standing(*changes) == {"A": "B"}


def test_a_cancelled_first_change_takes_the_whole_chain() -> None:
    changes = a_change("A"), a_change("B", corrects="A"), a_cancellation("X", cancels="A")
    assert standing(*changes) == {"A": None}
    assert without(draw(*changes)) == {"A": "void"}


def test_a_cancelled_cancellation_does_not_count() -> None:
    changes = a_change("A"), a_cancellation("X", cancels="A"), a_cancellation("Y", cancels="X")
    assert standing(*changes) == {"A": "A"}


def test_a_cancellation_counts_again_when_what_cancelled_it_is_cancelled() -> None:
    undo = a_cancellation("X", cancels="A"), a_cancellation("Y", cancels="X"), a_cancellation("Z", cancels="Y")
    assert standing(a_change("A"), *undo) == {"A": None}


def test_one_counting_cancellation_of_two_is_enough() -> None:
    both = a_cancellation("X", cancels="A"), a_cancellation("Y", cancels="A")
    assert standing(a_change("A"), *both, a_cancellation("Z", cancels="X")) == {"A": None}


def test_a_correction_of_a_cancellation_changes_no_line() -> None:
    changes = a_change("A"), a_cancellation("X", cancels="A"), a_change("B", corrects="X")
    assert standing(*changes) == {"A": None}


def test_a_chain_of_ten_thousand_corrections_is_walked_without_recursion() -> None:
    changes = [a_change("C0"), *(a_change(f"C{n}", corrects=f"C{n - 1}") for n in range(1, 10_000))]
    assert standing(*changes) == {"C0": "C9999"}


def test_a_tower_of_cancellations_is_decided_without_recursion() -> None:
    tower = [a_cancellation("X0", cancels="A"), *(a_cancellation(f"X{n}", f"X{n - 1}") for n in range(1, 5_000))]
    assert standing(a_change("A"), *tower) == {"A": "A"}


def test_the_account_of_a_chain_exists_once_any_change_of_it_named_an_owner() -> None:
    chains = chains_of(
        [
            change_of(a_change("A", parties=(ASSOCIATION,))),
            change_of(a_change("B", corrects="A")),
            change_of(a_cancellation("X", cancels="B")),
        ]
    )
    assert chains[0].has_owner


def test_a_chain_of_the_association_alone_has_no_owner() -> None:
    assert not chains_of([change_of(a_change("A", parties=(ASSOCIATION,)))])[0].has_owner
