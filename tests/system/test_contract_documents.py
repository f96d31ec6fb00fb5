"""contract.md 6, statements, ladder and letters: each penny and each day worked out by hand."""

import re
from email.message import EmailMessage
from typing import Any

import pytest

from tests.system.diary import Told, ref_of
from tests.system.examiner import Account
from tests.system.stories_documents import OWED
from tests.system.test_contract_money import open_items

pytestmark = pytest.mark.timeout(900)  # the first test of a run waits until the whole diary is told

ISSUED, DUE = "2026-04-01", "2026-04-29"
ISSUED_2, DUE_2 = "2026-07-01", "2026-07-29"


def figures(account: Account) -> list[tuple[str, str, int, int]]:
    return [
        (one["issued_on"], one["due_on"], one["total_pence"], one["balance_pence"]) for one in account["statements"]
    ]


STATEMENTS: dict[str, list[tuple[str, str, int, int]]] = {
    "ST-one": [(ISSUED, DUE, 1000 - 300, 700), (ISSUED_2, DUE_2, 250 - 700, 700 + 250 - 700)],
    "ST-edge": [(ISSUED, DUE, 500, 500), (ISSUED_2, DUE_2, 400, 900)],
    "ST-zero": [(ISSUED, DUE, 0, 0)],
    "ST-still": [(ISSUED, DUE, 900, 900), (ISSUED_2, DUE_2, 0, 900)],
    "ST-none": [],
    "ST-credit": [(ISSUED, DUE, -500, -500), (ISSUED_2, DUE_2, 0, -500)],
    "ST-open": [(ISSUED, DUE, 1500, 1500), (ISSUED_2, DUE_2, 0, 1500)],
    "ST-down": [(ISSUED, DUE, 500, 500), (ISSUED_2, DUE_2, 250, 750)],
    "ST-rest": [(ISSUED, DUE, 500, 500), (ISSUED_2, DUE_2, -250, 250)],
    "ST-book1": [(ISSUED_2, DUE_2, 200, 200)],
    "ST-book2": [(ISSUED_2, DUE_2, 600, 600)],
    "OW-l2": [(ISSUED, DUE, 500, 500), (ISSUED_2, DUE_2, 250, 750)],
}


@pytest.mark.parametrize("unit_id", STATEMENTS)
async def test_statements_carry_what_is_new_and_bring_forward_the_rest(told: Told, unit_id: str) -> None:
    account = await told.account(unit_id)
    assert figures(account) == STATEMENTS[unit_id]
    quarters = {ISSUED: "2026Q1", ISSUED_2: "2026Q2"}
    numbers = [(one["statement_no"], one["issued_on"]) for one in account["statements"]]
    for number, issued_on in numbers:
        assert re.sub("[ -]", "", number) == account["account_ref"] + quarters[issued_on]


async def test_no_line_is_on_two_statements_and_each_adds_up(told: Told) -> None:
    for unit_id, ownership in await told.accounts():
        if not unit_id.startswith(("ST-", "OW-", "AL-")):
            continue
        account = await told.account(unit_id, ownership)
        brought = 0
        for statement in account["statements"]:
            carried = [one for one in account["lines"] if one.get("statement_no") == statement["statement_no"]]
            assert sum(one["amount_pence"] for one in carried) == statement["total_pence"]
            assert statement["balance_pence"] == brought + statement["total_pence"]
            assert all(one["value_on"] < statement["issued_on"] for one in carried)
            brought = statement["balance_pence"]
        keys = [(one["kind"], one.get("charge_id"), one.get("payment_id"), one.get("statement_no"), one["book"])
                for one in account["lines"] if one["kind"] in {"charge", "fee", "payment"}]  # fmt: skip
        assert len(keys) == len(set(keys))


async def test_a_line_is_due_with_the_statement_that_carries_it(told: Told) -> None:
    lines = (await told.account("ST-one"))["lines"]
    assert [(one["kind"], one["amount_pence"], one["value_on"], one.get("due_on")) for one in lines] == [
        ("charge", 1000, "2026-01-10", DUE),
        ("payment", -300, "2026-01-15", None),
        ("charge", 250, "2026-03-15", DUE_2),
        ("payment", -700, "2026-04-20", None),
    ]
    before = (await told.on("2026-03-31", "ST-one"))["lines"]
    assert [(one.get("due_on"), one.get("statement_no")) for one in before] == [(None, None), (None, None)]


