"""A database built anew from what was heard equals the live one, row by row; what was changed by hand is named."""

from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio

from tests.system.office import Office
from tests.system.story import FIRST_QUARTER, opening, paid, second_quarter
from tests.system.test_verify import by_hand

pytestmark = pytest.mark.slow  # two quarters told, the databases built eight times
SERVICES = ("billing", "arrears", "notify")


@pytest_asyncio.fixture(scope="module")
async def told(office: Office) -> Office:
    """Tell two quarters, a sale learnt late among them; hold a debtor's letters for a while."""
    await office.publish(opening())
    await office.close("2025-12-31")
    for day, page in FIRST_QUARTER:
        await office.publish(page)
        await office.close(day)
    await office.close("2026-04-01")
    refs = {one["ownership_id"]: one["account_ref"] for one in await office.ask("accounts")}
    for day, page in second_quarter(refs):
        await office.publish(page)
        await office.close(day)
        if day == "2026-04-27":
            hold = await staff(office, "POST", "/holds", account_ref=refs["A4-C0"], kind="dispute", reason="a letter")
        if day == "2026-05-12":
            await staff(office, "POST", f"/holds/{hold['hold_id']}/lift", reason="settled")
    await planned(office, refs["A4-C0"])
    await reviewed(office)
    await by_two(
        office, "write-off", "propose", refs["A4-C0"], "--ground", "uneconomic", "--evidence", "file 12/3",
        "--reason", "costs more than it brings",
    )  # fmt: skip
    await by_two(
        office, "fees", "set", "FEE-A1", "--kind", "management-fee", "--for", "unit=A1", "--from", "2026-10-01",
        "--pounds", "140", "--words", "Management fee", "--reason", "board of 3 June",
    )  # fmt: skip
    await by_two(
        office, "fees", "set", "FEE-A1", "--kind", "management-fee", "--for", "unit=A1", "--from", "2027-01-01",
        "--pounds", "160", "--words", "Management fee", "--reason", "board of 3 June",
    )  # fmt: skip
    await by_two(office, "fees", "letters", "FEE-A1", "--version", "2", "--why", "Wages rose")
    await by_two(
        office, "fees", "relief", "FEE-A1", "--unit", "A1", "--points", "500", "--from", "2026-07-01",
        "--evidence", "DD", "--reason", "pays by direct debit",
    )  # fmt: skip
    [relief] = await office.ask("fees", "reliefs")
    await by_two(
        office, "fees", "end-relief", relief["relief_id"], "--last", "2026-12-31", "--why", "You pay by cheque now",
        "--evidence", "letter 8", "--reason", "cancelled",
    )  # fmt: skip
    await by_two(
        office, "floats", "set", "--for", "unit=A1", "--pounds", "150", "--from", "2026-07-03", "--reason", "board",
    )  # fmt: skip
    await by_two(
        office, "write-off", "propose", refs["B3-C0"], "--charge", "RPR-2", "--ground", "rule-5",
        "--evidence", "file 13/1", "--reason", "cannot be found",
    )  # fmt: skip
    await office.ask(
        "fees", "cost", "staff", "--pounds", "300", "--on", "2026-06-30", "--note", "June", "--as", "finance"
    )
    await noticed(office, refs["B3-C0"])
    await office.close("2026-07-03")
    await office.ask("settle")
    return office


async def planned(office: Office, ref: str) -> None:
    """Agree a plan, end it, and agree another: what is written off ends it."""
    for number in (1, 2):
        made = await office.ask(
            "plans", "propose", ref, "--instalments", "12", "--first", "2026-06-30", "--method", "cash",
            "--affordability", "file 12/1", "--reason", "rang us", "--as", "assistant",
        )  # fmt: skip
        await office.ask("proposals", "approve", "arrears", str(made["id"]), "--as", "lead-officer")
        if number == 1:
            await office.ask("plans", "end", "PL-1", "--reason", "other days suit better")


async def noticed(office: Office, ref: str) -> None:
    """Let two people want a notice of potential liability, and note that it is registered."""
    asked = ("--form", "2004", "--title", "GLA1", "--heading", "Repairs", "--reason", "large")
    made = await office.ask("notices", "propose", ref, *asked, "--as", "assistant")
    approved = await office.ask("proposals", "approve", "arrears", str(made["id"]), "--as", "lead-officer")
    name = approved["answer"]["notice_id"]
    await office.ask("notices", "note", name, "registered", "--reference", "R-1", "--reason", "as told")


async def reviewed(office: Office) -> None:
    """Strike the second quarter's statements, look at the sample, and issue them the day after."""
    await by_two(office, "statements", "policy", "reviewed", "--sample", "1", "--reason", "board of 3 June")
    await office.close("2026-07-01")
    run = await office.ask("statements", "show")
    for one in run["sample"]:
        said = ("--pass", "--reason", "read it")
        await office.ask("statements", "check", run["run_id"], one["account_ref"], *said)
    await by_two(office, "statements", "release", run["run_id"], "--reason", "all of the sample is right")
    await office.close("2026-07-02")
    assert [one["state"] for one in (await office.ask("statements", "list"))["runs"]] == ["issued"]


async def by_two(office: Office, *command: str) -> None:
    """Give a command that one person proposes and another approves."""
    made = await office.ask(*command, "--as", "finance")
    approved = await office.ask("proposals", "approve", "billing", str(made["id"]), "--as", "board")
    assert approved["status"] == "approved"


