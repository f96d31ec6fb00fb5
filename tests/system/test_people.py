"""People and their data in a whole system: two of them for money, all deeds kept, no name where it has no place."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest_asyncio

from shared.events.topics import CHANNELS
from tests.support.kafka_tools import KafkaTools
from tests.system.examiner import charge, contact, credit, dumped, home, reversal, say
from tests.system.office import Office

NAME, MAIL, STREET, PHONE = (
    "Canary Quillfeather",
    "canary.quillfeather@nest.example",
    "77 Plumage Wynd",
    "+441312496813",
)
CANARIES = ("quillfeather", "plumage wynd", PHONE)
_ADDRESS = {"lines": [STREET], "town": "Edinburgh", "postcode": "EH1 1AA"}
_PARTY = {"party_id": "PE-party", "kind": "person", "name": NAME, "email": MAIL, "phone": PHONE}
FIRST = [
    *home("PE-1", parties=[_PARTY | {"correspondence_address": _ADDRESS}]),
    contact("PE-party", name=NAME, email=MAIL, phone=PHONE, correspondence_address=_ADDRESS),
    charge("PE-C", 500, "PE-1"),
]
SECOND = [
    credit("PE-above", "PE-C", 900),
    credit("PE-above-2", "PE-C", 901),
    reversal("PE-waits", "PE-never", 5),
]


@pytest_asyncio.fixture(scope="module")
async def told(office: Office) -> AsyncIterator[Office]:
    """The stack after a story about one person, told well and badly, and a closed day."""
    kafka = KafkaTools(office.stack.servers.kafka.bootstrap, office.stack.topic_prefix)
    await say(kafka, FIRST)
    await office.ask("settle")
    await say(kafka, SECOND)
    badly = contact("PE-party", name=NAME, email=[MAIL], phone={PHONE: STREET}, channel=NAME)
    await kafka.send("housing.contact-changed", dumped(badly), partition=0)
    await kafka.send("housing.contact-changed", f"{NAME} {MAIL}".encode(), partition=1)
    await office.close("2026-01-31")
    yield office
    await kafka.close()


def _logs(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (directory / "logs").iterdir()}


async def _letters(office: Office, reason: str) -> list[str]:
    found = await office.ask("dead-letters", "list", "--service", "billing")
    return [str(one["id"]) for one in found if (one["reason"], one["status"]) == (reason, "open")]


async def test_a_name_is_in_its_letters_and_nowhere_else(told: Office) -> None:
    kafka = KafkaTools(told.stack.servers.kafka.bootstrap, told.stack.topic_prefix)
    places = _logs(told.stack.directory)
    for channel in CHANNELS:
        if channel.owner != "housing":
            records = await kafka.read_all(channel.topic)
            places[channel.topic] = "\n".join(str((record.key, record.value)) for record in records)
    for command in ("dead-letters list", "dead-letters list --group", "held", "audit", "proposals list", "accounts"):
        places[command] = json.dumps(await told.ask(*command.split()), ensure_ascii=False)
    await kafka.close()
    # Where it belongs it is found, so the search can find it.
    belongs = places.pop("owners.contact-changed").lower()
    assert all(canary in belongs for canary in CANARIES)
    assert sorted(name for name, text in places.items() for canary in CANARIES if canary in text.lower()) == []


async def test_no_password_and_no_token_is_in_a_log(told: Office) -> None:
    urls = [url for both in told.stack.urls.values() for url in (both.owner_url, both.app_url)]
    secrets = {urlsplit(url).password or "" for url in urls}
    secrets |= {value for name, value in told.stack.cli_environment().items() if name.startswith("CLOSEBOOK_TOKEN")}
    assert len(secrets) > 8
    assert all(len(secret) > 10 for secret in secrets)
    found = [name for name, text in _logs(told.stack.directory).items() for secret in secrets if secret in text]
    assert found == []


async def test_a_letter_that_carries_money_needs_a_second_person(told: Office) -> None:
    letter = (await _letters(told, "credit-above-charge"))[0]
    proposal = str((await told.ask("dead-letters", "discard", "billing", letter, "--reason", "a test"))["proposal"])
    assert (await told.ask("dead-letters", "show", "billing", letter))["status"] == "open"
    alone = await told.run("proposals", "approve", "billing", proposal)
    assert (alone.code, "another person must approve it" in alone.err) == (1, True)
    for _ in range(2):
        approved = await told.ask("proposals", "approve", "billing", proposal, "--as", "finance")
        assert approved["status"] == "approved"
    assert (await told.ask("dead-letters", "show", "billing", letter))["status"] == "discarded"
    kept = [deed for deed in await told.ask("audit", "--service", "billing") if deed["approved_by"]]
    assert [(deed["action"], deed["reason"]) for deed in kept] == [("dead-letter-discard", "a test")]
    listed = await told.ask("proposals", "list", "--service", "billing", "--status", "approved")
    assert [str(one["id"]) for one in listed] == [proposal]


async def test_letters_are_counted_and_driven_by_cause(told: Office) -> None:
    groups = await told.ask("dead-letters", "list", "--group")
    letters = await told.ask("dead-letters", "list", "--status", "open")
    assert sum(one["letters"] for one in groups) == len(letters) > 0
    mine = next(one for one in groups if one["reason"] == "credit-above-charge")
    dry = await told.ask("dead-letters", "redrive", "billing", "--group", mine["fingerprint"], "--dry-run")
    assert [str(one["id"]) for one in dry] == await _letters(told, "credit-above-charge")
    assert all((one["status"], one["reason"]) == ("open", "credit-above-charge") for one in dry)
    neither = await told.run("dead-letters", "redrive", "billing")
    assert (neither.code, "Traceback" in neither.err) == (64, False)


async def test_what_waits_is_listed_with_what_it_waits_for(told: Office) -> None:
    status = {one["name"]: one["held"] for one in (await told.ask("status"))["services"]}
    held = await told.ask("held")
    assert {name: sum(one["service"] == name for one in held) for name in status} == status
    waits = next(one for one in held if one["needs"] == "payment:PE-never")
    assert (waits["service"], waits["amount_pence"], waits["topic"]) == ("billing", 5, "housing.payment-reversed")


async def test_a_statement_is_imported_once_and_an_officer_says_whose_the_money_is(told: Office) -> None:
    mapping, file = told.folder / "bank.toml", told.folder / "bank.csv"
    mapping.write_text('account = "PE"\ndate = "Date"\namount = "Amount"\nreference = ["Words"]\n')
    file.write_text(
        "Date,Words,Amount\n20/01/2026,PE STAIR MONEY,7.50\n21/01/2026,PE ROOF,2.00\n21/01/2026,RENT,-9.00\n"
    )
    asked = ("bank", "import", str(file), "--mapping", str(mapping))
    told_why = (*asked, "--reason", "the bank's list of January")
    tried, first = await told.ask(*asked, "--dry-run"), await told.ask(*told_why, "--as", "assistant")
    assert (tried["published"], tried["amount_pence"]) == (0, 9_50)
    assert (first["published"], first["already_there"], first["money_out"]) == (2, 0, 1)
    await told.ask("settle")
    again = await told.ask(*told_why)
    assert (again["published"], again["already_there"]) == (0, 2)
    (kept,) = [deed for deed in await told.ask("audit", "--service", "billing") if deed["action"] == "bank-import"]
    assert (kept["subject"], kept["reason"]) == ("bank/PE", "the bank's list of January")
    content = kept["detail"]["content"]
    assert (content["rows"], content["payments"], content["amount_pence"]) == (3, 2, 9_50)
    assert content["file_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    waiting = {row["reference"]: row["payment_id"] for row in (await told.ask("suspense", "list"))["payments"]}
    payment = waiting["PE STAIR MONEY"]
    (account,) = [one["account_ref"] for one in await told.ask("accounts") if one["unit_id"] == "PE-1"]
    word = ("suspense", "match", payment, account, "--reason", "rang us", "--key", "PE-1", "--as", "assistant")
    assert await told.ask(*word) == await told.ask(*word)
    parts = ("suspense", "split", waiting["PE ROOF"], f"{account}=1.25", "--reason", "half of it")
    assert (await told.ask(*parts))["suspense_pence"] == 75
    found = await told.ask("account", account)
    assert [line["amount_pence"] for line in found["lines"] if line["kind"] == "payment"] == [-7_50, -1_25]
    shown = await told.run("suspense", "show", payment)
    assert (shown.code, "rang us" in shown.out) == (0, True), shown.err
    for wrong, hint in (("F1W7305WAF7W", "REF=POUNDS"), ("F1W7305WAF7W=nothing", "45.50")):
        refused = await told.run("suspense", "split", payment, wrong, "--reason", "x")
        assert (refused.code, hint in refused.err) == (64, True), refused.err
    table = await told.run("suspense", "list")
    assert (table.code, "Unmatched payments" in table.out) == (0, True), table.err


async def test_credit_goes_back_to_its_source_when_finance_agrees(told: Office) -> None:
    (owner,) = (await told.ask("refunds", "list"))["waiting"]
    assert (owner["unit_id"], owner["credit_pence"], owner["late"]) == ("PE-1", 3_75, False)
    payment = owner["sources"][-1]["payment_id"]
    propose = ("refunds", "propose", payment, "3.75", "--account", owner["account_ref"], "--reason", "asked for it")
    number = str((await told.ask(*propose, "--as", "assistant"))["id"])
    alone = await told.run("proposals", "approve", "billing", number, "--as", "lead-officer")
    assert alone.code == 64, alone.err
    approved = await told.ask("proposals", "approve", "billing", number, "--as", "finance")
    assert approved["answer"]["amount_pence"] == 3_75
    found = await told.ask("refunds", "list")
    assert (found["waiting"], [one["amount_pence"] for one in found["given"]]) == ([], [3_75])
    back = await told.ask("returns", "--from", "2026-01-01", "--to", "2026-12-31")
    assert [(row["code"], row["amount_pence"]) for row in back["by_reason"]] == [("refund", 3_75)]
    for command in (("refunds", "list"), ("returns", "--from", "2026-01-01", "--to", "2026-12-31")):
        shown = await told.run(*command)
        assert (shown.code, "£3.75" in shown.out) == (0, True), shown.err


async def test_what_the_bank_says_of_mandates_leads_to_a_letter_or_to_a_hold_for_a_person(told: Office) -> None:
    """domain.md 9, cases 21 and 22, with no money taken back."""
    (account,) = [one["account_ref"] for one in await told.ask("accounts") if one["unit_id"] == "PE-1"]
    for mandate, code in (("PE-MD1", "ADDACS 1"), ("PE-MD2", "ADDACS 2")):
        await told.ask("direct-debit", "set", account, mandate, "--reason", "form")
        await told.ask("direct-debit", "cancel", mandate, "--bank-code", code, "--reason", "the bank's list")
        await told.close("2026-02-01" if code == "ADDACS 1" else "2026-02-02")
    (hold,) = await told.ask("holds", "list")
    assert (hold["account_ref"], hold["kind"], hold["by"], hold["ended_on"]) == (account, "deceased", "bank", None)
    assert hold["reason"] == "The bank says of mandate PE-MD2: payer deceased (addacs-2)"
    letters = [one for one in await told.ask("letters") if one["template"] == "mandate-ended"]
    assert [one["created_on"] for one in letters] == ["2026-02-01"]


async def test_a_rebuild_repeats_what_people_said_and_approved(told: Office) -> None:
    answer = await told.run("rebuild", "billing", "--json")
    assert answer.code == 0, answer.out + answer.err
    found = {one["what"]: one for one in answer.document["differences"]}
    assert [one["first"] for one in found.values() if one["differ"]] == []
    assert (found["matches by people"]["live"], found["reversals"]["live"]) == (2, 1)


async def test_the_proof_holds_and_covers_the_audit(told: Office) -> None:
    proof = await told.ask("verify")
    assert proof["ok"], [check for check in proof["checks"] if not check["ok"]]
    assert sum("the audit is as it was written" in check["name"] for check in proof["checks"]) == 4