async def test_nothing_is_due_before_a_statement_carries_it_and_overdue_after_its_day(told: Told) -> None:
    days = {"2026-03-31": (0, 0), "2026-04-01": (900, 0), "2026-04-29": (900, 0), "2026-04-30": (900, 900)}
    for day, (due, overdue) in days.items():
        account = await told.on(day, "ST-still")
        assert (account["balance_pence"], account["due_pence"], account["overdue_pence"]) == (900, due, overdue), day


async def test_an_opening_balance_is_due_on_its_own_day(told: Told) -> None:
    account = await told.on("2026-03-30", "ST-open")
    assert (account["due_pence"], account["overdue_pence"]) == (1500, 1500)
    assert account["ageing"]["d31_60"] == 1500
    assert (await told.account("ST-open"))["lines"][0]["due_on"] == "2026-02-01"
    assert await open_items(told, "ST-open") == [("ST-open-C", "2026-02-01", 1500)]


async def test_what_one_fact_did_within_a_book_is_one_line(told: Told) -> None:
    seller = await told.account("ST-net", "net.a")
    assert (seller["lines"], seller["statements"], seller["balance_pence"]) == ([], [], 0)
    assert [one["amount_pence"] for one in (await told.account("ST-net", "net.b"))["lines"]] == [600]
    assert [one["amount_pence"] for one in (await told.account("ST-book1"))["lines"]] == [200]


async def test_an_increase_is_an_item_of_its_own_and_a_decrease_takes_from_the_newest(told: Told) -> None:
    # 5.00 on the first statement, 2.50 more on the second, then 1.25 less: from the newest item at once.
    before = await told.on("2026-06-30", "ST-down")
    assert (before["due_pence"], before["ageing"]["not_yet_billed"]) == (500, 250)
    assert await open_items(told, "ST-down") == [("ST-shared", DUE, 500), ("ST-shared", DUE_2, 125)]
    assert (await told.account("ST-down"))["due_pence"] == 625
    # The other one: 5.00, then 2.50 less at once, before any further statement; then 1.25 more, not billed yet.
    less = await told.on("2026-04-10", "ST-rest")
    assert (less["due_pence"], less["balance_pence"], less["ageing"]["credit"]) == (250, 250, 0)
    more = await told.account("ST-rest")
    assert (more["due_pence"], more["ageing"]["not_yet_billed"], more["balance_pence"]) == (250, 125, 375)


async def test_former_owners_and_void_accounts_get_statements_too(told: Told) -> None:
    assert figures(await told.account("OW-days", "days.a"))[0][2:] == (1500, 1500)
    assert figures(await told.account("RC-void", "void.b")) == [
        (ISSUED, DUE, -450, -450),
        (ISSUED_2, DUE_2, 230 - 240, -460),
    ]


# The ladder.

REMINDERS = {
    "LD-2000": [("reminder-1", "2026-05-06")],
    "LD-1999": [],
    "LD-5000": [("reminder-1", "2026-05-06"), ("reminder-2", "2026-05-20")],
    "LD-4999": [("reminder-1", "2026-05-06")],
    "LD-paid": [],
    # Money of Tuesday 5 May is recent for three office days; Saturday waits for Monday; 14 days on is a holiday.
    "LD-part": [("reminder-1", "2026-05-11"), ("reminder-2", "2026-05-26")],
    # Taken back by the bank: the cycle goes on, without a second first reminder.
    "LD-bounce": [("reminder-1", "2026-05-06"), ("reminder-2", "2026-05-20")],
    "LD-close": [("reminder-1", "2026-05-06")],
    "LD-keep": [("reminder-1", "2026-05-06")],
    "LD-late": [],
}


