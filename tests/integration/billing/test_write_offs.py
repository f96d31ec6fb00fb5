"""Write-offs on a real database: two people, limits, every figure still ties, and money that comes after all."""

import json
import random
from collections import Counter
from datetime import timedelta
from typing import Any, cast

import asyncpg
import pytest

from services.billing.app import build
from services.billing.db import questions as stored
from services.billing.domain.refs import account_ref
from services.billing.settings import Settings
from services.billing.usecases import books, exports, questions, reports, suspense_questions, write_offs
from services.billing.usecases.exports import LedgerFormat
from services.billing.usecases.reports import Grouping
from shared.bus import audit
from shared.bus.commands import Given
from shared.bus.refusals import NotAllowedError, NotKnownError, NotNowError, NotValidError
from shared.bus.work import Work
from shared.db.engine import connect
from shared.events.housing import Tenure
from shared.events.topics import ACCOUNT_CHARGED, ACCOUNT_PAID, ITEMS_CHANGED
from tests.integration.billing.conftest import Desk, Desks
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_payment, a_reversal, a_unit
from tests.integration.billing.people import BOARD, LEAD, OFFICER, caller, day, giving_up, office, write_off
from tests.integration.billing.test_histories import a_history, tell
from tests.support import hledger

A, C = account_ref("U1", "A"), account_ref("U3", "C")


async def owing(desk: Desk) -> None:
    """An owner with two bills, one of them partly paid; it is 1 June."""
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.close("2025-12-31")
    await desk.hear(
        a_charge("ROOF", 400_00, unit="U1", on="2026-01-10"), a_charge("STAIR", 42_00, unit="U1", on="2026-01-20")
    )
    await desk.close("2026-04-01")
    await desk.hear(a_payment("P1", 100_00, on="2026-04-20", account_ref=A))
    await desk.close("2026-05-31")


@pytest.fixture
async def debtor(desk: Desk) -> Desk:
    await owing(desk)
    return desk


async def trial(desk: Desk) -> dict[str, int]:
    rows = (await desk.ask(questions.trial_balance, None, None))["rows"]
    return {row["account"]: row["debit_pence"] - row["credit_pence"] for row in rows}


async def exported(connection: asyncpg.Connection) -> str:
    return "".join([piece async for piece in exports.ledger(connection, LedgerFormat.HLEDGER)])


async def ties(desk: Desk) -> None:
    """Everything that is told still equals the ledger, and the real hledger adds it up to the same."""
    assert await desk.wrong() == []
    sums = await trial(desk)
    aged = await desk.ask(reports.aged_debt, Grouping.OWNER, None, None)
    moved = await desk.ask(reports.movement, day("2026-01-01"), day("2026-12-31"), None)
    assert aged["ties"]
    assert moved["ties"]
    assert aged["ledger_pence"] == moved["ledger_pence"] == sums["receivable"]
    journal = await desk.ask(exported)
    assert hledger.complaints(journal) == ""
    assert hledger.balances(journal)["bad-debt"] == sums["bad-debt"]


async def test_two_people_give_a_debt_up_and_every_figure_ties(debtor: Desk) -> None:
    answer = await write_off(debtor, A, {"ROOF": 300_00})
    assert answer == {"account_ref": A, "write_offs": ["WO-1/ROOF"], "pence": 300_00}
    account = await debtor.account("U1", "A")
    assert (account["balance_pence"], [item["charge_id"] for item in account["items"]]) == (42_00, ["STAIR"])
    [line] = [line for line in account["lines"] if line["kind"] == "write-off"]
    assert (line["charge_id"], line["amount_pence"], line["value_on"]) == ("ROOF", -300_00, day("2026-06-01"))
    assert line["cause"] == {"id": "1", "source": "proposal", "type": "billing.command-given.v1"}
    assert (await trial(debtor))["bad-debt"] == 300_00
    [owners, _] = (await debtor.ask(reports.movement, day("2026-06-01"), day("2026-06-30"), None))["rows"]
    assert owners["moved"]["write-off"] == -300_00
    await ties(debtor)


