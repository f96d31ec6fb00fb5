"""The answers people get: as of a day, as known at a book, in the command line's shapes; and the exported ledger."""

import csv
import io
import re
from collections import defaultdict
from datetime import date

from services.billing.domain.refs import account_ref
from services.billing.usecases import exports, questions, reports, suspense_questions
from services.billing.usecases.exports import LedgerFormat
from services.billing.usecases.reports import Grouping
from shared.events.housing import Tenure
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_payment, a_unit, shares

A, B = account_ref("U1", "A"), account_ref("U1", "B")
ZERO = dict.fromkeys(("current", "d1_30", "d31_60", "d61_90", "d91_120", "over_120", "credit", "not_yet_billed"), 0)


async def a_story(desk: Desk) -> None:
    """A bill of the first quarter, half paid; a sale in February that is learnt in May."""
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.close("2026-01-01")
    await desk.hear(a_charge("C1", 1200, unit="U1", on="2026-02-05"))
    await desk.close("2026-04-01")
    await desk.hear(a_payment("P1", 500, on="2026-04-20", account_ref=A))
    await desk.close("2026-05-02")
    await desk.hear(a_line("U1", ("A", "2025-06-01"), ("B", "2026-02-01"), version=2))
    await desk.close("2026-05-10")


async def test_what_was_believed_then_about_then(desk: Desk) -> None:
    await a_story(desk)
    now, then = await desk.account("U1", "A"), await desk.account("U1", "A", known_at=date(2026, 5, 2))
    assert (now["balance_pence"], then["balance_pence"]) == (-500, 700)
    assert (now["to"], then["to"]) == (date(2026, 2, 1), None)
    march = await desk.account("U1", "A", as_of=date(2026, 3, 31), known_at=date(2026, 5, 2))
    assert (march["balance_pence"], march["due_pence"], march["ageing"]) == (1200, 0, ZERO | {"not_yet_billed": 1200})
    assert march["statements"] == []
    assert await desk.account("U1", "B", known_at=date(2026, 5, 2)) is None
    assert (await desk.account("U1", "B"))["balance_pence"] == 1200


async def test_ageing_is_counted_to_the_day_asked_for(desk: Desk) -> None:
    await a_story(desk)
    known_at = date(2026, 5, 2)
    for day, column, overdue in (
        ("2026-04-29", "current", 0), ("2026-04-30", "d1_30", 700), ("2026-05-29", "d1_30", 700),
        ("2026-05-30", "d31_60", 700), ("2026-08-28", "over_120", 700),
    ):  # fmt: skip
        answer = await desk.account("U1", "A", as_of=date.fromisoformat(day), known_at=known_at)
        assert (answer["ageing"], answer["overdue_pence"]) == (ZERO | {column: 700}, overdue), day


async def test_what_was_known_then_is_aged_to_that_day_and_never_past_the_last_closed_one(desk: Desk) -> None:
    await a_story(desk)
    await desk.note_closed()
    for day, due, overdue, aged_to in (
        ("2026-04-19", 700, 0, "2026-04-19"), ("2026-04-30", 700, 700, "2026-04-30"),
        ("2026-12-31", 0, 0, "2026-05-10"),
    ):  # fmt: skip
        known_at = date.fromisoformat(day)
        one = await desk.account("U1", "A", known_at=known_at)
        assert (one["due_pence"], one["overdue_pence"]) == (due, overdue), day
        listed = {row["account_ref"]: row for row in await desk.ask(questions.accounts, None, known_at)}
        assert listed[A]["overdue_pence"] == overdue, day
        aged = await desk.ask(reports.aged_debt, Grouping.OWNER, None, known_at)
        assert aged["source"]["aged_to"] == date.fromisoformat(aged_to)


async def test_the_list_of_accounts_has_every_account_with_its_days_and_owners(desk: Desk) -> None:
    await a_story(desk)
    await desk.hear(a_unit("U2", tenure=Tenure.ASSOCIATION), a_line("U3", ("Z", "2026-01-01"), void=("Y",)))
    rows = {row["account_ref"]: row for row in await desk.ask(questions.accounts, None, None)}
    assert set(rows) == {A, B, account_ref("U2", None), account_ref("U3", "Z"), account_ref("U3", "Y")}
    assert rows[A] == {
        "account_ref": A, "account_id": rows[A]["account_id"], "unit_id": "U1", "ownership_id": "A",
        "from": date(2025, 6, 1), "to": date(2026, 2, 1), "party_ids": ["P-A"], "internal": False, "void": False,
        "balance_pence": -500, "due_pence": 0, "overdue_pence": 0,
    }  # fmt: skip
    internal = rows[account_ref("U2", None)]
    assert (internal["ownership_id"], internal["from"], internal["to"], internal["internal"]) == (
        None,
        None,
        None,
        True,
    )
    assert rows[account_ref("U3", "Y")]["void"] is True