async def letters_of(told: Told, ref: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await told.ask("letters", "--account", ref)
    return found


@pytest.mark.parametrize("unit_id", REMINDERS)
async def test_reminders_go_on_their_day_from_their_minimum(told: Told, unit_id: str) -> None:
    letters = await letters_of(told, ref_of(unit_id, f"{unit_id}.o"))
    found = sorted((one["template"], one["created_on"]) for one in letters if one["template"].startswith("reminder"))
    assert found == REMINDERS[unit_id]


async def test_the_association_is_sent_nothing(told: Told) -> None:
    assert await letters_of(told, ref_of("LD-ha", None)) == []
    assert (await told.accounts())["LD-ha", None]["balance_pence"] == 9000


async def test_the_ladder_is_shown_with_its_stage_and_reason(told: Told) -> None:
    found = {one["account_ref"]: one for one in await told.ask("arrears")}
    stages = {name: found[ref_of(name, f"{name}.o")]["stage"] or 0 for name in OWED if name != "LD-paid"}
    assert stages == {
        "LD-2000": 1, "LD-1999": 0, "LD-5000": 2, "LD-4999": 1, "LD-part": 2, "LD-bounce": 2, "LD-close": 0,
        "LD-keep": 1,
    }  # fmt: skip
    one = found[ref_of("LD-5000", "LD-5000.o")]
    assert one.keys() >= {"account_ref", "overdue_pence", "oldest_due_on", "stage", "stage_on", "holds", "reason"}
    assert (one["overdue_pence"], one["oldest_due_on"], one["stage_on"], one["holds"]) == (5000, DUE, "2026-05-20", [])
    assert found[ref_of("LD-close", "LD-close.o")]["overdue_pence"] == 1999
    assert ref_of("LD-paid", "LD-paid.o") not in found
    assert ref_of("LD-ha", None) not in found or found[ref_of("LD-ha", None)]["stage"] in (None, 0)


async def test_arrears_and_billing_agree_on_what_is_overdue(told: Told) -> None:
    overdue = {
        one["account_ref"]: one["overdue_pence"] for one in (await told.accounts()).values() if one["overdue_pence"]
    }
    assert {one["account_ref"]: one["overdue_pence"] for one in await told.ask("arrears")} == overdue


# Letters.

CHANNELS = {
    "two": ["email", "email"],
    "agent": ["email"],
    "agent-post": ["print"],
    "post": ["print"],
    "none": ["print"],
    "gone": ["print"],
    "mixed": ["email", "print"],
    "newer": ["email"],
    "older": ["email"],
}
RECIPIENTS = {
    "two": {"lt.one@example.org", "lt.two@example.org"},
    "agent": {"agent@example.com"},
    "mixed": {"lt.mail@example.org"},
    "newer": {"newest@example.org"},
    "older": {"lt.older@example.org"},
}


@pytest.mark.parametrize("name", CHANNELS)
async def test_letters_go_to_the_billing_contact_else_to_each_party(told: Told, name: str) -> None:
    letters = await letters_of(told, ref_of(f"LT-{name}", f"{name}.o"))
    first = [one for one in letters if (one["template"], one["created_on"]) == ("statement", ISSUED)]
    assert sorted(one["channel"] for one in first) == CHANNELS[name]
    for one in first:
        assert one.keys() >= {"message_id", "account_ref", "template", "channel", "state", "created_on", "sha256"}
        assert re.fullmatch("[0-9a-f]{64}", one["sha256"])
        assert one["state"] == "handed-over"
        assert one["sent_at"]
    assert len({one["message_id"] for one in letters}) == len(letters)


def mails_of(told: Told) -> list[EmailMessage]:
    if "mails" not in told.seen:
        told.seen["mails"] = told.office.stack.servers.mail.messages()
    return list(told.seen["mails"])


async def test_each_e_mail_has_one_recipient_and_nobody_else_gets_it(told: Told) -> None:
    addresses = set()
    for mail in mails_of(told):
        (address,) = re.findall(r"[\w.-]+@[\w.-]+", str(mail["To"]))
        addresses.add(address)
        assert not mail["Cc"]
    assert set().union(*RECIPIENTS.values()) <= addresses
    # The parties of a billing contact, and whoever wants paper, get no e-mail at all.
    unwanted = {"lt.post@example.org", "lt.gone@example.org", "lt.owner1@example.org", "lt.owner3@example.org",
                "too-old@example.org", "newer@example.org", "lt.newer@example.org"}  # fmt: skip
    assert addresses & unwanted == set()


async def test_each_e_mailed_statement_has_its_pdf(told: Told) -> None:
    ref = ref_of("LT-agent", "agent.o")
    mails = [mail for mail in mails_of(told) if "agent@example.com" in str(mail["To"])]
    with_pdf = [mail for mail in mails if any(part.get_content_type() == "application/pdf" for part in mail.walk())]
    assert len(with_pdf) >= 2  # a statement in April and one in July
    kinds = {part.get_content_type() for mail in with_pdf for part in mail.walk()}
    assert {"text/plain", "text/html", "application/pdf"} <= kinds
    assert any(ref in str(part.get_content()) for part in with_pdf[0].walk() if part.get_content_type() == "text/plain")
