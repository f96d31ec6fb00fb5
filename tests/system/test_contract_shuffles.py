"""contract.md 1, what order can and cannot change: the whole diary told in other orders."""

from collections import Counter
from typing import Any

import pytest

from tests.system.diary import Told

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # the first test of a run waits until the whole diary is told

TOLD_IN_FULL = ("OW-", "AL-", "ST-", "RC-later", "RC-moved", "RC-new", "RC-void", "LD-bounce")
"""Units whose accounts are compared line by line; of all others the figures."""


def without_causes(account: dict[str, Any]) -> dict[str, Any]:
    """An account without what names the event of each line; rows in an order of their own."""
    lines = [{name: value for name, value in line.items() if name != "cause"} for line in account["lines"]]
    return {**account, "lines": sorted(lines, key=str)}


def by_fact(account: dict[str, Any]) -> Counter[tuple[str | None, str | None]]:
    sums: Counter[tuple[str | None, str | None]] = Counter()
    for line in account["lines"]:
        sums[line.get("charge_id"), line.get("payment_id")] += line["amount_pence"]
    return Counter({fact: pence for fact, pence in sums.items() if pence})


async def test_another_order_within_the_books_changes_nothing_at_all(told: Told, shuffled_told: Told) -> None:
    assert await shuffled_told.accounts() == await told.accounts()
    for unit_id, ownership in await told.accounts():
        if unit_id.startswith(TOLD_IN_FULL):
            ours, theirs = await told.account(unit_id, ownership), await shuffled_told.account(unit_id, ownership)
            assert without_causes(theirs) == without_causes(ours)


async def test_another_order_within_the_books_leaves_stages_and_letters(told: Told, shuffled_told: Told) -> None:
    assert by_ref(await shuffled_told.ask("arrears")) == by_ref(await told.ask("arrears"))
    names = ("account_ref", "template", "channel", "state", "created_on")
    letters = [
        sorted(tuple(one[name] for name in names) for one in await stack.ask("letters"))
        for stack in (told, shuffled_told)
    ]
    assert letters[0] == letters[1]
    assert len(letters[0]) > 200


def by_ref(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["account_ref"]: one for one in found}


async def test_suspense_and_the_books_are_the_same_in_any_order(told: Told, shuffled_told: Told, at_once: Told) -> None:
    suspense, books = await told.ask("suspense"), await told.ask("trial-balance")
    for other in (shuffled_told, at_once):
        found = await other.ask("suspense")
        assert {name: sorted(map(str, rows)) for name, rows in found.items() if isinstance(rows, list)} == {
            name: sorted(map(str, rows)) for name, rows in suspense.items() if isinstance(rows, list)
        }
        assert (found["payments_pence"], found["charges_pence"]) == (
            suspense["payments_pence"], suspense["charges_pence"],
        )  # fmt: skip
        assert (await other.ask("trial-balance"))["rows"] == books["rows"]


async def test_known_all_at_once_every_balance_is_the_same(told: Told, at_once: Told) -> None:
    ours, theirs = await told.accounts(), await at_once.accounts()
    assert theirs.keys() == ours.keys()
    for name, account in ours.items():
        same = ("account_ref", "account_id", "from", "to", "party_ids", "internal", "void", "balance_pence")
        assert [theirs[name].get(field) for field in same] == [account.get(field) for field in same], name
    for unit_id, ownership in ours:
        if unit_id.startswith(TOLD_IN_FULL):
            one, other = await told.account(unit_id, ownership), await at_once.account(unit_id, ownership)
            assert by_fact(one) == by_fact(other)


async def test_every_telling_proves_itself(told: Told, shuffled_told: Told, at_once: Told) -> None:
    for stack in (told, shuffled_told, at_once):
        proof = await stack.ask("verify")
        assert proof["ok"], [check for check in proof["checks"] if not check["ok"]]
        assert await stack.ask("dead-letters", "list") == []