async def test_lines_say_their_cause_statement_and_due_day(desk: Desk) -> None:
    await a_story(desk)
    lines = (await desk.account("U1", "A"))["lines"]
    assert [(line["kind"], line["amount_pence"], line.get("due_on"), line["cause"]["type"]) for line in lines] == [
        ("charge", 1200, date(2026, 4, 29), "housing.charge-raised.v1"),
        ("charge", -1200, None, "owners.ownership-changed.v1"),
        ("payment", -500, None, "housing.payment-received.v1"),
    ]
    assert lines[0]["statement_no"] == f"{A}-2026Q1"
    assert "statement_no" not in lines[1]


async def test_allocations_and_items_explain_what_is_open(desk: Desk) -> None:
    await a_story(desk)
    answer = await desk.account("U1", "A", known_at=date(2026, 5, 2))
    assert [(one["payment_id"], one["charge_id"], one["pence"]) for one in answer["allocations"]] == [("P1", "C1", 500)]
    assert [(one["charge_id"], one["open_pence"]) for one in answer["items"]] == [("C1", 700)]


async def test_the_trial_balance_balances_on_any_day(desk: Desk) -> None:
    await a_story(desk)
    await desk.hear(a_charge("C9", 77, unit="U9", on="2026-05-11"), a_payment("P9", 5, on="2026-05-11"))
    for as_of in (None, date(2026, 2, 4), date(2026, 2, 5), date(2026, 4, 20), date(2026, 5, 11)):
        answer = await desk.ask(questions.trial_balance, as_of, None)
        assert answer["debit_pence"] == answer["credit_pence"]
    rows = {row["account"]: row["debit_pence"] - row["credit_pence"] for row in answer["rows"]}
    assert rows == {
        "bank": 505, "income:repair": -1277, "receivable": 700, "suspense-charges": 77, "suspense-receipts": -5,
    }  # fmt: skip


async def test_the_summary_counts_billed_collected_and_suspense(desk: Desk) -> None:
    await a_story(desk)
    await desk.hear(a_credit("K1", "C1", 200, on="2026-05-11"), a_payment("P9", 5, on="2026-05-11"))
    answer = await desk.ask(questions.summary)
    assert (answer["billed_pence"], answer["collected_pence"]) == (1000, 500)
    assert (answer["suspense_payments_pence"], answer["suspense_charges_pence"]) == (5, 0)


async def written(desk: Desk, form: LedgerFormat) -> str:
    async def read(connection: object) -> str:
        return "".join([piece async for piece in exports.ledger(connection, form)])  # type: ignore[arg-type]

    return str(await desk.ask(read))


async def test_the_journal_balances_entry_by_entry_and_says_what_the_trial_balance_says(desk: Desk) -> None:
    await a_story(desk)
    text = await written(desk, LedgerFormat.HLEDGER)
    declared = set(re.findall(r"^account (\S+)$", text, re.MULTILINE))
    sums: defaultdict[str, int] = defaultdict(int)
    for entry in re.split(r"\n\n", text.split("\n\n", 2)[2].strip()):
        head, *postings = entry.splitlines()
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \* \w+ \S+  ; book:\S+, cause:\S+, type:\S+", head)
        pence = 0
        for posting in postings:
            name, amount = re.fullmatch(r"    (\S+)  GBP (-?\d+\.\d\d)", posting).groups()  # type: ignore[union-attr]
            sums[name] += int(amount.replace(".", ""))
            pence += int(amount.replace(".", ""))
            assert name in declared
        assert pence == 0
    assert {name: pence for name, pence in sums.items() if pence} == {
        f"receivable:{A}": -500, f"receivable:{B}": 1200, "income:repair": -1200, "bank": 500,
    }  # fmt: skip


async def test_no_word_of_the_csv_is_a_formula(desk: Desk) -> None:
    await desk.hear(a_charge("-C1", 100, unit="U1", on="2026-02-05"))
    rows = list(csv.DictReader(io.StringIO(await written(desk, LedgerFormat.CSV))))
    assert [(row["fact_id"], row["account"], row["amount_pence"]) for row in rows] == [
        ("'-C1", "suspense-charges", "100"),
        ("'-C1", "income:repair", "-100"),
    ]


async def test_a_long_ledger_streams_whole(desk: Desk) -> None:
    await desk.hear(*(a_charge(f"C{number}", 100, unit="U1", on="2026-02-05") for number in range(700)))
    assert len((await written(desk, LedgerFormat.CSV)).splitlines()) == 1401


async def test_case_1_a_charge_that_waits_for_an_incomplete_share_set_names_the_gap(desk: Desk) -> None:
    await desk.hear(a_unit("U1"), a_line("U1", ("A", "2025-06-01")))
    await desk.hear(shares(("U1", 2499, 2500), complete=False), a_charge("C1", 100_00, pool="S1", on="2026-01-05"))
    await desk.hear(a_charge("C2", 5_00, pool="S2", on="2026-01-05"))
    waiting = (await desk.ask(suspense_questions.suspense))["charges"]
    assert [(one["waiting_for"], one.get("gap")) for one in waiting] == [
        ("share-set:S1", "1/2500"), ("share-set:S2", None),
    ]  # fmt: skip
    assert (await desk.account("U1", "A"))["lines"] == []
