"""New terms of statements: what is issued from their day on follows them, and what was issued before stays."""

import json
from datetime import date
from pathlib import Path

import pytest

from services.billing.settings import SHIPPED_STATEMENTS, read_statement_policies
from services.billing.usecases import final_accounts, floats, statement_run_questions, statements
from shared.events.topics import FINAL_ACCOUNT, STATEMENT_ISSUED
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_line, a_unit


@pytest.fixture
def newer_terms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let billing read a policy file with a second version from June on: 14 days, final accounts after 10."""
    (shipped,) = json.loads(SHIPPED_STATEMENTS.read_text())
    newer = {"version": "statements-2026-2", "effective_from": "2026-06-01", "due_days": 14, "final_account_days": 10}
    path = tmp_path / "statement_policy.json"
    path.write_text(json.dumps([shipped, shipped | newer]))
    for module in (final_accounts, floats, statement_run_questions, statements):
        monkeypatch.setattr(module, "read_statement_policies", lambda: read_statement_policies(path))


@pytest.mark.usefixtures("newer_terms")
async def test_a_second_version_changes_later_documents_only(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")))
    await desk.close("2026-01-01")
    await desk.hear(a_charge("C1", 1200, unit="U1", on="2026-01-05"))
    await desk.close("2026-04-01", "2026-06-19")
    await desk.hear(a_charge("C2", 300, unit="U1", on="2026-06-20"))
    await desk.hear(a_line("U1", ("A", "2025-06-01"), ("N", "2026-06-21"), version=2))
    await desk.close("2026-07-01", "2026-07-09", "2026-07-10")
    dues = [(one.quarter, one.due_on) for one in await desk.said(STATEMENT_ISSUED)]
    assert dues == [("2026Q1", date(2026, 4, 29)), ("2026Q2", date(2026, 7, 15))]
    answer = await desk.account("U1", "A")
    assert [(one["quarter"], one["due_on"]) for one in answer["statements"]] == dues
    items = {one["charge_id"]: one["due_on"] for one in answer["items"]}
    assert items == {"C1": date(2026, 4, 29), "C2": date(2026, 7, 15)}
    [final] = await desk.said(FINAL_ACCOUNT)
    assert (final.issued_on, final.due_on) == (date(2026, 7, 10), date(2026, 7, 24))
    assert await desk.wrong() == []
