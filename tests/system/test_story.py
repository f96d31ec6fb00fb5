"""Twelve units over two quarters, every expected penny worked out by hand (see story.py for what happens).

The odd pennies go by lot (contract.md 6): of CLEAN-1 to B3, of RPR-2 to A5, A7, B4 and H1, of the refund to A1.
"""

import json
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
import pytest_asyncio

from tests.support import hledger
from tests.system.office import Office
from tests.system.story import FIRST_QUARTER, Said, opening, second_quarter

pytestmark = pytest.mark.slow  # half a year told; `make slow` runs it, the examiner's diary is in `make test`

FIRST_STATEMENTS = {
    # fee 42.00, repair 111.11 or 148.15, refund 23.34 (A1, by lot), 23.33 or 31.11
    "A1-C0": 129_77,
    "A2-C0": 129_78,
    "A3-C0": 138_98,  # the seller: 47 of 90 days of the fee 21.94, the repair 148.15, the refund 31.11
    "A3-C1": 20_06,  # the buyer: the fee's other 43 days
    "A4-C0": 159_04,
    "A5-C0": 159_04,
    "A6-C0": 159_04,
    # fee 42.00, cleaning 25.00 (B3 25.01, by lot)
    "B1-C0": 67_00,
    "B2-C0": 67_00,
    "B3-C0": 67_01,
    "B4-C0": 37_00,  # 30.00 brought in
    "H1-C0": 42_00,  # what was brought in is paid
}
"""The balance of each statement of 1 April 2026."""

SECOND_STATEMENTS = {
    # brought forward, total of the lines, balance
    "A1-C0": (129_77, -79_44, 50_33),  # paid, bounced, paid again
    "A2-C0": (129_78, -79_45, 50_33),
    "A3-C0": (138_98, -138_98, 0),
    "A3-C1": (20_06, 33, 20_39),  # 42.00 + 8.33 - 50.00
    "A4-C0": (159_04, 50_33, 209_37),
    "A5-C0": (159_04, -169_31, -10_27),  # paid 159.04; 22 of 90 days of the first fee move to the buyer
    "A5-C1": (0, 60_61, 60_61),  # 10.27 + 42.00 + 8.34
    "A6-C0": (159_04, -49_67, 109_37),
    "B1-C0": (67_00, 1033_33, 1100_33),  # 42.00 + 1050.00 + 8.33 - 67.00
    "B2-C0": (67_00, 86_56, 153_56),  # 46 days: fee 21.23, insurance 132.33; - 67.00
    "B2-C1": (0, 946_77, 946_77),  # fee 20.77, insurance 917.67, estate 8.33
    "B3-C0": (67_01, 1040_33, 1107_34),
    "B4-C0": (37_00, 1100_34, 1137_34),
    "H1-C0": (42_00, 8_34, 50_34),
}
"""Brought forward, total and balance of each statement of 1 July 2026."""

INTERNAL_A7 = 238_63  # 42.00 + 185.18 - 38.89 + 42.00 + 8.34
OVERDUE = {"A4-C0": 159_04, "A6-C0": 59_04, "B3-C0": 7_01, "B4-C0": 37_00}
CHARGED = 6260_51  # 62.50 + 12 x 42.00 + 1000.00 - 210.00 + 100.01 + 12 x 42.00 + 4200.00 + 100.00
COLLECTED = 1036_07


@pytest_asyncio.fixture(scope="module")
async def told(office: Office) -> Office:
    """Tell the whole story, day by day."""
    await office.publish(opening())
    await office.close("2025-12-31")
    reached = await tell(office, FIRST_QUARTER, date(2026, 1, 1))
    await office.close(str(reached), "2026-04-01")
    refs = {account["ownership_id"]: account["account_ref"] for account in await office.ask("accounts")}
    reached = await tell(office, second_quarter(refs), date(2026, 4, 2))
    await office.close(str(reached), "2026-07-01")
    await office.ask("settle")
    return office


async def tell(office: Office, pages: list[tuple[str, list[Said]]], reached: date) -> date:
    """Publish each page on its day, the days before it closed; returns the first day not closed."""
    for day, said in pages:
        on = date.fromisoformat(day)
        if reached < on:
            await office.close(str(reached), str(on - timedelta(days=1)))
        await office.publish(said)
        reached = on
    return reached


async def by_ownership(office: Office, *arguments: str) -> dict[str, Any]:
    found = await office.ask("accounts", *arguments)
    return {account["ownership_id"] or f"{account['unit_id']}-internal": account for account in found}


async def statements_of(office: Office, account_ref: str) -> dict[str, Any]:
    account = await office.ask("account", account_ref)
    return {statement["issued_on"]: statement for statement in account["statements"]}


async def test_every_statement_is_right_to_the_penny(told: Office) -> None:
    accounts = await by_ownership(told)
    first, second = {}, {}
    for ownership_id, account in accounts.items():
        statements = await statements_of(told, account["account_ref"])
        if "2026-04-01" in statements:
            first[ownership_id] = statements["2026-04-01"]["balance_pence"]
        if "2026-07-01" in statements:
            found = statements["2026-07-01"]
            brought_forward = found["balance_pence"] - found["total_pence"]
            second[ownership_id] = (brought_forward, found["total_pence"], found["balance_pence"])
    assert first == FIRST_STATEMENTS
    assert second == SECOND_STATEMENTS


