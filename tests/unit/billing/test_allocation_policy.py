"""The order of allocation is dated data: a version holds for money received from its day on, and for no other."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.allocation import Receipt, Rules
from services.billing.domain.allocation_policy import AllocationOrder, Criterion
from services.billing.domain.items import Item, payment_order
from services.billing.settings import read_allocation_policies
from shared.dated import in_force
from tests.unit.billing.builders import allocate, an_item, day

OLD = an_item(120_00, "C-old", "2026-01-28")
OLD_FEE = an_item(20_00, "A-fee", "2026-01-28", is_fee=True)
NEW = an_item(95_50, "C-new", "2026-04-28")
ITEMS = (OLD, OLD_FEE, NEW)
(SHIPPED,) = read_allocation_policies()
CHARGES_FIRST = AllocationOrder("x-2", day("2026-06-01"), (Criterion.CHARGES_FIRST, Criterion.OLDEST_DUE))
RULES = Rules((SHIPPED, CHARGES_FIRST))


def paid(pence: int, on: str, payment_id: str = "P1") -> Receipt:
    return Receipt(payment_id, day(on), pence)


def test_the_shipped_order_is_the_order_of_payment() -> None:
    assert tuple(SHIPPED.sorted(ITEMS)) == (0, 1, 2)
    assert SHIPPED.effective_from == date.min


@pytest.mark.parametrize(
    ("order", "places"),
    [
        ((Criterion.NEWEST_DUE, Criterion.CHARGES_FIRST), (2, 0, 1)),
        ((Criterion.FEES_FIRST,), (1, 0, 2)),
        ((Criterion.CHARGES_FIRST, Criterion.OLDEST_DUE), (0, 2, 1)),
        ((Criterion.OLDEST_DUE, Criterion.FEES_FIRST), (1, 0, 2)),
    ],
)
def test_an_order_is_what_its_data_say(order: tuple[Criterion, ...], places: tuple[int, ...]) -> None:
    assert tuple(replace(SHIPPED, order=order).sorted(ITEMS)) == places


def test_a_version_holds_for_money_of_its_first_day_and_not_of_the_day_before() -> None:
    assert allocate(ITEMS, [paid(150_00, "2026-05-31")], rules=RULES).open_pence == (0, 0, 85_50)
    assert allocate(ITEMS, [paid(150_00, "2026-06-01")], rules=RULES).open_pence == (0, 20_00, 65_50)


def test_credit_of_money_from_before_goes_by_the_version_of_its_day() -> None:
    found = allocate([an_item(1_00, "A-fee", "2026-07-28", is_fee=True), NEW], [paid(96_00, "2026-05-31")], rules=RULES)
    assert sum(found.open_pence) == 50


def test_a_file_without_a_version_for_every_day_or_with_a_riddle_stops_the_process(tmp_path: Path) -> None:
    wrong = [("2026-01-01", '["oldest-due"]'), ("0001-01-01", '["oldest-due", "newest-due"]')]
    for number, (since, order) in enumerate(wrong):
        path = tmp_path / f"{number}.json"
        path.write_text(f'[{{"version": "x", "effective_from": "{since}", "order": {order}}}]')
        with pytest.raises(AssertionError):
            read_allocation_policies(path)


item_lists = st.lists(
    st.builds(
        lambda pence, charge, month, fee: an_item(pence, charge, f"2026-0{month}-28", is_fee=fee),
        st.integers(1, 100), st.sampled_from("ABC"), st.integers(1, 4), st.booleans(),
    ),
    max_size=6,
).map(lambda found: sorted(found, key=payment_order))  # fmt: skip
receipt_lists = st.lists(
    st.builds(
        lambda number, days, pence: Receipt(f"P{number}", date(2026, 3, 1) + timedelta(days=days), pence),
        st.integers(1, 99), st.integers(0, 100), st.integers(1, 150),
    ),
    max_size=6, unique_by=lambda receipt: receipt.payment_id,
).map(lambda found: sorted(found, key=lambda one: (one.received_on, one.payment_id)))  # fmt: skip
orders = st.builds(
    AllocationOrder, st.just("x-3"), st.integers(0, 100).map(lambda days: date(2026, 3, 1) + timedelta(days=days)),
    st.sampled_from([(Criterion.NEWEST_DUE,), (Criterion.FEES_FIRST,), (Criterion.CHARGES_FIRST,)]),
)  # fmt: skip


@given(item_lists, receipt_lists, orders)
def test_a_new_version_conserves_every_penny_and_never_touches_earlier_money(
    found: list[Item], receipts: list[Receipt], new: AllocationOrder
) -> None:
    before, after = allocate(found, receipts), allocate(found, receipts, rules=Rules((SHIPPED, new)))
    assert sum(after.open_pence) == sum(before.open_pence)
    assert after.credit_pence == before.credit_pence
    earlier = {receipt.payment_id for receipt in receipts if receipt.received_on < new.effective_from}
    assert [part for part in after.parts if part.payment_id in earlier] == [
        part for part in before.parts if part.payment_id in earlier
    ]


@given(item_lists, receipt_lists, orders)
def test_the_order_in_which_versions_stand_in_the_file_changes_nothing(
    found: list[Item], receipts: list[Receipt], new: AllocationOrder
) -> None:
    one, other = Rules((SHIPPED, new)), Rules((new, SHIPPED))
    assert allocate(found, receipts, rules=one) == allocate(found, receipts, rules=other)
    assert in_force(one.orders, new.effective_from) == new


@given(item_lists)
def test_the_order_that_items_come_in_is_what_its_words_say(found: list[Item]) -> None:
    natural = AllocationOrder("x", date.min, (Criterion.OLDEST_DUE, Criterion.CHARGES_FIRST))
    worked_out = replace(natural, order=(*natural.order, Criterion.OLDEST_DUE))
    assert list(natural.sorted(found)) == list(worked_out.sorted(found))
