"""`closebook disputes`, `direct-debit` and `bank import` against a billing service that listens."""

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest
from fastapi import APIRouter

from services.billing import api
from services.billing.app import build
from services.billing.domain.refs import account_ref
from services.billing.settings import Settings
from services.billing.usecases import bank_imports
from services.billing.usecases.direct_debits import RELEASE
from shared.bus.commands import Given, give
from shared.bus.proposal_api import add_proposals
from shared.bus.proposals import Proposals
from shared.cli.main import run
from shared.local_issuer import LocalIssuer
from shared.rebuild.deeds import Deeds
from shared.web import WebServer, create_app
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_line, a_payment, a_unit
from tests.support.staff import verifier_of

A = account_ref("U1", "A")
Closebook = Callable[..., Awaitable[str]]


@pytest.fixture
async def closebook(
    desk: Desk, issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Closebook]:
    """Gives a command; returns what it tells.  An owner owes £95.50, due on 29 April; it is 2 April."""
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")), a_charge("C1", 95_50, unit="U1", on="2026-03-01"))
    await desk.close("2026-04-01")
    await desk.note_closed()
    bench = APIRouter(prefix="/bus")
    add_proposals(bench, Proposals(desk.doors, (RELEASE,)))
    app = create_app("billing", [api.routes(desk.doors), bench], verifier_of(issuer))
    server = WebServer(app, host="127.0.0.1", port=0)
    server.bind()
    serving = asyncio.create_task(server.run())
    await server.started()
    monkeypatch.setenv("CLOSEBOOK_BILLING_URL", server.url)
    for role in ("assistant", "lead-officer", "finance"):
        monkeypatch.setenv(f"CLOSEBOOK_TOKEN_{role.upper().replace('-', '_')}", issuer.token(f"{role}-1", [role]))
    monkeypatch.setenv("CLOSEBOOK_TOKEN_AUDITOR", issuer.token("auditor-1", ["auditor"]))
    monkeypatch.setenv("COLUMNS", "250")

    async def give(*words: str, code: int = 0) -> str:
        assert await asyncio.to_thread(run, words) == code
        told = capsys.readouterr()
        return " ".join(f"{told.out}{told.err}".split())

    yield give
    server.stop()
    await serving


async def test_a_dispute_is_raised_listed_and_rejected(closebook: Closebook) -> None:
    told = await closebook("disputes", "raise", A, "C1", "--pounds", "40.00", "--reason", "letter")
    dispute = told.split()[1].rstrip(":")
    assert told == f"Dispute {dispute}: £40.00 of C1 on {A}, to be reviewed by 2026-04-30."
    assert "disputed £40.00" in await closebook("account", A)
    assert f"{dispute} {A} U1 C1 £40.00 2026-04-02 2026-04-30" in await closebook("disputes", "list")
    ended = await closebook("disputes", "reject", dispute, "--reason", "roof was repaired")
    assert ended == f"Dispute {dispute} is rejected: £40.00 of C1 on {A}."
    assert "has ended already" in await closebook("disputes", "uphold", dispute, "--reason", "x", code=1)
    assert "disputed" not in await closebook("account", A)


async def test_an_upheld_dispute_is_listed_until_it_is_credited_or_rejected_after_all(closebook: Closebook) -> None:
    raised = await closebook("disputes", "raise", A, "C1", "--pounds", "40.00", "--reason", "letter")
    dispute = raised.split()[1].rstrip(":")
    await closebook("disputes", "uphold", dispute, "--reason", "gutter not done")
    assert "disputed £40.00" in await closebook("account", A)
    assert "2026-04-30 2026-04-02 upheld, £40.00 to be credited" in await closebook("disputes", "list")
    await closebook("disputes", "reject", dispute, "--reason", "it was done")
    assert "disputed" not in await closebook("account", A)