async def test_arrears_hears_what_is_open_and_its_sums_of_charges_and_money_stay(debtor: Desk) -> None:
    charged, paid = await debtor.said(ACCOUNT_CHARGED), await debtor.said(ACCOUNT_PAID)
    before = await debtor.ask(stored.account_sums)
    await write_off(debtor, A, {"ROOF": 300_00})
    earlier = (await debtor.said(ITEMS_CHANGED))[:-1]
    said = (await debtor.said(ITEMS_CHANGED))[-1]
    assert [(item.charge_id, item.open_pence) for item in said.items] == [("STAIR", 42_00)]
    assert ({one.written_off_pence for one in earlier}, said.written_off_pence) == ({None}, 300_00)
    assert said.balance_pence == (await debtor.account("U1", "A"))["balance_pence"] == 42_00
    assert (await debtor.said(ACCOUNT_CHARGED), await debtor.said(ACCOUNT_PAID)) == (charged, paid)
    assert await debtor.ask(stored.account_sums) == before


async def test_arrears_hears_that_money_for_what_was_given_up_came_though_nothing_opens_or_closes(debtor: Desk) -> None:
    await write_off(debtor, A, {"ROOF": 300_00, "STAIR": 42_00})
    await debtor.hear(a_payment("P2", 142_00, on="2026-06-01", account_ref=A))
    await debtor.hear(a_payment("P3", 200_00, on="2026-06-02", account_ref=A))
    said = [(one.items, one.written_off_pence) for one in await debtor.said(ITEMS_CHANGED)]
    assert said[-3:] == [((), 342_00), ((), 200_00), ((), None)]
    await ties(debtor)


async def test_what_was_written_off_before_it_was_said_is_no_fault_and_is_said_with_the_next_news(
    debtor: Desk,
) -> None:
    await write_off(debtor, A, {"ROOF": 300_00})
    await debtor.hear(a_payment("P2", 42_00, on="2026-06-01", account_ref=A))
    await debtor.rows("update billing.accounts set items_said = null where account_ref = $1", A)
    assert await debtor.wrong() == []
    await debtor.hear(a_payment("P3", 100_00, on="2026-06-01", account_ref=A))
    assert [one.written_off_pence for one in await debtor.said(ITEMS_CHANGED)][-2:] == [300_00, 200_00]
    assert await debtor.wrong() == []


async def test_money_that_comes_after_all_is_no_suspense_and_writes_back(debtor: Desk) -> None:
    await write_off(debtor, A, {"ROOF": 300_00})
    await debtor.close("2026-08-31")
    await debtor.hear(a_payment("P2", 342_00, on="2026-09-03", account_ref=A))
    account = await debtor.account("U1", "A")
    assert (account["balance_pence"], account["credit_pence"], account["items"]) == (0, 0, [])
    back = account["lines"][-1]
    assert (back["kind"], back["amount_pence"], back["value_on"]) == ("write-off", 300_00, day("2026-09-03"))
    assert back["cause"]["type"] == "housing.payment-received.v1"
    assert (await debtor.ask(suspense_questions.suspense))["payments"] == []
    months = [(await debtor.ask(books.profit_and_loss, month, None))["bad_debt"] for month in ("2026-06", "2026-09")]
    assert [(one["written_off_pence"], one["written_back_pence"]) for one in months] == [(300_00, 0), (0, 300_00)]
    [row] = await debtor.ask(write_offs.worklist)
    assert (row["amount_pence"], row["standing_pence"], row["written_back_pence"], row["proposal"]) == (
        300_00, 0, 300_00, "1",
    )  # fmt: skip
    await ties(debtor)
    await debtor.hear(a_reversal("R2", "P2", 342_00, on="2026-09-05"))
    assert (await debtor.account("U1", "A"))["balance_pence"] == 42_00
    await ties(debtor)


async def test_a_statement_shows_what_was_given_up(debtor: Desk) -> None:
    await write_off(debtor, A, {"ROOF": 300_00})
    await debtor.close("2026-07-01")
    statement = (await debtor.account("U1", "A"))["statements"][-1]
    assert (statement["total_pence"], statement["balance_pence"]) == (-100_00 - 300_00, 42_00)
    await ties(debtor)


async def test_a_sale_learnt_late_takes_the_write_off_with_the_charge(debtor: Desk) -> None:
    await write_off(debtor, A, {"ROOF": 300_00})
    await debtor.hear(a_line("U1", ("A", "2025-06-01"), ("B", "2026-01-05"), version=2))
    assert (await debtor.account("U1", "B"))["balance_pence"] == 442_00
    assert (await debtor.account("U1", "A"))["balance_pence"] == -100_00
    assert (await trial(debtor))["bad-debt"] == 0
    await debtor.hear(a_line("U1", ("A", "2025-06-01"), version=3), a_credit("K1", "ROOF", on="2026-06-02"))
    assert (await debtor.account("U1", "A"))["balance_pence"] == -58_00
    await ties(debtor)


