"""contract.md 6, receipts, reversals, allocation and ageing: each penny worked out by hand."""

import json

import pytest

from tests.system.diary import Told, ref_of

pytestmark = pytest.mark.timeout(900)  # the first test of a run waits until the whole diary is told

MATCHED = {
    ("RC-ref", "RC-ref.o"): 101,
    ("RC-space", "RC-space.o"): 102,
    ("RC-text", "RC-text.o"): 103,
    ("RC-number", "RC-number.o"): 104,
    ("RC-twice", "RC-twice.o"): 105,
    ("RC-one", "RC-one.o"): 0,
    ("RC-two", "RC-two.o"): 0,
    ("RC-three", "RC-three.o"): 107,
    ("RC-strong", "RC-strong.o"): 108 + 109,
    ("RC-weak", "RC-weak.o"): 0,
    ("RC-wrong", "RC-wrong.o"): 110 + 111,
    ("RC-sold", "sold.a"): 120 + 140,
    ("RC-sold", "sold.b"): 130,
    ("RC-ha", None): 150,
    ("RC-left", "RC-left.o"): 165,
    ("RC-gap", "gap-rc.a"): 0,
    ("RC-later", "later.a"): 0,
    ("RC-later", "later.b"): 180,
    ("RC-new", "RC-new.o"): 190 + 195,
    ("RC-moved", "moved-rc.a"): 210,
    ("RC-moved", "moved-rc.b"): 200 - 60,
    ("RC-void", "void.a"): 230,
    ("RC-void", "void.b"): 220 + 240,
}
"""What each account was paid in the end."""


@pytest.mark.parametrize("account", MATCHED, ids=lambda account: "/".join(map(str, account)))
async def test_the_strongest_reference_says_whose_money_it_is(told: Told, account: tuple[str, str | None]) -> None:
    assert (await told.accounts())[account]["balance_pence"] == -MATCHED[account]


async def test_what_nothing_names_waits_in_suspense(told: Told) -> None:
    found = (await told.ask("suspense"))["payments"]
    assert [one for one in found if one["payment_id"].startswith("RC-")] == [
        {"payment_id": "RC-P-nobody", "amount_pence": 112, "received_on": "2026-01-15"},
        {"payment_id": "RC-P-two", "amount_pence": 106, "received_on": "2026-01-15"},
        {"payment_id": "RC-P-left", "amount_pence": 160, "received_on": "2026-02-01"},
        {"payment_id": "RC-P-gap", "amount_pence": 170, "received_on": "2026-02-09"},
    ]


async def test_money_moves_with_its_value_date_when_a_stronger_reference_becomes_known(told: Told) -> None:
    assert (await told.on("2026-04-09", "RC-later", "later.a"))["balance_pence"] == -180
    left, found = await told.account("RC-later", "later.a"), await told.account("RC-later", "later.b")
    assert [(one["kind"], one["amount_pence"], one["value_on"]) for one in left["lines"]] == [
        ("payment", -180, "2026-01-15"),
        ("payment", 180, "2026-01-15"),
    ]
    assert [(one["payment_id"], one["amount_pence"], one["value_on"]) for one in found["lines"]] == [
        ("RC-P-later", -180, "2026-01-15")
    ]


async def test_money_in_suspense_is_matched_later_with_its_value_date(told: Told) -> None:
    account = await told.account("RC-new")
    assert [(one["payment_id"], one["value_on"]) for one in account["lines"]] == [
        ("RC-P-new-unit", "2026-01-15"),
        ("RC-P-unknown", "2026-01-15"),
    ]


async def test_a_sale_learnt_late_takes_the_units_money_along_and_not_the_accounts(told: Told) -> None:
    assert (await told.on("2026-04-09", "RC-moved", "moved-rc.a"))["balance_pence"] == -200 + 60 - 210
    buyer = await told.account("RC-moved", "moved-rc.b")
    assert [(one["kind"], one["payment_id"], one["amount_pence"], one["value_on"]) for one in buyer["lines"]] == [
        ("payment", "RC-P-moved", -200, "2026-02-20"),
        ("reversal", "RC-P-moved", 60, "2026-02-25"),
    ]


async def test_money_for_an_account_that_no_longer_stands_stays_there(told: Told) -> None:
    account = await told.account("RC-void", "void.b")
    assert account["void"]
    assert [(one["payment_id"], one["amount_pence"]) for one in account["lines"]] == [
        ("RC-P-void", -220),
        ("RC-P-void-unit", -230),
        ("RC-P-void-unit", 230),
        ("RC-P-void-late", -240),
    ]


# Allocation and ageing.

COLUMNS = ("current", "d1_30", "d31_60", "d61_90", "d91_120", "over_120", "credit", "not_yet_billed")


async def test_ageing_by_days_past_the_due_day(told: Told) -> None:
    account = await told.on("2026-03-31", "AL-age")
    ages = account["ageing"]
    assert tuple(ages[name] for name in COLUMNS) == (100, 200 + 400, 800, 1600, 3200, 6400, 0, 12800)
    assert account["balance_pence"] == 25500
    assert (account["due_pence"], account["overdue_pence"]) == (12700, 12600)