async def test_a_collection_goes_from_the_mandate_to_the_file(closebook: Closebook, tmp_path: Path) -> None:
    assert await closebook("direct-debit", "set", A, "MD1", "--reason", "form") == (
        f"Mandate MD1 of {A} stands since 2026-04-02."
    )
    assert "10 working days before" in await closebook("direct-debit", "announce", "--on", "2026-04-10", code=1)
    assert await closebook("direct-debit", "announce", "--on", "2026-04-29") == (
        "DD-2026-04-29-1: 1 owner is told of £95.50 on 2026-04-29; release its file by 2026-04-27."
    )
    waits = await closebook("direct-debit", "release", "DD-2026-04-29-1", "--reason", "due")
    assert "waits for a second person" in waits
    asks = (
        "billing: proposal 1, collection-release of DD-2026-04-29-1, proposed by finance-1: due"
        " collection id: DD-2026-04-29-1"
    )
    listed = await closebook("proposals", "list", "--service", "billing")
    assert "`closebook proposals show SERVICE ID` says what one asks for." in listed
    shown = await closebook("proposals", "show", "billing", "1")
    assert shown.startswith(f"{asks} Proposed at 20")
    assert shown.endswith("it is open.")
    approved = await closebook("proposals", "approve", "billing", "1", "--as", "lead-officer", "--reason", "looked at")
    assert approved == f"{asks} billing: proposal 1 approved."
    decided = await closebook("proposals", "show", "billing", "1")
    assert "it is approved, decided by lead-officer-1" in decided
    assert decided.endswith("in the book of 2026-04-02: looked at")
    file = tmp_path / "dd.csv"
    await closebook("direct-debit", "file", "DD-2026-04-29-1", "-o", str(file))
    assert file.read_bytes().split(b"\r\n")[1].startswith(b"MD1,,,,,,95.50,GBP,")
    assert "MD1,,,,,,95.50,GBP," in await closebook("direct-debit", "file", "DD-2026-04-29-1")
    assert f"{A} MD1 £95.50" in await closebook("direct-debit", "show", "DD-2026-04-29-1")
    assert "DD-2026-04-29-1 2026-04-29 2026-04-02 1 £95.50" in await closebook("direct-debit", "list")
    assert await closebook("direct-debit", "cancel", "MD1", "--reason", "sold") == (
        "Mandate MD1 is cancelled since 2026-04-02."
    )
    assert f"MD1 {A} 2026-04-02 2026-04-02 cancelled" in await closebook("direct-debit", "mandates")


async def test_a_bank_ends_a_mandate_outside_a_return_and_its_code_says_what_follows(closebook: Closebook) -> None:
    await closebook("direct-debit", "set", A, "MD1", "--reason", "form")
    cancel = ("direct-debit", "cancel", "MD1", "--reason", "the bank's list", "--bank-code")
    assert "ends no mandate: the bureau goes on collecting" in await closebook(*cancel, "ADDACS 3", code=1)
    unknown = await closebook(*cancel, "ADDACS 9", code=1)
    assert all(code in unknown for code in ("addacs-0", "addacs-1", "addacs-2", "addacs-b"))
    assert f"MD1 {A} 2026-04-02 stands" in await closebook("direct-debit", "mandates")
    assert await closebook(*cancel, "ADDACS 2") == (
        "Mandate MD1 is cancelled since 2026-04-02; addacs-2: payer deceased, stop-and-condole."
    )
    assert f"MD1 {A} 2026-04-02 2026-04-02 ended-by-the-bank addacs-2" in await closebook("direct-debit", "mandates")


