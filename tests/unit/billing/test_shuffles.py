"""Ten thousand orders of one year's history, one end: compensating entries lead where knowing it at once leads."""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import count, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.billing.year import Sale, a_year, known_from_the_start, learnt

SHUFFLES = int(os.environ.get("CLOSEBOOK_SHUFFLES", "10000"))
PORTION = 100


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_any_years_balances_are_those_of_knowing_it_from_the_start(year: int, order: int) -> None:
    facts = a_year(year)
    assert learnt(facts, order) == known_from_the_start(facts)


def test_the_year_that_is_shuffled_has_everything_that_can_go_wrong() -> None:
    facts = a_year()
    sales = [fact.change for fact in facts if isinstance(fact, Sale)]
    assert {"B", "C"} <= {sale.change_id.partition("-")[2][:1] for sale in sales}
    assert any(sale.change_id.endswith("-xx") for sale in sales)
    assert any(sale.change_id.endswith("2") for sale in sales)
    balances, statements = known_from_the_start(facts)
    assert {"receivable", "bank", "suspense-receipts"} <= {ledger for ledger, *_ in balances}
    assert len(statements) > 8


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_shuffle_of_the_year_ends_the_same() -> None:
    with ProcessPoolExecutor() as processes:
        checked = 0
        for wrong in processes.map(wrong_seeds, islice(count(0, PORTION), -(-SHUFFLES // PORTION))):
            assert not wrong, f"these orders end elsewhere: {wrong}"
            checked += PORTION
            sys.stderr.write(f"\r{checked} of {SHUFFLES} shuffles end the same")
            sys.stderr.flush()
    assert checked >= SHUFFLES


def wrong_seeds(first: int) -> list[int]:
    """The orders of a portion whose end is another."""
    year = a_year()
    expected = known_from_the_start(year)
    return [seed for seed in range(first, first + PORTION) if learnt(year, seed) != expected]
