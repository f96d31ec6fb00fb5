"""Rule 5: the missing share over the others, by their old proportions, and back when it is paid."""

from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain import charges
from services.billing.domain.division import share_version
from services.billing.domain.redistribution import Step, Taken, others, set_of, step
from tests.unit.billing.builders import a_charge, a_set, a_unit, by_unit, day, equal_set, units_of


def test_3_12_missing_share_of_200_pounds_is_28_58_once_and_28_57_six_times() -> None:
    set_ = equal_set(8)
    units = units_of(*(a_unit(f"U{number}") for number in range(1, 9)))
    roof = a_charge(net=1_600_00, share_set_id="S1")
    assert by_unit(charges.target(roof, (), set_, units)) == [200_00] * 8
    carriers = share_version("R5", day("2020-01-01"), is_complete=True, members=others(set_, "U3"))
    assert carriers.is_complete
    parts = charges.target(a_charge("R5:1", 200_00, share_set_id="R5"), (), carriers, units)
    assert "U3" not in {part.unit_id for part in parts}
    assert sorted(by_unit(parts)) == [28_57] * 6 + [28_58]


def test_the_others_keep_their_proportions() -> None:
    set_ = a_set(("U1", 3, 27), ("U2", 3, 27), ("U3", 4, 27), ("U4", 17, 27))
    assert others(set_, "U4") == (("U1", 3, 10), ("U2", 3, 10), ("U3", 4, 10))


def test_what_stands_is_charged_once_and_what_is_paid_goes_back_from_the_newest() -> None:
    assert step(200, []) == Step(200, ())
    assert step(200, [("A", 150)]) == Step(50, ())
    assert step(200, [("A", 150), ("B", 50)]) == Step(0, ())
    assert step(120, [("A", 150), ("B", 50)]) == Step(0, (Taken("B", 50), Taken("A", 30)))
    assert step(0, [("A", 0), ("B", 50)]) == Step(0, (Taken("B", 50),))


@given(stood=st.lists(st.integers(0, 500), max_size=12))
def test_whatever_stands_in_turn_the_others_carry_exactly_that(stood: list[int]) -> None:
    carried: dict[str, int] = {}
    for standing in stood:
        found = step(standing, list(carried.items()))
        if found.charge_pence:
            carried[f"C{len(carried)}"] = found.charge_pence
        for taken in found.back:
            carried[taken.charge_id] -= taken.pence
        assert min(carried.values(), default=0) >= 0
        assert sum(carried.values()) == standing


def test_names_are_ids_and_differ() -> None:
    names = {set_of(f"WO-{number}/{'C' * 60}") for number in range(100)}
    assert (len(names), {len(name) for name in names}) == (100, {19})