async def test_who_brings_a_statement_in_is_kept_once_before_anything_is_sent(
    closebook: Closebook, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOSEBOOK_KAFKA", "127.0.0.1:1")  # nothing can be sent
    mapping, file = tmp_path / "bank.toml", tmp_path / "bank.csv"
    mapping.write_text('account = "TSB-1"\ndate = "Date"\namount = "Amount"\nreference = ["Words"]\n')
    file.write_text("Date,Words,Amount\n20/04/2026,ROOF,7.50\n21/04/2026,STAIR,2.00\n21/04/2026,RENT,-9.00\n")
    asked = ("bank", "import", str(file), "--mapping", str(mapping), "--as", "assistant")
    assert "2 new payments, £9.50" in await closebook(*asked, "--dry-run")
    assert "--reason" in await closebook(*asked, code=64)
    await closebook(*asked, "--reason", "a line\nand another", code=1)
    assert await kept(desk) == []
    for _ in range(2):
        await closebook(*asked, "--reason", "list of April", code=75)
    content = {
        "bank_account": "TSB-1", "rows": 3, "payments": 2, "amount_pence": 9_50,
        "file_sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "mapping_sha256": hashlib.sha256(mapping.read_bytes()).hexdigest(),
    }  # fmt: skip
    assert await kept(desk) == [("assistant-1", "bank/TSB-1", "list of April", content)]
    await closebook(*asked, "--reason", "list of April", "--as", "finance", code=75)
    assert [who for who, *_ in await kept(desk)] == ["assistant-1", "finance-1"]


async def test_a_pipe_is_not_brought_in_for_its_bytes_can_be_read_once(
    closebook: Closebook, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOSEBOOK_KAFKA", "127.0.0.1:1")  # nothing can be sent
    mapping = tmp_path / "bank.toml"
    mapping.write_text('account = "TSB-1"\ndate = "Date"\namount = "Amount"\nreference = ["Words"]\n')
    reading, writing = os.pipe()
    os.write(writing, b"Date,Words,Amount\n20/04/2026,ROOF,7.50\n")
    os.close(writing)
    asked = ("bank", "import", f"/dev/fd/{reading}", "--mapping", str(mapping))
    assert "Write it to a file" in await closebook(*asked, "--reason", "list of April", code=64)
    assert "1 new payments, £7.50" in await closebook(*asked, "--dry-run")
    os.close(reading)
    assert await kept(desk) == []


async def kept(desk: Desk) -> list[tuple[object, ...]]:
    """Return who brought what in, and why, as the audit has it."""
    rows = await desk.rows(
        "select who, subject, reason, (detail -> 'content')::text from msg.audit"
        " where action = 'bank-import' order by id"
    )
    return [(*tuple(row)[:3], json.loads(row[3])) for row in rows]


async def test_a_restored_database_that_forgot_who_brought_a_statement_in_takes_it_in_again(desk: Desk) -> None:
    """It is given every command again that it forgot (decision 0024); one that nobody can repeat would stop it."""
    hashes = {"file_sha256": "a" * 64, "mapping_sha256": "b" * 64}
    content = {"bank_account": "TSB-1", "rows": 3, "payments": 2, "amount_pence": 9_50, **hashes}
    given = Given(bank_imports.NOTE, "bank/TSB-1", "assistant-1", "list of April", content)
    answer = await give(desk.doors, given, lambda work: bank_imports.note(work, content))
    async with desk.doors.command(given.cause) as work:
        await Deeds(build(cast("Settings", None))).repeat(work, given, answer)


async def test_what_billing_has_of_a_statement_is_brought_in_by_nobody(
    closebook: Closebook, desk: Desk, tmp_path: Path
) -> None:
    mapping, file = tmp_path / "bank.toml", tmp_path / "bank.csv"
    mapping.write_text('account = "TSB-1"\ndate = "Date"\namount = "Amount"\nid = "Id"\n')
    file.write_text("Date,Id,Amount\n20/04/2026,E-1,7.50\n")
    await desk.hear(a_payment("E-1", 7_50, on="2026-04-20"))
    told = await closebook("bank", "import", str(file), "--mapping", str(mapping), "--reason", "again")
    assert "0 new payments" in told
    assert await kept(desk) == []


async def test_a_command_that_is_not_valid_is_told_each_field_and_what_is_wrong_with_it(closebook: Closebook) -> None:
    both = await closebook("direct-debit", "set", A, "MD 1", "--reason", "form", "--key", "a b", code=1)
    assert "body.mandate_id: String should match pattern" in both
    assert "header.Idempotency-Key: String should match pattern" in both


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("proposals", "show", "billing", "99"), "proposals list"),
        (("direct-debit", "show", "DD-2026-04-29-9"), "direct-debit list"),
        (("direct-debit", "release", "DD-2026-04-29-9", "--reason", "due"), "direct-debit list"),
        (("direct-debit", "cancel", "MD9", "--reason", "sold"), "direct-debit mandates"),
        (("disputes", "uphold", "D9", "--reason", "x"), "disputes list"),
        (("statements", "show", "RUN-9"), "statements list"),
        (("suspense", "show", "PAY-9"), "suspense list"),
    ],
)
async def test_an_unknown_name_leads_to_the_list_of_its_kind(
    closebook: Closebook, words: tuple[str, ...], command: str
) -> None:
    assert f"`closebook {command}` lists" in await closebook(*words, code=1)


async def test_the_file_of_a_collection_is_one_document_too_and_a_path_nobody_can_write_is_told(
    closebook: Closebook, tmp_path: Path
) -> None:
    await closebook("direct-debit", "set", A, "MD1", "--reason", "form")
    await closebook("direct-debit", "announce", "--on", "2026-04-29")
    await closebook("direct-debit", "release", "DD-2026-04-29-1", "--reason", "due")
    await closebook("proposals", "approve", "billing", "1", "--as", "lead-officer")
    asked = ("direct-debit", "file", "DD-2026-04-29-1")
    found = json.loads(await closebook(*asked, "--json"))
    assert found["collection_id"] == "DD-2026-04-29-1"
    assert "MD1,,,,,,95.50,GBP," in found["text"]
    file = tmp_path / "dd.csv"
    assert json.loads(await closebook(*asked, "-o", str(file), "--json"))["file"] == str(file)
    assert file.read_bytes().decode() == found["text"]
    told = await closebook(*asked, "-o", str(tmp_path / "nowhere" / "dd.csv"), code=64)
    assert "cannot be written: No such file or directory" in told


@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        (("direct-debit", "cancel", "MD1", "--reason", "sold", "--key", "clé"), "header.Idempotency-Key:", 1),
        (("direct-debit", "cancel", "MD1", "--reason", "sold \udce9"), "cannot be written as utf-8", 64),
        (("direct-debit", "show", ""), "Check the spelling", 1),
        (("proposals", "show", "billing", "abc"), "'ID': Input should be a valid integer", 64),
        (("proposals", "show", "billing", "9" * 20), "'ID'", 64),
        (("dead-letters", "redrive", "billing", ""), "'[ID]': Input should be a valid integer", 64),
        (("statements", "show", "2026-Q1?9"), "There is no run 2026-Q1?9", 1),
    ],
)
async def test_what_was_mistyped_is_told_in_a_sentence(
    closebook: Closebook, words: tuple[str, ...], told: str, code: int
) -> None:
    assert told in await closebook(*words, code=code)