async def test_what_was_brought_in_has_the_statement_of_the_first_day(told: Office) -> None:
    accounts = await by_ownership(told)
    issued = {name: await statements_of(told, accounts[name]["account_ref"]) for name in ("A1-C0", "B4-C0", "H1-C0")}
    assert [sorted(days) for days in issued.values()] == [
        ["2026-04-01", "2026-07-01"],
        ["2026-01-01", "2026-04-01", "2026-07-01"],
        ["2026-01-01", "2026-04-01", "2026-07-01"],
    ]
    assert issued["H1-C0"]["2026-01-01"]["balance_pence"] == 62_50
    assert issued["B4-C0"]["2026-01-01"]["balance_pence"] == -30_00


async def test_every_balance_and_what_is_overdue(told: Office) -> None:
    accounts = await by_ownership(told)
    balances = {name: account["balance_pence"] for name, account in accounts.items()}
    expected = {name: balance for name, (_, _, balance) in SECOND_STATEMENTS.items()}
    assert balances == {**expected, "A7-internal": INTERNAL_A7}
    assert sum(balances.values()) == CHARGED - COLLECTED
    assert {name: a["overdue_pence"] for name, a in accounts.items() if a["overdue_pence"]} == OVERDUE


async def test_the_seller_of_a_late_sale_is_charged_to_the_day(told: Office) -> None:
    accounts = await by_ownership(told)
    seller = await told.ask("account", accounts["A5-C0"]["account_ref"])
    buyer = await told.ask("account", accounts["A5-C1"]["account_ref"])
    assert (accounts["A5-C0"]["to"], accounts["A5-C1"]["from"]) == ("2026-03-10", "2026-03-10")
    fees = Counter[str]()
    for line in seller["lines"]:
        if line["kind"] == "charge":
            fees[line["charge_id"]] += line["amount_pence"]
    assert fees == {"FEE-1-A5": 31_73, "RPR-1": 148_15, "FEE-2-A5": 0}
    assert {line["charge_id"]: line["amount_pence"] for line in buyer["lines"]} == {
        "FEE-1-A5": 10_27, "FEE-2-A5": 42_00, "RPR-2": 8_34,
    }  # fmt: skip
    assert next(line["value_on"] for line in buyer["lines"] if line["charge_id"] == "FEE-1-A5") == "2026-01-02"


async def test_what_was_believed_before_the_sale_was_known_has_an_answer(told: Office) -> None:
    accounts = await by_ownership(told)
    reference, day = accounts["A5-C0"]["account_ref"], "2026-04-19"
    then = await told.ask("account", reference, "--as-of", day, "--known-at", day)
    assert then["balance_pence"] == 159_04 + 42_00
    assert (await told.ask("account", reference, "--as-of", day))["balance_pence"] == 159_04 - 10_27


async def test_a_bounced_direct_debit_is_seen_and_its_debt_keeps_its_due_day(told: Office) -> None:
    accounts = await by_ownership(told)
    account = await told.ask("account", accounts["A1-C0"]["account_ref"])
    moves = [(line["kind"], line["amount_pence"]) for line in account["lines"] if line.get("payment_id")]
    assert moves == [("payment", -129_77), ("reversal", 129_77), ("payment", -129_77)]
    assert account["ageing"]["current"] == 50_33
    day = "2026-04-26"
    bounced = await told.ask("account", account["account_ref"], "--as-of", day, "--known-at", day)
    assert bounced["balance_pence"] == 129_77 + 42_00
    repair = next(line for line in bounced["lines"] if line.get("charge_id") == "RPR-1" and line["kind"] == "charge")
    assert repair["due_on"] == "2026-04-29"


async def test_only_those_who_owe_enough_are_reminded_and_on_the_day(told: Office) -> None:
    names = {account["account_ref"]: name for name, account in (await by_ownership(told)).items()}
    letters = await told.ask("letters")
    reminders = sorted(
        (letter["template"], letter["created_on"], names[letter["account_ref"]])
        for letter in letters
        if letter["template"].startswith("reminder")
    )
    assert reminders == [
        ("reminder-1", "2026-05-06", "A4-C0"),
        ("reminder-1", "2026-05-06", "A6-C0"),
        ("reminder-1", "2026-05-06", "B4-C0"),
        ("reminder-2", "2026-05-20", "A4-C0"),
        ("reminder-2", "2026-05-20", "A6-C0"),
    ]
    statements = Counter(letter["created_on"] for letter in letters if letter["template"] == "statement")
    assert statements == {"2026-01-01": 2, "2026-04-01": 12, "2026-07-01": 14}
    assert {letter["state"] for letter in letters} == {"handed-over"}


async def test_the_ladder_shows_where_each_debtor_stands(told: Office) -> None:
    names = {account["account_ref"]: name for name, account in (await by_ownership(told)).items()}
    found = {names[account["account_ref"]]: account for account in await told.ask("arrears")}
    assert {name: account["overdue_pence"] for name, account in found.items()} == OVERDUE
    assert {account["oldest_due_on"] for account in found.values()} == {"2026-04-29"}