async def staff(office: Office, method: str, path: str, **body: str) -> Any:
    """Give arrears a command as a lead officer."""
    headers = {"Authorization": f"Bearer {office.stack.cli_environment()['CLOSEBOOK_TOKEN_LEAD_OFFICER']}"}
    async with httpx.AsyncClient(base_url=office.stack.processes["arrears", 1].api_url, headers=headers) as client:
        answer = await client.request(method, path, json=body)
    assert answer.is_success, answer.text
    return answer.json()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_rebuild_equals_the_live_database(told: Office, service: str) -> None:
    answer = await told.run("rebuild", service, "--json")
    assert answer.code == 0, answer.out + answer.err
    found = {one["what"]: one for one in answer.document["differences"]}
    assert all(one["live"] == one["rebuilt"] and not one["differ"] for one in found.values())
    assert found["events taken in"]["live"] > 200
    names = {
        "billing": (
            "balances",
            "statements",
            "statements as struck",
            "checks of samples",
            "write-offs",
            "schedules",
            "notices of missing shares",
        ),
        "arrears": (
            "decisions",
            "holds",
            "plans",
            "changes of plans",
            "kinds of charges",
            "notices",
            "changes of notices",
        ),
        "notify": ("messages", "letters", "plan changes"),
    }
    assert all(found[name]["live"] > 0 for name in names[service])


async def test_a_statement_that_shows_a_plan_is_among_the_letters_written_again(told: Office) -> None:
    async with by_hand(told, "notify") as connection:
        rows = await connection.fetch(
            "select body from notify.contents join notify.messages using (message_id) where template = 'statement'"
            " and channel = 'email' and dated_on = '2026-07-02'"
        )
    assert sum(b"Your repayment plan" in row["body"] for row in rows) == 1


class Change(NamedTuple):
    """A change by hand, and how the rebuild must name it."""

    statement: str
    what: str
    words: str


CHANGES = {
    "billing": Change(
        "update billing.statements set brought_forward_pence = brought_forward_pence {} 1, balance_pence = "
        "balance_pence {} 1 where quarter = '2026Q1' and account_id = "
        "(select account_id from billing.accounts where ownership_id = 'A4-C0')",
        "statements", "balance_pence is 15905 in the live database, 15904 rebuilt",
    ),
    "arrears": Change(
        "update arrears.decisions set chased_pence = chased_pence {} 1, overdue_pence = overdue_pence {} 1 where stage "
        "= 1 and outcome = 'stage-reached' and account_id = "
        "(select account_id from arrears.accounts where ownership_id = 'A4-C0')",
        "decisions", "chased_pence is 15905 in the live database, 15904 rebuilt",
    ),
    "notify": Change(
        "update notify.messages set dated_on = dated_on {} 1 where template = 'reminder-1' and account_ref = "
        "(select account_ref from notify.accounts where ownership_id = 'A4-C0')",
        "messages", "dated_on is",
    ),
}  # fmt: skip


@pytest.mark.parametrize("service", SERVICES)
async def test_a_row_changed_by_hand_is_named(told: Office, service: str) -> None:
    change, what, words = CHANGES[service]
    refs = {one["ownership_id"]: one["account_ref"] for one in await told.ask("accounts")}
    async with by_hand(told, service) as connection:
        assert await connection.execute(change.format("+", "+")) == "UPDATE 1"
        try:
            answer = await told.run("rebuild", service, "--json")
        finally:
            assert await connection.execute(change.format("-", "-")) == "UPDATE 1"
    assert answer.code == 1, answer.out + answer.err
    wrong = {one["what"]: one for one in answer.document["differences"] if one["differ"]}
    assert list(wrong) == [what]
    assert words in wrong[what]["first"]
    assert refs["A4-C0"] in wrong[what]["first"]


async def test_a_rebuilt_database_takes_the_live_ones_place_and_goes_on(told: Office) -> None:
    before, letters = await told.ask("accounts"), await told.ask("letters")
    given_up = await told.ask("write-off", "list")
    assert {(one["proposal"], one["written_back_pence"]) for one in given_up} == {("3", 0), ("10", 0)}
    year = ("statements", "annual", given_up[0]["account_ref"], "2026")
    listings = (("write-off", "list"), ("fees", "list"), ("floats", "list"), ("reserve-funds", "list"))
    plans = {one["plan_id"]: (one["state"], one["paid_pence"]) for one in await told.ask("plans", "list")}
    assert plans == {"PL-1": ("ended", 159_04), "PL-2": ("ended", 159_04)}
    for listing in (*listings, ("statements", "list"), ("statements", "show"), year):
        assert (await told.run(*listing)).code == 0
    assert (await told.run("fees", "cost-model", "2026", "--surplus", "10")).code == 0
    written = [one["template"] for one in letters]
    notices = [written.count(name) for name in ("fee-increase", "relief-ended", "missing-share")]
    assert notices == [1, 1, 10]
    refused = await told.run("rebuild", "billing", "--swap")
    assert refused.code == 1
    assert "billing is running" in refused.err
    for service in ("billing", "notify"):
        await told.stack.stop_service(service)
        answer = await told.run("rebuild", service, "--swap", "--json")
        assert answer.code == 0, answer.out + answer.err
        assert answer.document["kept"].startswith("t_")
        await told.stack.start_service(service)
    assert await told.ask("accounts") == before
    assert await told.ask("letters") == letters
    assert await told.ask("write-off", "list") == given_up
    await told.publish([paid("PAY-AFTER", 10_00, "2026-07-04", "cash", unit_id="B1")])
    await told.close("2026-07-04")
    await told.ask("settle")
    assert (await told.ask("verify"))["ok"]
    assert (await told.ask("rebuild", "notify"))["ok"]
