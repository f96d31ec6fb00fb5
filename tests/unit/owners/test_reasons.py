"""Why a line is what it is, in words (the answer to ``GET /units/{unit_id}/line``)."""

from services.owners.domain.changes import change_of
from services.owners.domain.line import UnitFacts
from services.owners.domain.reasons import Reasons, reasons_of
from shared.events.housing import OwnershipChanged
from tests.support.ownership import ASSOCIATION, a_cancellation, a_change, day
from tests.unit.owners.drawing import OWNED


def explained(*changes: OwnershipChanged, unit: UnitFacts = OWNED) -> Reasons:
    """Return the reasons of a unit with these changes."""
    return reasons_of(unit, [change_of(change) for change in changes])


def outcomes(reasons: Reasons) -> dict[str, str]:
    """Return what became of every change."""
    told = [*(one for chain in reasons.chains for one in chain.told), *reasons.beside]
    return {one.change_id: one.outcome for one in told}


def test_a_change_that_stands_gives_the_day_its_period_begins() -> None:
    (chain,) = explained(a_change("A", "2026-02-01")).chains
    assert (chain.standing, chain.reason, chain.without_period) == ("A", "its days begin on 2026-02-01", None)


def test_days_of_the_association_are_told_as_such() -> None:
    (chain,) = explained(a_change("A", "2026-02-01", parties=(ASSOCIATION,))).chains
    assert chain.reason == "the association's days begin on 2026-02-01"


def test_every_change_of_a_chain_says_what_became_of_it() -> None:
    changes = (
        a_change("A"),
        a_change("B", corrects="A", notified_on=day("2026-05-02")),
        a_change("C", corrects="A", notified_on=day("2026-05-01")),
        a_change("D", corrects="C"),
        a_change("E", corrects="B"),
        a_change("F", corrects="E"),
        a_cancellation("X", cancels="E"),
    )
    assert outcomes(explained(*changes)) == {
        "A": "replaced by B",
        "B": "stands",
        "C": "gives way to B",
        "D": "built on C, which does not stand",
        "E": "cancelled by X",
        "F": "built on E, which does not stand",
        "X": "cancels E",
    }


def test_a_cancelled_cancellation_is_told_as_undone() -> None:
    told = outcomes(explained(a_change("A"), a_cancellation("X", cancels="A"), a_cancellation("Y", cancels="X")))
    assert (told["A"], told["X"], told["Y"]) == ("stands", "undone by Y", "cancels X")


def test_a_correction_of_a_cancellation_is_told_to_have_no_effect() -> None:
    told = outcomes(explained(a_change("A"), a_cancellation("X", cancels="A"), a_change("B", corrects="X")))
    assert told["B"] == "no effect: X is no change of owner"


def test_a_void_chain_of_several_changes_names_the_cancellation() -> None:
    reasons = explained(a_change("A"), a_change("B", corrects="A"), a_cancellation("X", cancels="A"))
    assert reasons.chains[0].reason == "void: its first change was cancelled by X"
    assert outcomes(reasons)["B"] == "built on A, which does not stand"