async def test_nobody_approves_their_own_nor_above_their_limit(debtor: Desk) -> None:
    people = await office(debtor)
    both = caller(OFFICER.subject, "board")
    made = await people.propose(OFFICER, giving_up(A, {"ROOF": 50_01}))
    for approver, words in (
        (both, "another person"),
        (LEAD, "£50.01, which is above the limit"),
        (OFFICER, "needs the role"),
    ):
        with pytest.raises(NotAllowedError, match=words):
            await people.approve(approver, made["id"], "")
    assert (await people.show(made["id"]))["status"] == "open"
    assert "bad-debt" not in await trial(debtor)
    first = await people.approve(BOARD, made["id"], "agreed")
    assert await people.approve(BOARD, made["id"], "again") == first
    assert (await trial(debtor))["bad-debt"] == 50_01


async def test_a_limit_is_not_passed_in_small_steps(debtor: Desk) -> None:
    await write_off(debtor, A, {"ROOF": 30_00}, LEAD)
    with pytest.raises(NotAllowedError, match=r"within 365 days to £50\.01"):
        await write_off(debtor, A, {"STAIR": 20_01}, LEAD)
    debtor.book += timedelta(days=365)
    await write_off(debtor, A, {"STAIR": 20_02}, LEAD)


REFUSED: tuple[tuple[str, dict[str, Any], type[Exception], str], ...] = (
    (A, {"debts": [{"charge_id": "ROOF", "amount_pence": 300_01}]}, NotNowError, "£300.00 of ROOF"),
    (A, {"debts": [{"charge_id": "NONE", "amount_pence": 1}]}, NotNowError, "£0.00 of NONE"),
    (A, {"debts": []}, NotValidError, "at least one charge"),
    (A, {"debts": [{"charge_id": "STAIR", "amount_pence": 1}] * 2}, NotValidError, "each once"),
    (A, {"debts": [{"charge_id": "STAIR", "amount_pence": 1.5}]}, NotValidError, "amount_pence"),
    (A, {"ground": "no reason"}, NotValidError, "ground"),
    (A, {"evidence": ""}, NotValidError, "evidence"),
    (account_ref("U9", "A"), {}, NotKnownError, "No account"),
    (A, {"account_ref": C, "debts": [{"charge_id": "OLD", "amount_pence": 1}]}, NotValidError, f"is about {C}"),
    (account_ref("U2", None), {}, NotValidError, "owes nobody"),
)


async def test_what_cannot_be_given_up_is_not_even_proposed(debtor: Desk) -> None:
    await debtor.hear(a_unit("U2", tenure=Tenure.ASSOCIATION), a_unit("U3"), a_line("U3", ("C", "2025-06-01")))
    await debtor.hear(a_charge("OLD", 9, unit="U3", on="2026-01-02", kind="opening-balance", due_on="2026-01-02"))
    people = await office(debtor)
    for reference, body, refusal, words in REFUSED:
        proposal = giving_up(reference, {"STAIR": 1})
        proposal.body.update(body)
        with pytest.raises(refusal, match=words):
            await people.propose(OFFICER, proposal)


async def test_what_was_paid_meanwhile_is_not_given_up(debtor: Desk) -> None:
    people = await office(debtor)
    made = await people.propose(OFFICER, giving_up(A, {"ROOF": 300_00}))
    await debtor.hear(a_payment("P2", 10_00, on="2026-06-01", account_ref=A))
    with pytest.raises(NotNowError, match=r"£290\.00 of ROOF"):
        await people.approve(BOARD, made["id"], "")


async def test_the_audit_says_who_why_and_when(debtor: Desk) -> None:
    await write_off(debtor, A, {"ROOF": 300_00})
    [row] = await debtor.rows(
        "select who, approved_by, subject, reason, detail from msg.audit where action = 'write-off'"
    )
    assert (row["who"], row["approved_by"], row["subject"]) == (OFFICER.subject, BOARD.subject, A)
    assert (row["reason"], row["detail"]["book"]) == ("costs more than it brings", "2026-06-01")
    assert row["detail"]["content"]["evidence"] == "file 12/3"
    assert (await debtor.ask(audit.check, "billing.command-given"))["ok"]


@pytest.mark.parametrize(
    "statement",
    [
        "update billing.write_offs set amount_pence = 1",
        "delete from billing.write_offs",
    ],
)
async def test_a_write_off_is_only_added(debtor: Desk, statement: str) -> None:
    connection = await connect(debtor.urls.app_url, application_name="billing-tests")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)
    await connection.close()


