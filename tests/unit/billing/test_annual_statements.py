"""A year added up by head."""

from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain import annual_statements
from services.billing.domain.lines import Line
from shared.events.billing import LineKind
from shared.events.housing import ChargeKind
from tests.unit.billing.builders import charge_line, credit_line, payment_line

some_lines = st.lists(
    st.one_of(
        st.builds(
            lambda pence, kind: charge_line(pence, charge_kind=kind, tax_pence=pence // 6),
            st.integers(1, 999), st.sampled_from(list(ChargeKind)),
        ),
        st.builds(lambda pence: credit_line(-pence), st.integers(1, 999)),
        st.builds(payment_line, st.integers(1, 999)),
    ),
    max_size=12,
)  # fmt: skip


@given(some_lines)
def test_heads_and_the_rest_make_the_total(lines: list[Line]) -> None:
    told = annual_statements.summary(lines)
    billed = sum(head.charged_pence + head.credited_pence for head in told.heads)
    assert billed + sum(told.others.values()) == told.total_pence == sum(line.amount_pence for line in lines)
    assert len({head.kind for head in told.heads}) == len(told.heads)


def test_a_fee_is_a_head_and_a_payment_is_none() -> None:
    told = annual_statements.summary(
        [charge_line(20_00, charge_kind=ChargeKind.LATE_FEE), payment_line(5_00), charge_line(7_00), credit_line(-7_00)]
    )
    assert [(head.kind, head.charged_pence, head.credited_pence) for head in told.heads] == [
        ("repair", 7_00, -7_00), ("late-fee", 20_00, 0),
    ]  # fmt: skip
    assert told.others == {LineKind.PAYMENT: -5_00}


def test_the_quarters_of_a_year() -> None:
    assert annual_statements.quarters(2026) == ("2026Q1", "2026Q2", "2026Q3", "2026Q4")