async def test_money_from_nobody_is_in_suspense_and_nothing_else(told: Office) -> None:
    found = await told.ask("suspense")
    assert found["payments"] == [{"payment_id": "PAY-NOBODY", "amount_pence": 45_00, "received_on": "2026-04-20"}]
    assert (found["payments_pence"], found["charges_pence"], found["charges"]) == (45_00, 0, [])


async def test_the_books_balance_and_the_exported_ledger_says_the_same(told: Office) -> None:
    books = await told.ask("trial-balance")
    assert books["debit_pence"] == books["credit_pence"]
    owed = [row for row in books["rows"] if "receivable" in row["account"]]
    assert sum(row["debit_pence"] - row["credit_pence"] for row in owed) == CHARGED - COLLECTED
    journal = (await told.ask("export", "ledger", "--format", "hledger"))["text"]
    assert hledger.complaints(journal) == ""
    added_up = hledger.balances(journal)
    for row in books["rows"]:
        within = [pence for name, pence in added_up.items() if f"{name}:".startswith(f"{row['account']}:")]
        assert (sum(within), bool(within)) == (row["debit_pence"] - row["credit_pence"], True)
    assert sum(added_up.values()) == 0
    for account in (await by_ownership(told)).values():
        named = [pence for name, pence in added_up.items() if account["account_ref"] in name.split(":")]
        assert sum(named) == account["balance_pence"]


async def test_every_figure_ties_to_the_ledger(told: Office) -> None:
    for by in ("block", "owner", "development"):
        aged = await told.ask("aged-debt", "--by", by)
        assert (aged["ties"], aged["total"]["balance_pence"]) == (True, CHARGED - COLLECTED)
    moved = await told.ask("movement", "--from", "2026-01-01", "--to", "2026-12-31")
    assert (moved["ties"], moved["ledger_pence"]) == (True, CHARGED - COLLECTED)
    assert (await told.ask("profit-and-loss", "--month", "2026-01"))["difference_pence"] == 0
    assert (await told.ask("collection-rate", "--quarter", "2026-Q2"))["period"]["due_pence"] > 0
    books = await told.ask("period", "2026-Q1")
    assert (books["closed"], books["debit_pence"]) == (True, books["credit_pence"])
    for words in (["aged-debt"], ["period", "2026-Q1"], ["collection-rate", "--quarter", "2026-Q2"]):
        answer = await told.run(*words)
        assert (answer.code, "From: " in answer.out) == (0, True), answer.err
    assert (await told.run("period", "2026-Q9")).code == 64


async def test_the_housing_systems_own_list_agrees_and_a_lost_line_is_named(told: Office) -> None:
    files = sorted(told.folder.glob("events-*.jsonl"))
    said = list(dict.fromkeys(line for file in files for line in file.read_text().splitlines()))
    whole, shorter = told.folder / "whole.jsonl", told.folder / "shorter.jsonl"
    whole.write_text("\n".join(said) + "\n")
    agreed = await told.run("reconcile", str(whole), "--json")
    assert (agreed.code, agreed.document["ok"], agreed.document["differences"]) == (0, True, [])
    charges = [line for line in said if "housing.charge-raised.v1" in line]
    lost, repeated = (json.loads(line)["data"]["charge_id"] for line in (charges[1], charges[-1]))
    shorter.write_text("\n".join([*charges[:1], *charges[2:], charges[-1]]) + "\n")
    differs = await told.run("reconcile", str(shorter), "--from", "2026-01-01", "--to", "2026-12-31", "--json")
    found = [(one["finding"], one["id"]) for one in differs.document["differences"]]
    assert (differs.code, found) == (1, [("duplicate", repeated), ("missing-there", lost)])


async def test_a_credit_and_a_reversal_that_were_lost_are_named(told: Office) -> None:
    file = told.folder / "lost.csv"
    file.write_text("kind,id,amount_pence,on\ncredit,CR-0,,2026-02-25\nreversal,RV-0,500,2026-02-25\n")
    differs = await told.run("reconcile", str(file), "--json")
    found = [(one["finding"], one["kind"], one["id"]) for one in differs.document["differences"]]
    lost = [
        ("missing-here", "credit", "CR-0"),
        ("missing-here", "reversal", "RV-0"),
        ("missing-there", "credit", "CR-1"),
    ]
    assert (differs.code, found) == (1, lost)


async def test_the_proof_holds_and_nothing_is_a_dead_letter(told: Office) -> None:
    proof = await told.ask("verify")
    assert proof["ok"], [check for check in proof["checks"] if not check["ok"]]
    assert await told.ask("dead-letters", "list") == []


async def test_publishing_everything_again_changes_nothing(told: Office) -> None:
    before = await by_ownership(told)
    await told.publish([*opening(), *(said for _, page in FIRST_QUARTER for said in page)])
    await told.ask("settle")
    assert await by_ownership(told) == before
    assert await told.ask("dead-letters", "list") == []
