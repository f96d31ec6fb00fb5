"""What documents say of their lines, and that they fit the largest record of the bus."""

from datetime import date

from services.billing.usecases.documents import LONGEST_LINE, fitted
from shared.events.billing import LineKind, StatementLine
from shared.events.housing import ChargeKind
from shared.money import MAX_PENCE


def a_long_line(letter: str, number: int = 0) -> StatementLine:
    name = f"{number:064d}"
    return StatementLine(
        kind=LineKind.REVERSAL, charge_id=name, credit_id=name, payment_id=name, reversal_id=name,
        charge_kind=max(ChargeKind, key=len), description=letter * 500, reason=letter * 500,
        billed_on_statement=name, share=f"{10**12 - 1}/{10**12 - 1}",
        pool_pence=1 - MAX_PENCE, tax_pence=1 - MAX_PENCE, amount_pence=1 - MAX_PENCE, value_on=date.max, book=date.max,
        period_from=date.max, period_to=date.max, owned_from=date.max, owned_to=date.max,
    )  # fmt: skip


def test_no_line_is_longer_than_the_longest() -> None:
    """Four bytes are the most that a letter of a text takes, and a line has two texts."""
    assert len(a_long_line("𝄞").model_dump_json(exclude_none=True).encode()) + 1 <= LONGEST_LINE


def test_what_is_not_measured_fits_and_what_does_not_fit_goes_without_descriptions_and_reasons() -> None:
    few = [a_long_line("𝄞", number) for number in range(3)]
    assert fitted(few, 3 * LONGEST_LINE) == tuple(few)
    assert [line.description for line in fitted(few, 3 * LONGEST_LINE - 1)] == [few[0].description] * 3
    terse = fitted(few, 3 * LONGEST_LINE // 2)
    assert [(line.description, line.reason) for line in terse] == [(None, None)] * 3
    assert [line.billed_on_statement for line in terse] == [line.billed_on_statement for line in few]
