"""Late fees of the housing system above the cap are billed, never refused, and named before that (domain.md 9.55)."""

from services.billing.domain.refs import account_ref
from services.billing.usecases import statement_run_questions
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_unit


async def above_the_cap(desk: Desk) -> list[str]:
    await desk.note_closed()
    beside = (await desk.ask(statement_run_questions.dry_run, 20))["beside"]
    return list(beside["late_fees"])


async def test_case_55_an_account_with_more_late_fees_than_the_cap_within_a_year_is_named(desk: Desk) -> None:
    await desk.hear(a_unit(), a_unit("U2"), a_line("U1", ("A", "2025-01-01")), a_line("U2", ("B", "2025-01-01")))
    await desk.close("2026-01-01")
    for number, (unit, pence, on) in enumerate(
        [("U1", 25_00, "2026-01-02"), ("U1", 25_00, "2026-01-02"), ("U2", 60_00, "2025-01-01")]
    ):
        assert await desk.hear(a_charge(f"L{number}", pence, unit=unit, on=on, kind="late-fee")) == ["D"]
    await desk.hear(a_charge("C1", 99_00, unit="U1", on="2026-01-02"))
    assert await above_the_cap(desk) == []
    await desk.hear(a_charge("L3", 1, unit="U1", on="2026-01-02", kind="late-fee"))
    assert await above_the_cap(desk) == [account_ref("U1", "A")]
    await desk.hear(a_credit("K1", "L0", 25_00, on="2026-01-02"))
    assert await above_the_cap(desk) == []