_POST = """
insert into billing.entries (cause_uid, posting_no, ledger, amount_pence, tax_pence, value_on, book, fact_kind, fact_id,
  charge_id)
select gen_random_uuid(), number, $1, pence, 0, '2026-06-01', '2026-06-01', $2, 'X', 'X'
from unnest('{0,1}'::int[], '{5,-5}'::bigint[]) as posting(number, pence)
"""


@pytest.mark.parametrize(("name", "kind"), [("bad-debt", "charge"), ("income:repair", "write-off")])
async def test_bad_debt_is_posted_by_write_offs_alone(debtor: Desk, name: str, kind: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="bad_debt_by_write_off"):
        await debtor.rows(_POST, name, kind)


@pytest.mark.parametrize("seed", range(3))
async def test_any_history_leaves_write_offs_where_the_rules_let_them_stand(desk: Desk, seed: int) -> None:
    """Sales, credits, payments and reversals in any order and batches, with debts given up on the way."""
    dice = random.Random(seed)
    await desk.close("2025-12-31")
    events, given_up = a_history(dice), 0
    for end in ("2026-04-01", "2026-07-01", "2026-10-01"):
        cut = dice.randint(8, 20)
        await tell(desk, events[:cut], dice)
        events = events[cut:]
        await desk.close(end)
        for account in await desk.ask(questions.accounts, None, None):
            if not account["internal"] and account["due_pence"]:
                one = await desk.ask(questions.account, account["account_ref"], None, None)
                item = dice.choice(one["items"])
                pence = dice.randint(1, item["open_pence"])
                await write_off(desk, account["account_ref"], {item["charge_id"]: pence})
                given_up += pence
    await tell(desk, events, dice)
    assert given_up > 0
    assert await desk.wrong() == []
    assert sum((await trial(desk)).values()) == 0
    assert 0 <= (await trial(desk)).get("bad-debt", 0) <= given_up


_BOOKED = "select * from billing.{table} order by 1, 2"


async def test_a_rebuild_gives_the_same_debt_up_again(debtor: Desk, desks: Desks) -> None:
    """The command's record is enough: the same name, day and postings come out of it."""
    await write_off(debtor, A, {"ROOF": 300_00})
    [row] = await debtor.rows(
        "select body from msg.event_log where topic = 'billing.command-given' order by seq desc limit 1"
    )
    said, again = json.loads(row["body"]), await desks()
    await owing(again)
    given = Given(*(said[name] for name in ("kind", "subject", "who", "why", "content", "key", "approved_by")))
    service = build(cast("Settings", None))
    assert service.likeness is not None
    async with again.sessions.begin() as session:
        work = Work(session, service="billing", book=again.book, cause=given.cause)
        await service.likeness.deeds[given.kind](work, given.content)
    for table in ("entries", "write_offs", "causes"):
        assert await again.rows(_BOOKED.format(table=table)) == await debtor.rows(_BOOKED.format(table=table))


async def test_a_payment_learnt_late_is_exported_on_each_day_that_it_changes(debtor: Desk) -> None:
    """Dated before the write-off, it leaves less to give up, and more of a later payment to write back."""
    await write_off(debtor, A, {"ROOF": 300_00})
    # The names of their events let the late payment's postings of both days stand side by side in the export.
    await debtor.hear(a_payment("P2", 100_00, on="2026-08-01", account_ref=A), event_id="late-35")
    await debtor.hear(a_payment("P0", 100_00, on="2026-05-15", account_ref=A), event_id="late-16")
    moved = [line for line in (await debtor.account("U1", "A"))["lines"] if line["kind"] == "write-off"]
    by_day: Counter[str] = Counter()
    for line in moved:
        by_day[str(line["value_on"])] += line["amount_pence"]
    assert by_day == {"2026-06-01": -242_00, "2026-08-01": 100_00}
    entries = [entry for entry in (await debtor.ask(exported)).split("\n\n") if "* write-off" in entry]
    exported_by_day: Counter[str] = Counter()
    for entry in entries:
        head, *rows = entry.strip().splitlines()
        pence = [int(row.split("GBP ")[1].replace(".", "")) for row in rows]
        assert (sum(pence), len(pence)) == (0, 2)
        exported_by_day[head[:10]] += pence[0] if "receivable" in rows[0] else pence[1]
    assert exported_by_day == by_day