async def test_money_settles_the_oldest_first(told: Told) -> None:
    ages = (await told.on("2026-03-31", "AL-paid"))["ageing"]
    assert tuple(ages[name] for name in COLUMNS) == (100, 600, 800, 1600, 2600, 0, 0, 0)


async def test_the_ageing_columns_of_every_account_sum_to_its_balance(told: Told) -> None:
    for unit_id, ownership in await told.accounts():
        if unit_id.startswith(("AL-", "RC-", "OW-")):
            account = await told.account(unit_id, ownership)
            assert set(account["ageing"]) == set(COLUMNS)
            assert sum(account["ageing"].values()) == account["balance_pence"] == account_sum(account)


def account_sum(account: dict[str, object]) -> int:
    lines = account["lines"]
    assert isinstance(lines, list)
    return sum(one["amount_pence"] for one in lines)


async def open_items(told: Told, unit_id: str) -> list[tuple[str, str, int]]:
    """What billing last said of an account's open items."""
    account_id = (await told.account(unit_id))["account_id"]
    if "items" not in told.seen:
        told.seen["items"] = await told.kafka.read_all("billing.items-changed")
    said = [json.loads(one.value) for one in told.seen["items"] if one.key == account_id.encode()]
    newest = max(said, key=lambda one: one["aggver"])
    return [(one["charge_id"], one["due_on"], one["open_pence"]) for one in newest["data"]["items"]]


async def test_on_one_due_day_charges_come_before_fees(told: Told) -> None:
    # 12.00: the charge 10.00, then the fees by charge_id.
    assert await open_items(told, "AL-fees") == [("AL-aa", "2026-04-29", 300), ("AL-bb", "2026-04-29", 300)]
    assert {one["kind"] for one in (await told.account("AL-fees"))["lines"]} == {"charge", "fee", "payment"}


async def test_credit_pays_the_next_statement_when_it_is_issued(told: Told) -> None:
    before = (await told.on("2026-03-31", "AL-credit"))["ageing"]
    assert (before["credit"], before["not_yet_billed"], before["current"]) == (-5000, 3000, 0)
    after = await told.on("2026-04-01", "AL-credit")
    assert (after["ageing"]["credit"], after["ageing"]["not_yet_billed"], after["due_pence"]) == (-2000, 0, 0)
    assert after["balance_pence"] == -2000


async def test_a_reversal_opens_what_was_settled_with_its_own_due_day(told: Told) -> None:
    account = await told.account("AL-back")
    assert [(one["kind"], one["amount_pence"], one["value_on"]) for one in account["lines"]] == [
        ("charge", 9550, "2026-01-10"),
        ("payment", -9550, "2026-04-15"),
        ("reversal", 9550, "2026-04-17"),
    ]
    assert await open_items(told, "AL-back") == [("AL-back-C", "2026-04-29", 9550)]
    assert await open_items(told, "AL-part") == [("AL-part-C", "2026-04-29", 2000)]
    assert (await told.account("AL-back"))["lines"][2]["payment_id"] == "AL-P-back"


async def test_money_for_a_statement_settles_it_first(told: Told) -> None:
    # 120.00 of the first quarter and 95.50 of the second; 150.00 comes.
    assert await open_items(told, "AL-plain") == [("AL-plain-4", "2026-07-29", 12000 + 9550 - 15000)]
    assert await open_items(told, "AL-text") == [("AL-text-4", "2026-07-29", 6550)]
    assert await open_items(told, "AL-named") == [("AL-named-3", "2026-04-29", 12000 - (15000 - 9550))]


async def test_an_as_of_question_counts_by_value_date_and_known_at_by_book(told: Told) -> None:
    ref = ref_of("AL-back", "AL-back.o")
    owed = {
        ("--as-of", "2026-04-16"): 0,
        ("--as-of", "2026-04-14"): 9550,
        ("--as-of", "2026-04-16", "--known-at", "2026-04-19"): 9550,
        ("--known-at", "2026-04-20"): 9550,
        (): 9550,
    }
    for question, balance in owed.items():
        assert (await told.ask("account", ref, *question))["balance_pence"] == balance, question
    listed = await told.accounts("--as-of", "2026-04-16")
    assert listed["AL-back", "AL-back.o"]["balance_pence"] == 0


async def test_the_books_balance_at_any_time(told: Told) -> None:
    for question in ((), ("--as-of", "2026-04-01"), ("--as-of", "2026-02-15")):
        books = await told.ask("trial-balance", *question)
        assert {"as_of", "known_at", "rows", "debit_pence", "credit_pence"} <= books.keys()
        assert books["debit_pence"] == books["credit_pence"] == sum(row["debit_pence"] for row in books["rows"])
        assert all(not (row["debit_pence"] and row["credit_pence"]) for row in books["rows"])
